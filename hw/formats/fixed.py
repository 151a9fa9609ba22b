"""Fixed point: what an exact accumulator holds. Any width, a binary point anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_bool, check_int, integer, integers
from hw.formats.integer import check_symmetric


@dataclass(frozen=True)
class Fixed(Format):
    """A two's complement or unsigned integer in units of ``2**-fraction``.

    Parameters
    ----------
    bits : int
        Width, 1..2000.
    fraction : int
        Bits right of the binary point, ``bits - 1000``..1000; negative if even the last bit weighs more than one.
    signed : bool
        Two's complement if true.
    symmetric : bool
        If true, encoding never makes the lowest value. Only for signed numbers of 2 bits or more.
    """

    bits: int
    fraction: int = 0
    signed: bool = True
    symmetric: bool = False

    grammar: ClassVar[str] = "fixW.F, ufixW.F of W bits, F of them fraction, fixW.F-sym (without the lowest value)"

    def __post_init__(self) -> None:
        check_int("bits", self.bits, 1, 2000)
        # So that the largest and the finest value are float64 numbers.
        check_int("fraction", self.fraction, self.bits - 1000, 1000)
        check_bool("signed", self.signed)
        check_symmetric(self.symmetric, self.signed, self.bits)

    @classmethod
    def parse(cls, name: str) -> Fixed | None:
        match = re.fullmatch(r"(u?)fix([1-9][0-9]{0,4})\.(0|-?[1-9][0-9]{0,4})(-sym)?", name)
        return match and cls(int(match[2]), int(match[3]), not match[1], bool(match[4]))

    @classmethod
    def holding(cls, span: Span) -> Fixed:
        """The narrowest fixed-point format that holds every value of `span`."""
        return cls(span.width, -span.lsb, span.signed)

    @property
    def name(self) -> str:
        return f"{'' if self.signed else 'u'}fix{self.bits}.{self.fraction}{'-sym' if self.symmetric else ''}"

    @property
    def width(self) -> int:
        return self.bits

    @property
    def source(self) -> str:
        return "an integer in units of a power of two"

    def value(self, code: int) -> Fraction:
        return integer(code, self.bits, self.signed) * Fraction(2) ** -self.fraction

    @property
    def span(self) -> Span:
        return integers(self.bits, self.signed, -self.fraction)

    def is_reserved(self, code: int) -> bool:
        return self.symmetric and code == 1 << (self.bits - 1)

    @property
    def min(self) -> Fraction:
        return (self.span.lo + self.symmetric) * Fraction(2) ** -self.fraction
