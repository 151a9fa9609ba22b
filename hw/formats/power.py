"""Powers of two, with a sign or without, with zero or without."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_bool, check_int

SCALE = "upow8-b127-nan"
"""The systematic name of ue8m0, the scale of the OCP MX formats."""


@dataclass(frozen=True)
class PowerOfTwo(Format):
    """``(-1)**sign * 2**(p - bias)`` with the sign as top bit and p below it: a product is a shift.

    Parameters
    ----------
    bits : int
        Width; at most 8 besides the sign.
    signed : bool
        Whether there is a sign bit.
    zero : bool
        If true p = 0 means 0, and the other codes count from 1: ``2**(p - 1 - bias)``. Then at
        least one bit besides the sign is needed.
    bias : int
        -256..512.
    nan : bool
        If true the highest p is NaN. Then at least two values must remain.
    """

    bits: int
    signed: bool = True
    zero: bool = False
    bias: int = 0
    nan: bool = False

    grammar: ClassVar[str] = (
        "powN of N bits (sign and exponent), upowN without sign, then -zero (with a zero), -bBIAS, -nan (the highest "
        "code); ue8m0"
    )

    def __post_init__(self) -> None:
        for name in ("signed", "zero", "nan"):
            check_bool(name, getattr(self, name))
        check_int("bits", self.bits, 1, 8 + self.signed)
        check_int("bias", self.bias, -256, 512)
        if self._top < self.zero:
            raise ValueError(f"bits must leave a power of two beside zero and NaN, got {self.bits} for {self.name}")

    @classmethod
    def parse(cls, name: str) -> PowerOfTwo | None:
        pattern = r"(u?)pow(0|[1-9][0-9]?)(-zero)?(?:-b(-?[0-9]{1,4}))?(-nan)?"
        match = re.fullmatch(pattern, SCALE if name == "ue8m0" else name)
        return match and cls(int(match[2]), not match[1], bool(match[3]), int(match[4] or 0), bool(match[5]))

    @property
    def name(self) -> str:
        options = "-zero" if self.zero else ""
        options += f"-b{self.bias}" if self.bias else ""
        options += "-nan" if self.nan else ""
        name = f"{'' if self.signed else 'u'}pow{self.bits}{options}"
        return "ue8m0" if name == SCALE else name

    @property
    def width(self) -> int:
        return self.bits

    @property
    def source(self) -> str:
        if self.name == "ue8m0":
            return "OCP Microscaling Formats (MX) 1.0, E8M0"
        return "powers of two, as the weights of arXiv 2208.09708 (DenseShift)"

    @property
    def has_special(self) -> bool:
        return self.nan

    @property
    def _field(self) -> int:
        return self.bits - self.signed

    @property
    def _top(self) -> int:
        """The highest p that is a number."""
        return (1 << self._field) - 1 - self.nan

    def value(self, code: int) -> Fraction | float:
        sign, p = divmod(code, 1 << self._field)
        if p > self._top:
            return math.nan
        if self.zero and p == 0:
            return Fraction(0)
        return (-1) ** sign * Fraction(2) ** (p - self.zero - self.bias)

    def is_reserved(self, code: int) -> bool:
        return self.zero and self.signed and code == 1 << self._field

    @property
    def span(self) -> Span:
        highest = 1 << (self._top - self.zero)
        lowest = -highest if self.signed else 0 if self.zero else 1
        return Span(lowest, highest, -self.bias)

    @property
    def precision(self) -> int:
        return 1
