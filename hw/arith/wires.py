"""Naming and cutting wires."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Shape, Signal, Value


def named(m: Module, name: str, value: Value) -> Signal:
    """`value` on a wire of its own.

    Amaranth emits a shared expression once per use, and Yosys optimises expressions that share a
    cell with their neighbours differently; a named wire is both readable and predictable.
    """
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def any_of(m: Module, name: str, *values: Value) -> Value:
    """Whether any bit of any value is set, on a wire; a lone bit needs none."""
    bits = Cat(*values)
    return named(m, name, bits.any()) if len(bits) > 1 else bits


def truncate(m: Module, name: str, value: Value, width: int, low: int = 0, signed: bool = False) -> Signal:
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
    m.d.comb += Cat(*parts).eq(value)
    return kept
