"""Multipliers of chained rows that take partial products in: where a LUT before a carry takes a sum's bit and an AND.

A row that adds a partial product to a sum is one LUT a place, and so is one that adds two partial products; but the
sums of such rows then are to be added too. So only a chain's first row has two of them. Chains stand beside one
another, and a tree adds what they make, where they would be long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith.fabric import Fabric, fitted
from hw.arith.logic import Logic
from hw.arith.place import Function, Place
from hw.arith.product import as_product, parts
from hw.arith.steps import bits


def gated(m: Logic, fabric: Fabric, name: str, x: Value, y: Value, chained: int) -> Signal:
    """``x * y``, exactly; at most `chained` bits of y, two or more, in a chain."""
    chains = max(1, min(-(-len(y) // chained), len(y) // 2))
    ends = [len(y) * n // chains for n in range(chains + 1)]
    sums = []
    for low, high in pairwise(ends):
        factor = _Factor(x, y[low:high], y.shape().signed and high == len(y))
        sums.append(_Sum(low, high, factor.chain(m, fabric, f"{name}_{low}")))
    return as_product(m, name, _tree(m, fabric, name, sums, len(x)), x, y)


@dataclass
class _Factor:
    """x, and the bits of y that a chain multiplies it by; `signed` if the last of them has a negative weight."""

    x: Value
    y: Value
    signed: bool

    def chain(self, m: Logic, fabric: Fabric, name: str) -> Value:
        """Their product."""
        length, ys = len(self.x), parts(self.y)
        if len(ys) == 1:
            row = fabric.row(
                m, f"{name}_row0", self._gated([Const(0, 1)] * (length + 1), ys[0], self.signed), int(self.signed)
            )
            return self._as_signed(row, self.signed)
        last = len(ys) - 1
        done, total = self._first(m, fabric, f"{name}_row1", ys, self.signed and last == 1)
        for index in range(2, len(ys)):
            negative = self.signed and index == last
            places = self._gated(fitted(total, length + 1), ys[index], negative)
            row = fabric.row(m, f"{name}_row{index}", places, int(negative))
            done.append(row[0])
            total = self._as_signed(row[1:], negative)
        return self._as_signed(Cat(*done, total), self.signed)

    def _as_signed(self, total: Value, negative: bool) -> Value:
        return total.as_signed() if negative or self.x.shape().signed else total

    def _wires(self, width: int) -> list[Value]:
        """The lowest bits of x."""
        known = parts(self.x)
        return [*known, *[known[-1] if self.x.shape().signed else Const(0, 1)] * (width - len(known))]

    def _gated(self, total: Sequence[Value], select: Value, negative: bool) -> list[Place]:
        """``total + x * select``, or, but for a one, ``total - x * select``."""
        function = _partial(negative)
        return [
            Place((s, b, select), lambda s, b, g: s, lambda s, b, g: function(b, g))
            for s, b in zip(total, self._wires(len(total)), strict=True)
        ]

    def _first(
        self, m: Logic, fabric: Fabric, name: str, ys: Sequence[Value], negative: bool
    ) -> tuple[list[Value], Value]:
        """``x * ys[0] + 2 * x * ys[1]``, or ``x * ys[0] - 2 * x * ys[1]``: its two lowest bits, and the others."""
        width = len(self.x) + 2
        function = _partial(negative)
        pairs = zip(self._wires(width), [Const(0, 1), *self._wires(width - 1)], strict=True)
        # The inverted one goes first: some carry chains see the first two wires only.
        places = [
            Place((b, ys[1], a, ys[0]), lambda b, h, a, g: function(b, h), lambda b, h, a, g: a & g) for a, b in pairs
        ]
        if width % 2 == 0 or negative:
            row = fabric.row(m, name, places, int(negative))
            return bits(row)[:2], self._as_signed(row[2:], negative)
        # There are two places in a cell, and nothing is added in the lowest one.
        row = fabric.row(m, name, places[1:])
        return [m.wire(f"{name}_lowest", self.x[0] & ys[0]), row[0]], self._as_signed(row[1:], negative)


def _partial(negative: bool) -> Function:
    return (lambda b, g: 1 ^ (b & g)) if negative else (lambda b, g: b & g)


@dataclass
class _Sum:
    """What a chain makes of y's bits ``low .. high - 1``."""

    low: int
    high: int
    value: Value


def _tree(m: Logic, fabric: Fabric, name: str, sums: Sequence[_Sum], length: int) -> Value:
    """The sum of neighbouring chains, of an x of `length` bits."""
    level = 0
    while len(sums) > 1:
        pairs = [sums[index : index + 2] for index in range(0, len(sums), 2)]
        sums = [
            _merge(m, fabric, f"{name}_sum{level}_{pair[0].low}", pair[0], pair[1], length)
            if len(pair) == 2
            else pair[0]
            for pair in pairs
        ]
        level += 1
    return sums[0].value


def _merge(m: Logic, fabric: Fabric, name: str, low: _Sum, high: _Sum, length: int) -> _Sum:
    """The bits of the lower chain that the higher one has no part in pass by."""
    pass_by, signed = high.low - low.low, low.value.shape().signed or high.value.shape().signed
    upper = low.value[pass_by:]
    upper = upper.as_signed() if low.value.shape().signed else upper
    total = Cat(low.value[:pass_by], fabric.add(m, name, upper, high.value, length + high.high - high.low))
    return _Sum(low.low, high.high, total.as_signed() if signed else total)
