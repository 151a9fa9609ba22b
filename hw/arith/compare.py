"""Comparisons: with a constant as plain logic, which costs half of a carry chain; of two numbers as a carry row."""

from __future__ import annotations

from itertools import groupby

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.place import Place, always
from hw.arith.steps import bits, extend

TOGETHER = 5
"""So many bits of a comparison are looked at together, not one after the other."""


def below(value: Value, constant: int) -> Value:
    """``value < constant``, for a signed or unsigned value."""
    width = len(value)
    low, high = (-(1 << (width - 1)), 1 << (width - 1)) if value.shape().signed else (0, 1 << width)
    if constant <= low:
        return Const(0, 1)
    if constant >= high:
        return Const(1, 1)
    if value.shape().signed:
        # With its sign inverted a signed number counts from its lowest.
        value, constant = Cat(value[:-1], ~value[-1]), constant + (1 << (width - 1))
    less: Value = Const(0, 1)
    # Many bits that meet the same are looked at together, so that they are no chain.
    for is_one, run in groupby(range(width), lambda index: constant >> index & 1):
        found = [value[index] for index in run]
        for several in [Cat(*found)] if len(found) >= TOGETHER else found:
            if is_one:
                less = ~several.all() | less
            elif not isinstance(less, Const):
                less = ~several.any() & less
    return less


def above(value: Value, constant: int) -> Value:
    """``value > constant``, for a signed or unsigned value."""
    return ~below(value, constant + 1)


def greater(m: Logic, name: str, x: Value, y: Value) -> Signal:
    """``x > y``, whatever their widths and signs: the carry out of ``x + ~y``."""
    signed = x.shape().signed or y.shape().signed
    width = max(len(value) + (signed and not value.shape().signed) for value in (x, y))
    pairs = list(zip(bits(extend(x, width)), bits(extend(y, width)), strict=True))
    if signed:
        # A sign has a negative weight, so there the other one counts.
        pairs[-1] = pairs[-1][::-1]
    places = [Place(pair, lambda a, b: a, lambda a, b: 1 ^ b) for pair in pairs]
    row = fabric(m).row(m, f"{name}_row", [*places, Place((), always(0), always(0))])
    return m.wire(name, row[-1])
