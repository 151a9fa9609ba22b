"""Integers: two's complement or unsigned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Span, check_int


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
        if not isinstance(self.signed, bool):
            raise TypeError(f"signed must be a bool, got {self.signed!r}")

    @classmethod
    def parse(cls, name: str) -> Integer | None:
        match = re.fullmatch(r"(u?)int(\d{1,3})", name)
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
        return Fraction(code - (code >> (self.bits - 1) << self.bits if self.signed else 0))

    @property
    def span(self) -> Span:
        half = 1 << (self.bits - 1)
        return Span(-half, half - 1, 0) if self.signed else Span(0, 2 * half - 1, 0)
