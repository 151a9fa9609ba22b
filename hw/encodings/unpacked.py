"""Numbers in parts: sign, exponent and significand side by side, for those who align them elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats import Format, Span, check_int
from hw.formats.base import check_bool, integer


@dataclass(frozen=True)
class Unpacked(Format):
    """``(-1)**sign * significand * 2**(exponent - fraction)``: from the top bit down sign, exponent, significand.

    A number may have many codes: the significand begins where it happens to.

    Parameters
    ----------
    exponent_bits : int
        1..9; the exponent is unsigned.
    significand_bits : int
        1..32.
    fraction : int
        -400..400.
    sign : bool
        Whether there is a sign bit. Without one the significand is in two's complement if `signed`.
    signed : bool
        Whether the significand is in two's complement.
    """

    exponent_bits: int
    significand_bits: int
    fraction: int
    sign: bool = True
    signed: bool = False

    grammar: ClassVar[str] = (
        "partsE.S.F of E exponent bits, S of the significand and a sign, F bits of fraction at exponent 0; upartsE.S.F "
        "without a sign, then -signed (significand in two's complement)"
    )

    def __post_init__(self) -> None:
        check_int("exponent_bits", self.exponent_bits, 1, 9)
        check_int("significand_bits", self.significand_bits, 1, 32)
        check_int("fraction", self.fraction, -400, 400)
        check_bool("sign", self.sign)
        check_bool("signed", self.signed)

    @classmethod
    def parse(cls, name: str) -> Unpacked | None:
        match = re.fullmatch(r"(u?)parts([1-9])\.([1-9][0-9]?)\.(0|-?[1-9][0-9]{0,2})(-signed)?", name)
        return match and cls(int(match[2]), int(match[3]), int(match[4]), not match[1], bool(match[5]))

    @property
    def name(self) -> str:
        kind = f"{'' if self.sign else 'u'}parts"
        return f"{kind}{self.exponent_bits}.{self.significand_bits}.{self.fraction}{'-signed' if self.signed else ''}"

    @property
    def width(self) -> int:
        return self.sign + self.exponent_bits + self.significand_bits

    @property
    def source(self) -> str:
        return "the parts of a product before they are aligned"

    def value(self, code: int) -> Fraction:
        upper, significand = divmod(code, 1 << self.significand_bits)
        sign, exponent = divmod(upper, 1 << self.exponent_bits)
        whole = integer(significand, self.significand_bits, self.signed)
        return (-1) ** sign * whole * Fraction(2) ** (exponent - self.fraction)

    @property
    def span(self) -> Span:
        highest = (1 << self.significand_bits - self.signed) - 1
        lowest = highest + 1 if self.signed else highest
        shift = (1 << self.exponent_bits) - 1
        low, high = (lowest, lowest if self.signed else highest) if self.sign else (lowest * self.signed, highest)
        return Span(-low << shift, high << shift, -self.fraction)
