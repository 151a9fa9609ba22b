"""Integers: two's complement, without its lowest value, unsigned, and bipolar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_bool, check_int, integer, integers


@dataclass(frozen=True)
class Integer(Format):
    """An integer of 1 to 32 bits.

    Parameters
    ----------
    bits : int
        Width, 1..32.
    signed : bool
        Two's complement if true.
    symmetric : bool
        If true, ``-2**(bits - 1)`` is reserved: encoding never makes it, but its value and the span
        keep it, for hardware may be given it. Only for signed integers of 2 bits or more.
    """

    bits: int
    signed: bool = True
    symmetric: bool = False

    grammar: ClassVar[str] = "int1..int32, uint1..uint32, intN-sym (without the lowest value)"

    def __post_init__(self) -> None:
        check_int("bits", self.bits, 1, 32)
        check_bool("signed", self.signed)
        check_symmetric(self.symmetric, self.signed, self.bits)

    @classmethod
    def parse(cls, name: str) -> Integer | None:
        match = re.fullmatch(r"(u?)int(0|[1-9][0-9]{0,3})(-sym)?", name)
        return match and cls(int(match[2]), signed=not match[1], symmetric=bool(match[3]))

    @property
    def name(self) -> str:
        return f"{'' if self.signed else 'u'}int{self.bits}{'-sym' if self.symmetric else ''}"

    @property
    def width(self) -> int:
        return self.bits

    @property
    def source(self) -> str:
        return "two's complement" if self.signed else "binary"

    def value(self, code: int) -> Fraction:
        return Fraction(integer(code, self.bits, self.signed))

    def is_reserved(self, code: int) -> bool:
        return self.symmetric and code == 1 << (self.bits - 1)

    @property
    def span(self) -> Span:
        return integers(self.bits, self.signed)

    @property
    def min(self) -> Fraction:
        return Fraction(self.span.lo + self.symmetric)


@dataclass(frozen=True)
class Bipolar(Format):
    """Every bit is +1 or -1: ``sum((2 * x[i] - 1) * 2**i)``, the odd numbers around zero.

    Parameters
    ----------
    bits : int
        Width, 1..32. One bit is binary, {-1, +1}.
    """

    bits: int

    grammar: ClassVar[str] = "binary ({-1, +1}), bipolar2..bipolar32 (every bit is +1 or -1)"

    def __post_init__(self) -> None:
        check_int("bits", self.bits, 1, 32)

    @classmethod
    def parse(cls, name: str) -> Bipolar | None:
        match = re.fullmatch(r"bipolar(0|[1-9][0-9]{0,3})", "bipolar1" if name == "binary" else name)
        return match and cls(int(match[1]))

    @property
    def name(self) -> str:
        return "binary" if self.bits == 1 else f"bipolar{self.bits}"

    @property
    def width(self) -> int:
        return self.bits

    @property
    def source(self) -> str:
        return "bipolar integers: bit planes by XNOR and popcount"

    def value(self, code: int) -> Fraction:
        return Fraction(2 * code + self.span.lo)

    def is_even(self, code: int) -> bool:
        # Counted from the lowest positive value, so that zero becomes +1.
        return (code - (1 << (self.bits - 1))) % 2 == 0

    @property
    def span(self) -> Span:
        return Span(1 - (1 << self.bits), (1 << self.bits) - 1, 0)


def check_symmetric(symmetric: object, signed: bool, bits: int) -> None:
    """Raise unless `symmetric` is a bool that suits the other fields."""
    check_bool("symmetric", symmetric)
    if symmetric and (not signed or bits < 2):
        raise ValueError(f"symmetric must be False unless signed and of at least 2 bits, got {bits} bits")
