"""Integers: two's complement or unsigned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_bool, check_int, integer, integers


@dataclass(frozen=True)
class Integer(Format):
    """An integer of 2 to 16 bits.

    Parameters
    ----------
    bits : int
        Width, 2..16.
    signed : bool
        Two's complement if true.
    """

    bits: int
    signed: bool = True

    grammar: ClassVar[str] = "int2..int16, uint2..uint16"

    def __post_init__(self) -> None:
        check_int("bits", self.bits, 2, 16)
        check_bool("signed", self.signed)

    @classmethod
    def parse(cls, name: str) -> Integer | None:
        match = re.fullmatch(r"(u?)int(0|[1-9][0-9]{0,3})", name)
        return match and cls(int(match[2]), signed=not match[1])

    @property
    def name(self) -> str:
        return f"{'' if self.signed else 'u'}int{self.bits}"

    @property
    def width(self) -> int:
        return self.bits

    @property
    def source(self) -> str:
        return "two's complement" if self.signed else "binary"

    def value(self, code: int) -> Fraction:
        return Fraction(integer(code, self.bits, self.signed))

    @property
    def span(self) -> Span:
        return integers(self.bits, self.signed)
