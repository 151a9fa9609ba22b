"""Sums of a group of activations, for tables: all at once, or each from the one before."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic
from hw.datapath.digits import Sums, Vector
from hw.datapath.exact import Exact
from hw.datapath.folded import Folded, add, add_all, finish, negated, plain
from hw.formats import Format, Span, parse_scalar

ONE = parse_scalar("uint1")


def fixed_value(m: Logic, fmt: Format, code: Value) -> Folded:
    """The number that a code stands for, in fixed point."""
    number = Exact().fixed(m, fmt, ONE, Exact().multiply(m, fmt, ONE, code, Const(1, 1)))
    return plain(number, fmt.span * ONE.span)


def times(number: Folded, factor: int) -> Folded:
    """A number times plus or minus a power of two."""
    span = number.span * Span(abs(factor), abs(factor), 0)
    shifted = plain(Cat(Const(0, abs(factor).bit_length() - 1), number.value), span)
    return shifted if factor > 0 else negated(shifted.value, span, Const(1, 1))


class Network:
    """Sums that are made of one another, each by one addition.

    Parameters
    ----------
    m : Logic
        Where they are added.
    sums : Sums
        Which there are.
    numbers : sequence of Folded
        The numbers of the group.
    """

    def __init__(self, m: Logic, sums: Sums, numbers: Sequence[Folded]) -> None:
        self.m, self.sums, self.numbers = m, sums, numbers
        zero = (0,) * sums.group
        self.known: dict[Vector, Folded] = {zero: plain(Const(0, 1), Span(0, 0, numbers[0].span.lsb))}

    def sum(self, vector: Vector) -> Folded:
        """The sum of a vector of digits."""
        if vector not in self.known:
            before, place, factor = self.sums.parent(vector)
            number = times(self.numbers[place], factor)
            self.known[vector] = number if factor == 1 and not any(before) else self._add(vector, before, number)
        return self.known[vector]

    def _add(self, vector: Vector, before: Vector, number: Folded) -> Folded:
        span = self._span(vector)
        total = add(self.m, "entry", self.sum(before), number, span.width)
        return plain(finish(self.m, "entry", total, span.width), span)

    def _span(self, vector: Vector) -> Span:
        """The span of a vector's sum: narrower than that of the table."""
        spans = [number.span * Span(digit, digit, 0) for number, digit in zip(self.numbers, vector, strict=True)]
        return sum(spans[1:], spans[0])


def whole(m: Logic, groups: Sequence[Folded], weight: int) -> Folded:
    """The sum of all activations, given as those of the groups, times `weight`, which is -1 or ``2**n - 1``."""
    total = add_all(m, "whole", groups)
    span = total.span * Span(weight, weight, 0)
    minus = times(total, -1)
    if weight > 0:
        minus = add(m, "whole_times", times(total, weight + 1), minus, span.width)
    return plain(finish(m, "whole_weighted", minus, span.width), span)
