"""Floats of 2 to 32 bits: sign, E exponent bits, M mantissa bits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_bool, check_choice, check_int
from hw.formats.messages import echo

CONVENTIONS: dict[str, str] = {
    "finite": "every code is a finite number",
    "ieee": "the top exponent holds the infinities (mantissa 0) and NaNs",
    "fn": "the top exponent is finite but for its last mantissa, which is NaN",
    "fnuz": "the code of -0 is NaN, all others are finite",
}
OVERFLOWS: dict[str, str] = {
    "sat": "becomes the highest finite value",
    "inf": "becomes infinity",
    "nan": "becomes NaN",
}
OCP_FP8 = "OCP 8-bit Floating Point Specification (OFP8) 1.0"
OCP_MX = "OCP Microscaling Formats (MX) 1.0"
IEEE_754 = "IEEE 754-2019"
FNUZ = "arXiv 2206.02915, 8-bit Numerical Formats for Deep Neural Networks"
# Names whose meaning is fixed elsewhere: a bare `eXmY` means all-finite everywhere else.
STANDARD: dict[str, tuple[int, int, str, str]] = {  # those that begin with a u are unsigned
    "e4m3fn": (4, 3, "fn", OCP_FP8),
    "e5m2": (5, 2, "ieee", OCP_FP8),
    "e4m3fnuz": (4, 3, "fnuz", FNUZ),
    "e5m2fnuz": (5, 2, "fnuz", FNUZ),
    "e3m2": (3, 2, "finite", f"{OCP_MX}, FP6 E3M2"),
    "e2m3": (2, 3, "finite", f"{OCP_MX}, FP6 E2M3"),
    "e2m1": (2, 1, "finite", f"{OCP_MX}, FP4 E2M1"),
    "bf16": (8, 7, "ieee", "bfloat16: the upper half of IEEE 754 binary32"),
    "fp16": (5, 10, "ieee", f"{IEEE_754}, binary16"),
    "ue5m3": (5, 3, "fn", "CUDA Math API, __nv_fp8_ue5m3: unsigned, only 0xff is NaN"),
    "tf32": (8, 10, "ieee", "TF32: IEEE 754 binary32 with 10 mantissa bits"),
    "fp32": (8, 23, "ieee", f"{IEEE_754}, binary32"),
}


@dataclass(frozen=True)
class Minifloat(Format):
    """A binary float of 2 to 32 bits, or of 1 to 31 without a sign.

    A code is sign, exponent field e, mantissa field f, from the top bit down. Its value is
    ``(-1)**sign * 2**(max(e, 1) - bias) * ((e > 0) + f / 2**M)``. Without exponent bits that is
    fixed point with a sign.

    Parameters
    ----------
    exponent_bits : int
        E, 0..8; 1 or more without a sign.
    mantissa_bits : int
        M, 0 or more (1 or more for ieee and fn); the width, signed + E + M, must be 2..32.
    convention : str
        Which codes are infinities and NaNs: a key of `CONVENTIONS`. Without exponent bits only
        "finite".
    bias : int, optional
        -256..512. By default ``2**(E-1) - 1``, one more for fnuz, and 0 without exponent bits.
    subnormals : bool
        If false, codes with e = 0 are zeros.
    overflow : str
        What a value beyond the range becomes when it is encoded: a key of `OVERFLOWS`. The
        format must have a code for it.
    signed : bool
        If false there is no sign bit; then the convention is not fnuz, and negative values
        encode as 0.
    """

    exponent_bits: int
    mantissa_bits: int
    convention: str = "finite"
    bias: int = None  # type: ignore[assignment]
    subnormals: bool = True
    overflow: str = "sat"
    signed: bool = True

    grammar: ClassVar[str] = (
        "eXmY (X 0..8, 2..32 bits in all; every code finite, but e5m2 is OCP's), with suffix ieee, fn, fnuz or "
        "finite to choose the special codes, then -bBIAS, -flush (no subnormals), -inf or -nan (on overflow); "
        "ueXmY without a sign; bf16, fp16, tf32, fp32"
    )

    def __post_init__(self) -> None:
        check_choice("convention", self.convention, CONVENTIONS)
        check_choice("overflow", self.overflow, OVERFLOWS)
        check_int("exponent_bits", self.exponent_bits, 0, 8)
        check_int("mantissa_bits", self.mantissa_bits, 1 if self.convention in ("ieee", "fn") else 0, 31)
        check_bool("signed", self.signed)
        check_int("the width of sign, exponent_bits and mantissa_bits", self.width, 2, 32)
        check_bool("subnormals", self.subnormals)
        if self.bias is None:
            object.__setattr__(self, "bias", self._default_bias)
        check_int("bias", self.bias, -256, 512)
        if self.exponent_bits == 0 and (self.convention != "finite" or not self.subnormals):
            raise ValueError(f"without exponent bits a float is finite and has subnormals, got {self.name}")
        if not self.signed and (self.exponent_bits == 0 or self.convention == "fnuz"):
            raise ValueError(f"without a sign a float has exponent bits and is not fnuz, got {self.name}")
        if not self.subnormals and self.exponent_bits and self.max_magnitude_code >> self.mantissa_bits == 0:
            raise ValueError(f"{self.name} has no value but zero")
        have = {"sat": True, "inf": self.convention == "ieee", "nan": self.convention != "finite"}
        if not have[self.overflow]:
            raise ValueError(
                f"overflow {echo(self.overflow)} needs a code that convention {echo(self.convention)} lacks"
            )

    @classmethod
    def parse(cls, name: str) -> Minifloat | None:
        options = r"(?:-b(?P<bias>-?[0-9]{1,4}))?(?P<flush>-flush)?(?:-(?P<overflow>inf|nan))?"
        parts = re.fullmatch(rf"(?P<base>[a-z0-9]+){options}", name)
        if not parts:
            return None
        unsigned = parts["base"].startswith("u")
        if parts["base"] in STANDARD:
            fields = STANDARD[parts["base"]][:3]
        elif match := re.fullmatch(r"u?e(0|[1-9][0-9]{0,2})m(0|[1-9][0-9]{0,2})(finite|ieee|fnuz|fn|)", parts["base"]):
            fields = int(match[1]), int(match[2]), match[3] or "finite"
        else:
            return None
        bias = int(parts["bias"]) if parts["bias"] else None
        flush, overflow = parts["flush"], parts["overflow"] or "sat"
        return cls(*fields, bias, not flush, overflow, not unsigned)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        options = "" if self.bias == self._default_bias else f"-b{self.bias}"
        options += "" if self.subnormals else "-flush"
        options += "" if self.overflow == "sat" else f"-{self.overflow}"
        return self._base_name + options

    @property
    def _base_name(self) -> str:
        fields = (self.exponent_bits, self.mantissa_bits, self.convention)
        for name, standard in STANDARD.items():
            if (*standard[:3], not name.startswith("u")) == (*fields, self.signed):
                return name
        bare = f"{'' if self.signed else 'u'}e{self.exponent_bits}m{self.mantissa_bits}"
        # OCP's ue8m0 is a power of two without a zero, not this family's.
        plain = self.convention == "finite" and bare not in STANDARD and bare != "ue8m0"
        return bare if plain else bare + self.convention

    @property
    def _default_bias(self) -> int:
        if self.exponent_bits == 0:
            return 0
        return (1 << (self.exponent_bits - 1)) - (self.convention != "fnuz")

    @property
    def width(self) -> int:
        return self.signed + self.exponent_bits + self.mantissa_bits

    @property
    def source(self) -> str:
        return STANDARD[self.name][3] if self.name in STANDARD else "ExMy as in arXiv 2311.12359"

    @property
    def has_special(self) -> bool:
        return self.convention != "finite"

    @property
    def max_magnitude_code(self) -> int:
        """The code of the highest finite value; every code between it and the sign bit is special."""
        top = (1 << (self.exponent_bits + self.mantissa_bits)) - 1
        specials = {"finite": 0, "ieee": 1 << self.mantissa_bits, "fn": 1, "fnuz": 0}
        return top - specials[self.convention]

    def value(self, code: int) -> Fraction | float:
        field_bits = self.exponent_bits + self.mantissa_bits
        sign = -1 if code >> field_bits else 1
        magnitude = code & ((1 << field_bits) - 1)
        exponent, mantissa = magnitude >> self.mantissa_bits, magnitude & ((1 << self.mantissa_bits) - 1)
        if magnitude > self.max_magnitude_code:
            return sign * math.inf if self.convention == "ieee" and mantissa == 0 else math.nan
        if self.convention == "fnuz" and sign < 0 and magnitude == 0:
            return math.nan
        if exponent == 0 and not self.subnormals:
            return Fraction(0)
        significand = mantissa + ((1 << self.mantissa_bits) if exponent else 0)
        return sign * significand * Fraction(2) ** (max(exponent, 1) - self.bias - self.mantissa_bits)

    def is_reserved(self, code: int) -> bool:
        subnormal = code & ((1 << (self.exponent_bits + self.mantissa_bits)) - 1)
        return not self.subnormals and 0 < subnormal < 1 << self.mantissa_bits

    def code_of(self, special: float) -> int | None:
        sign = 1 << (self.exponent_bits + self.mantissa_bits)
        if not math.isnan(special):
            infinity = self.max_magnitude_code + 1
            if self.convention != "ieee" or (special < 0 and not self.signed):
                return None
            return infinity if special > 0 else infinity | sign
        return {"finite": None, "ieee": self.max_magnitude_code + 2, "fn": sign - 1, "fnuz": sign}[self.convention]

    @property
    def span(self) -> Span:
        lsb = 1 - self.bias - self.mantissa_bits
        top = int(self.value(self.max_magnitude_code) / Fraction(2) ** lsb)
        return Span(-top if self.signed else 0, top, lsb)

    @property
    def precision(self) -> int:
        return self.mantissa_bits + (self.exponent_bits > 0)

    @property
    def min_exponent(self) -> int:
        """Exponent of the subnormals, and of the smallest normal numbers."""
        return 1 - self.bias
