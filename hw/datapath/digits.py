"""The sums of a few numbers, each times a digit: which of them a table holds, where, and in what order they are made.

Digits stand for weights: -1, 0 and 1 for ternary ones, 0 and 1 or -1 and 1 for a bit plane. A vector of digits is
a number, ``n = d[0] + d[1] * base + d[2] * base**2 + ...``, and that is how a table counts its sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from hw.formats import Span

Vector = tuple[int, ...]
"""Digits, the one of the first number first."""

TERNARY, BITS, SIGNS = (-1, 0, 1), (0, 1), (-1, 1)
"""The digits that there are."""


@dataclass(frozen=True)
class Sums:
    """The sums ``d[0] * x[0] + ... + d[G-1] * x[G-1]`` of all vectors of digits, or of half, without their negatives.

    Parameters
    ----------
    digits : tuple of int
        `TERNARY`, `BITS` or `SIGNS`.
    group : int
        G.
    half : bool
        Whether the table has only the vectors whose number is not negative; not for `BITS`.
    """

    digits: Vector
    group: int
    half: bool

    @property
    def base(self) -> int:
        return len(self.digits)

    @property
    def index_bits(self) -> int:
        """Bits that tell all vectors apart."""
        return (self.base**self.group - 1).bit_length()

    @property
    def address_bits(self) -> int:
        """Bits of an address in the table: those of an index, but for a sign that is not looked up."""
        return self.index_bits - self.half

    def number(self, vector: Vector) -> int:
        return sum(digit * self.base**place for place, digit in enumerate(vector))

    def address(self, vector: Vector) -> int | None:
        """Where a sum stands in the table; None if it does not.

        A ternary number in two's complement; a number of bits as it is; and of signs, which are odd, the one that
        they are as bits, +1 as a one, without the highest if half.
        """
        number = self.number(vector)
        if any(digit not in self.digits for digit in vector) or (self.half and number < 0):
            return None
        if self.digits == SIGNS:
            number = (number - 1) // 2
            return number if self.half else number + (1 << (self.group - 1))
        return number % (1 << self.index_bits)

    def entries(self) -> dict[int, Vector]:
        """The vectors in the table, by their addresses."""
        found = {self.address(vector): vector for vector in product(self.digits, repeat=self.group)}
        return {address: vector for address, vector in found.items() if address is not None}

    def span(self, x: Span) -> Span:
        """The span of every sum, and of its negative if half."""
        return (x * Span(min(0, *self.digits), 1, 0)).accumulate(self.group)

    def parent(self, vector: Vector) -> tuple[Vector, int, int]:
        """Another vector, a place and a factor: the vector's sum is the other's and that number times the factor.

        So every sum is one addition from another one of the table, or from one of fewer numbers.
        """
        if 0 not in self.digits and 0 not in vector and -1 in vector:
            place, digit = vector.index(-1), 1
        else:
            place, digit = next(place for place, digit in enumerate(vector) if digit), 0
        return (*vector[:place], digit, *vector[place + 1 :]), place, vector[place] - digit

    def walk(self) -> list[Vector]:
        """Vectors from zero on, each one number more or less than the one before, that pass all of the table."""
        path = [(0,) * self.group]
        for vector in self._order():
            path += _steps(path[-1], vector)
        return path

    def _order(self) -> list[Vector]:
        """The table's vectors, each near the one before."""
        if not self.half:
            return _snake((1,) * self.group if -1 in self.digits else (0,) * self.group, self.digits)
        if self.digits == SIGNS:
            return [(*vector, 1) for vector in _snake((1,) * (self.group - 1), SIGNS)]
        # The numbers that are not negative begin, from the top, with zeros and a one.
        order: list[Vector] = [()]
        for _ in range(self.group):
            order = [(*vector, 0) for vector in order] + [(*vector, 1) for vector in _snake(order[-1], TERNARY)]
        return order


def _snake(corner: Vector, digits: Vector) -> list[Vector]:
    """All vectors of digits from a corner on, each a neighbour of the one before: a reflected Gray code."""
    if not corner:
        return [()]
    inner, result = _snake(corner[:-1], digits), []
    for digit in digits if corner[-1] == digits[0] else reversed(digits):
        result += [(*vector, digit) for vector in inner]
        inner.reverse()
    return result


def _steps(start: Vector, end: Vector) -> Iterator[Vector]:
    """The way between two vectors, a digit at a time and by one; without its start."""
    for place, digit in enumerate(end):
        while start[place] != digit:
            step = 1 if digit > start[place] else -1
            start = (*start[:place], start[place] + step, *start[place + 1 :])
            yield start
