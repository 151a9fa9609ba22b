"""Weights that are sums of a few signed powers of two: a product is as many shifts and additions, and no multiplier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from hw.formats import Format, Span, check_int

MAX_WIDTH = 16


@dataclass(frozen=True)
class KHot(Format):
    """The sum of K terms ``(-1)**s * 2**(p - fraction)``, each a sign s above a shift p of S bits, the first lowest.

    Many values have several codes; encoding makes the first of them. Of one term there is no zero (DenseShift), of more
    there is one: a power of two less itself.

    Parameters
    ----------
    terms : int
        K, 1..4.
    shift_bits : int
        S, 1..4; K (S + 1) must be at most 16.
    fraction : int
        -64..64.
    """

    terms: int
    shift_bits: int
    fraction: int = 0

    grammar: ClassVar[str] = (
        "khotK.S, sums of K signed powers of two with shifts of S bits (K 1..4, S 1..4), then -fF (F bits of fraction)"
    )

    def __post_init__(self) -> None:
        check_int("terms", self.terms, 1, 4)
        check_int("shift_bits", self.shift_bits, 1, 4)
        check_int("fraction", self.fraction, -64, 64)
        if self.width > MAX_WIDTH:
            raise ValueError(
                f"terms of a sign and {self.shift_bits} bits must be at most {MAX_WIDTH} together, got {self}"
            )

    @classmethod
    def parse(cls, name: str) -> KHot | None:
        match = re.fullmatch(r"khot([1-9])\.([1-9])(?:-f(-?[1-9][0-9]?))?", name)
        return match and cls(int(match[1]), int(match[2]), int(match[3] or 0))

    @property
    def name(self) -> str:
        return f"khot{self.terms}.{self.shift_bits}{f'-f{self.fraction}' if self.fraction else ''}"

    @property
    def width(self) -> int:
        return self.terms * (self.shift_bits + 1)

    @property
    def source(self) -> str:
        return "QFX: weights as sums of K signed powers of two (arXiv 2401.17544)"

    def steps(self, code: int) -> int:
        """The value in units of ``2**-fraction``."""
        total = 0
        for _ in range(self.terms):
            code, term = divmod(code, 2 << self.shift_bits)
            sign, shift = divmod(term, 1 << self.shift_bits)
            total += (-1) ** sign * (1 << shift)
        return total

    def value(self, code: int) -> Fraction:
        return self.steps(code) * Fraction(2) ** -self.fraction

    @cached_property
    def _first(self) -> dict[int, int]:
        """The first code of every value."""
        return {self.steps(code): code for code in reversed(range(1 << self.width))}

    @cached_property
    def _rank(self) -> dict[int, int]:
        """Where each value stands among all, counted from the lowest that is not negative."""
        ascending = sorted(self._first)
        zero = sum(value < 0 for value in ascending)
        return {value: place - zero for place, value in enumerate(ascending)}

    def is_reserved(self, code: int) -> bool:
        return self._first[self.steps(code)] != code

    def is_even(self, code: int) -> bool:
        return self._rank[self.steps(code)] % 2 == 0

    @property
    def span(self) -> Span:
        top = self.terms << (1 << self.shift_bits) - 1
        return Span(-top, top, -self.fraction)
