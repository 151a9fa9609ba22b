"""Fixed point: what an exact accumulator holds. Any width, a binary point anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_bool, check_int, integer, integers


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
    """

    bits: int
    fraction: int = 0
    signed: bool = True

    grammar: ClassVar[str] = "fixW.F and ufixW.F of W bits, F of them fraction"

    def __post_init__(self) -> None:
        check_int("bits", self.bits, 1, 2000)
        # So that the largest and the finest value are float64 numbers.
        check_int("fraction", self.fraction, self.bits - 1000, 1000)
        check_bool("signed", self.signed)

    @classmethod
    def parse(cls, name: str) -> Fixed | None:
        match = re.fullmatch(r"(u?)fix([1-9][0-9]{0,4})\.(0|-?[1-9][0-9]{0,4})", name)
        return match and cls(int(match[2]), int(match[3]), signed=not match[1])

    @classmethod
    def holding(cls, span: Span) -> Fixed:
        """The narrowest fixed-point format that holds every value of `span`."""
        return cls(span.width, -span.lsb, span.signed)

    @property
    def name(self) -> str:
        return f"{'' if self.signed else 'u'}fix{self.bits}.{self.fraction}"

    @property
    def width(self) -> int:
        return self.bits

    @property
    def source(self) -> str:
        return "fixed point, derived from the operands"

    def value(self, code: int) -> Fraction:
        return integer(code, self.bits, self.signed) * Fraction(2) ** -self.fraction

    @property
    def span(self) -> Span:
        return integers(self.bits, self.signed, -self.fraction)
