"""Results as sums of signed digits, while pairs of these are replaced by sums that are shared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hw.datapath.shiftadd.graph import Made, Matrix, Shares, Term, shares_of, span_of
from hw.formats import Span
from hw.recoding import signed_digits

Digit = tuple[int, int]
"""A shift and a number."""
Pattern = tuple[int, int, int, bool]
"""Two digits of a sum, as a sum of their own: the lower's number, the other's, how far that is up, and whether their
signs are equal."""
Place = tuple[int, int]
"""Where a pattern is: in which sum, and its lower digit's shift."""


class Sums:
    """Sums of digits, and all pairs that are in them.

    Parameters
    ----------
    matrix : rows of int
        A sum for each row.
    inputs : Span
        Of each column's number.
    depth : int
        Sums on the way to a result, at most.

    Attributes
    ----------
    made : list of Made
        Inputs, and sums of two, each behind what is in it.
    digits : list of dict
        Of each sum, the signs by `Digit`.
    places : dict of Pattern to set of Place
    """

    def __init__(self, matrix: Matrix, inputs: Span, depth: int) -> None:
        self.inputs, self.room = inputs, 1 << depth
        self.made = [Made({n: 1}, inputs, 0) for n in range(len(matrix[0]))]
        self.known = {key_of(made.shares): n for n, made in enumerate(self.made)}
        self.digits: list[dict[Digit, int]] = [{} for _ in matrix]
        self.places: defaultdict[Pattern, set[Place]] = defaultdict(set)
        self.weights = [0] * len(matrix)
        self.touched: set[Pattern] = set()
        for index, row in enumerate(matrix):
            for number, constant in enumerate(row):
                for shift, sign in signed_digits(constant):
                    self.add(index, (shift, number), sign)

    def add(self, index: int, digit: Digit, sign: int) -> None:
        """Add a digit to a sum; two equal ones are one further up, and opposite ones none."""
        digits = self.digits[index]
        while digit in digits:
            if self.take(index, digit) != sign:
                return
            digit = digit[0] + 1, digit[1]
        for pattern, place in self._pairs(index, digit, sign):
            self.places[pattern].add(place)
            self.touched.add(pattern)
        digits[digit] = sign
        self.weights[index] += 1 << self.made[digit[1]].depth

    def take(self, index: int, digit: Digit) -> int:
        """Take a digit out of a sum, and give its sign."""
        sign = self.digits[index].pop(digit)
        for pattern, place in self._pairs(index, digit, sign):
            self.places[pattern].discard(place)
        self.weights[index] -= 1 << self.made[digit[1]].depth
        return sign

    def _pairs(self, index: int, digit: Digit, sign: int) -> Iterator[tuple[Pattern, Place]]:
        shift, number = digit
        for other, other_sign in self.digits[index].items():
            if other < digit:
                yield (other[1], number, shift - other[0], sign == other_sign), (index, other[0])
            else:
                yield (number, other[1], other[0] - shift, sign == other_sign), (index, shift)

    def found(self, pattern: Pattern) -> list[Place]:
        """Where a pattern can be replaced at once: no two places share a digit, and no result gets too deep."""
        first, second, up, _ = pattern
        deep = self.deep(pattern)
        more = (1 << deep) - (1 << self.made[first].depth) - (1 << self.made[second].depth)
        left = {index: self.room - self.weights[index] for index, _ in self.places[pattern]}
        used: set[tuple[int, Digit]] = set()
        result = []
        for index, shift in sorted(self.places[pattern]):
            both = {(index, (shift, first)), (index, (shift + up, second))}
            if left[index] >= more and not both & used:
                used |= both
                left[index] -= more
                result.append((index, shift))
        return result

    def deep(self, pattern: Pattern) -> int:
        return 1 + max(self.made[pattern[0]].depth, self.made[pattern[1]].depth)

    def fits(self, index: int, pattern: Pattern) -> bool:
        """Whether a pair of a sum may be added without the result getting too deep.

        A sum of terms of depths d can be made in depth D if and only if all ``2**d`` add up to at most ``2**D``.
        """
        depths = 1 << self.made[pattern[0]].depth, 1 << self.made[pattern[1]].depth
        return self.weights[index] - sum(depths) + (1 << self.deep(pattern)) <= self.room

    def replace(self, pattern: Pattern, places: list[Place]) -> None:
        """Make a pattern a number, and put that in its places."""
        first, second, up, _ = pattern
        number, turned = self.make(pattern)
        for index, shift in places:
            low, high = (shift, first), (shift + up, second)
            # What was put in before may have changed this sum.
            if (index, shift) in self.places[pattern]:
                sign = self.take(index, low)
                self.take(index, high)
                self.add(index, (shift, number), -sign if turned else sign)

    def make(self, pattern: Pattern) -> tuple[int, bool]:
        """The number that a pattern is, or whose negative it is: one that is there is taken."""
        first, second, up, alike = pattern
        terms = Term(first, 0), Term(second, up, not alike)
        shares = shares_of(terms, self.made)
        for factor in (1, -1):
            if (number := self.known.get(key_of(shares, factor))) is not None:
                return number, factor < 0
        self.known[key_of(shares)] = len(self.made)
        self.made.append(Made(shares, span_of(shares, self.inputs), self.deep(pattern), terms))
        return len(self.made) - 1, False

    def width(self, pattern: Pattern) -> int:
        """The places of the row that makes a pattern: below them the lower number passes."""
        first, second, up, alike = pattern
        low, high = self.made[first].span, self.made[second].span
        ends = (high.lo << up, high.hi << up) if alike else (-high.hi << up, -high.lo << up)
        return _width(low.lo + ends[0], low.hi + ends[1]) - up


def key_of(shares: Shares, factor: int = 1) -> tuple[tuple[int, int], ...]:
    """What tells numbers apart."""
    return tuple((number, factor * share) for number, share in sorted(shares.items()))


def _width(low: int, high: int) -> int:
    """As `Span.width`, of which there would be very many."""
    if low >= 0:
        return max(1, high.bit_length())
    return max((-low - 1).bit_length(), high.bit_length() if high > 0 else 0) + 1
