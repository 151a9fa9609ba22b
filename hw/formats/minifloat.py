"""Minifloats: sign, E exponent bits, M mantissa bits, with subnormals."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from hw.formats.base import Format, Span, check_int

Convention = Literal["finite", "ieee", "fn"]
CONVENTIONS: dict[str, str] = {
    "finite": "every code is a finite number",
    "ieee": "the top exponent holds the infinities (mantissa 0) and NaNs",
    "fn": "the top exponent is finite but for its last mantissa, which is NaN",
}
OCP_FP8 = "OCP 8-bit Floating Point Specification (OFP8) 1.0"
# Names whose meaning a standard has fixed: bare `eXmY` means all-finite everywhere else.
STANDARD: dict[str, tuple[int, int, Convention, str]] = {
    "e4m3fn": (4, 3, "fn", OCP_FP8),
    "e5m2": (5, 2, "ieee", OCP_FP8),
    "e3m2": (3, 2, "finite", "OCP Microscaling Formats (MX) 1.0, FP6 E3M2"),
    "e2m3": (2, 3, "finite", "OCP Microscaling Formats (MX) 1.0, FP6 E2M3"),
    "e2m1": (2, 1, "finite", "OCP Microscaling Formats (MX) 1.0, FP4 E2M1"),
}


@dataclass(frozen=True)
class Minifloat(Format):
    """A binary float of 3 to 16 bits with bias ``2**(E-1) - 1`` and subnormals.

    A code is sign, exponent field e, mantissa field f, from the top bit down. Its value is
    ``(-1)**sign * 2**(max(e, 1) - bias) * ((e > 0) + f / 2**M)``.

    Parameters
    ----------
    exponent_bits : int
        E, 1..8.
    mantissa_bits : int
        M, 0 or more (1 or more with NaNs); 1 + E + M must be 3..16.
    convention : "finite", "ieee" or "fn"
        Which codes are infinities and NaNs; see `CONVENTIONS`.
    """

    exponent_bits: int
    mantissa_bits: int
    convention: Convention = "finite"

    grammar: ClassVar[str] = (
        "eXmY (X 1..8, 3..16 bits in all; every code finite, but e5m2 is OCP's), "
        "with suffix ieee, fn or finite to choose the special codes"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.convention, str):
            raise TypeError(f"convention must be a str, got {self.convention!r}")
        if self.convention not in CONVENTIONS:
            raise ValueError(f"convention must be one of {', '.join(CONVENTIONS)}, got {self.convention!r}")
        check_int("exponent_bits", self.exponent_bits, 1, 8)
        check_int("mantissa_bits", self.mantissa_bits, 0 if self.convention == "finite" else 1, 14)
        check_int("the width 1 + exponent_bits + mantissa_bits", self.width, 3, 16)

    @classmethod
    def parse(cls, name: str) -> Minifloat | None:
        if name in STANDARD:
            return cls(*STANDARD[name][:3])
        match = re.fullmatch(r"e(0|[1-9][0-9]{0,2})m(0|[1-9][0-9]{0,2})(finite|ieee|fn|)", name)
        return match and cls(int(match[1]), int(match[2]), match[3] or "finite")  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        fields = (self.exponent_bits, self.mantissa_bits, self.convention)
        for name, standard in STANDARD.items():
            if standard[:3] == fields:
                return name
        bare = f"e{self.exponent_bits}m{self.mantissa_bits}"
        plain = self.convention == "finite" and bare not in STANDARD
        return bare if plain else bare + self.convention

    @property
    def width(self) -> int:
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def source(self) -> str:
        return STANDARD[self.name][3] if self.name in STANDARD else "ExMy as in arXiv 2311.12359"

    @property
    def bias(self) -> int:
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def has_special(self) -> bool:
        return self.convention != "finite"

    @property
    def max_magnitude_code(self) -> int:
        """The code of the highest finite value; every code between it and the sign bit is special."""
        top = (1 << (self.exponent_bits + self.mantissa_bits)) - 1
        specials = {"finite": 0, "ieee": 1 << self.mantissa_bits, "fn": 1}
        return top - specials[self.convention]

    def value(self, code: int) -> Fraction | float:
        sign = -1 if code >> (self.width - 1) else 1
        magnitude = code & ((1 << (self.width - 1)) - 1)
        exponent, mantissa = magnitude >> self.mantissa_bits, magnitude & ((1 << self.mantissa_bits) - 1)
        if magnitude > self.max_magnitude_code:
            return sign * math.inf if self.convention == "ieee" and mantissa == 0 else math.nan
        significand = mantissa + ((1 << self.mantissa_bits) if exponent else 0)
        return sign * significand * Fraction(2) ** (max(exponent, 1) - self.bias - self.mantissa_bits)

    @property
    def span(self) -> Span:
        lsb = 1 - self.bias - self.mantissa_bits
        top = int(self.value(self.max_magnitude_code) / Fraction(2) ** lsb)
        return Span(-top, top, lsb)
