"""Joining and cutting wires."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Shape, Signal, Value

from hw.arith.logic import Logic


def any_of(m: Logic, name: str, *values: Value) -> Value:
    """Whether any bit of any value is set, on a wire; a lone bit needs none."""
    bits = Cat(*values)
    return m.wire(name, bits.any()) if len(bits) > 1 else bits


def truncate(m: Logic, name: str, value: Value, width: int, low: int = 0, signed: bool = False) -> Signal:
    """Bits ``low .. low + width - 1`` of `value`, on a wire: a narrowing that is meant.

    The caller has proved that the bits left out are zeros or copies of the sign, or that the
    arithmetic is modulo a power of two. They end in a wire that is called unused, which linters
    know to leave alone.
    """
    if not width > 0 or not 0 <= low <= len(value) - width:
        raise ValueError(f"{name}: bits {low}..{low + width - 1} are not all in a value of {len(value)} bits")
    kept = Signal(Shape(width, signed), name=name)
    parts = [kept]
    if low:
        parts.insert(0, Signal(low, name=f"unused_below_{name}"))
    if high := len(value) - width - low:
        parts.append(Signal(high, name=f"unused_above_{name}"))
    m.split(parts, value)
    return kept


def lookup(m: Logic, name: str, value: Value, width: int, function: Callable[[int], int]) -> Signal:
    """``function(value)`` modulo ``2**width`` as a truth table, for a value of a few bits."""
    entries = [function(index) for index in range(1 << len(value))]
    tables = [sum((entry >> bit & 1) << i for i, entry in enumerate(entries)) for bit in range(width)]
    return m.wire(name, Cat(Const(table, len(entries)).bit_select(value, 1) for table in tables))
