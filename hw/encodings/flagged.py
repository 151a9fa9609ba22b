"""Floats that carry beside them what they are: two bits say zero, number, infinity or NaN."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats import Format, Span, check_int

ZERO, NUMBER, INFINITE, NAN = range(4)
"""What the two bits say."""


@dataclass(frozen=True)
class Flagged(Format):
    """A float of E exponent and M mantissa bits, and two bits of what it is, as FloPoCo's operators hand them on.

    A code is, from the top bit down: the two bits (0 zero, 1 number, 2 infinity, 3 NaN), sign, exponent field e,
    mantissa field f. A number is ``(-1)**sign * 2**(e - bias) * (1 + f / 2**M)`` with bias ``2**(E-1) - 1``: there are
    no subnormals, and no exponent is kept for specials. Of what is no number the fields mean nothing, but for the sign
    of a zero and an infinity.

    Parameters
    ----------
    exponent_bits : int
        E, 2..6.
    mantissa_bits : int
        M, 1..10.
    """

    exponent_bits: int
    mantissa_bits: int

    grammar: ClassVar[str] = (
        "feXmY, a float with two bits beside it that say zero, number, infinity or NaN (X 2..6, Y 1..10)"
    )
    overflow = "inf"

    def __post_init__(self) -> None:
        check_int("exponent_bits", self.exponent_bits, 2, 6)
        check_int("mantissa_bits", self.mantissa_bits, 1, 10)

    @classmethod
    def parse(cls, name: str) -> Flagged | None:
        match = re.fullmatch(r"fe([1-9][0-9]?)m([1-9][0-9]?)", name)
        return match and cls(int(match[1]), int(match[2]))

    @property
    def name(self) -> str:
        return f"fe{self.exponent_bits}m{self.mantissa_bits}"

    @property
    def width(self) -> int:
        return 3 + self.exponent_bits + self.mantissa_bits

    @property
    def source(self) -> str:
        return "FloPoCo's floats with exception bits (F. de Dinechin, B. Pasca, IEEE Design and Test 28(4), 2011)"

    @property
    def bias(self) -> int:
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def has_special(self) -> bool:
        return True

    @property
    def sign(self) -> int:
        """The place of the sign bit."""
        return self.exponent_bits + self.mantissa_bits

    def value(self, code: int) -> Fraction | float:
        kind, rest = divmod(code, 2 << self.sign)
        sign, magnitude = (-1) ** (rest >> self.sign), rest & ((1 << self.sign) - 1)
        if kind != NUMBER:
            return {ZERO: Fraction(0), INFINITE: sign * math.inf, NAN: math.nan}[kind]
        exponent, mantissa = divmod(magnitude, 1 << self.mantissa_bits)
        return sign * (mantissa + (1 << self.mantissa_bits)) * Fraction(2) ** (exponent + self.span.lsb)

    def is_reserved(self, code: int) -> bool:
        return code >> self.sign + 1 != NUMBER and code & ((2 << self.sign) - 1) != 0

    def code_of(self, special: float) -> int:
        if math.isnan(special):
            return NAN << self.sign + 1
        return INFINITE << self.sign + 1 | (special < 0) << self.sign

    @property
    def span(self) -> Span:
        top = ((2 << self.mantissa_bits) - 1) << ((1 << self.exponent_bits) - 1)
        return Span(-top, top, -self.bias - self.mantissa_bits)

    @property
    def precision(self) -> int:
        return self.mantissa_bits + 1

    @property
    def min_exponent(self) -> int:
        """Exponent of the least numbers."""
        return -self.bias
