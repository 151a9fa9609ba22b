"""Counting leading zeros, and shifting them out."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith.logic import Logic


def leading_zeros(m: Logic, name: str, value: Value) -> Signal:
    """How many zeros are above the highest one of `value`; its width if there is no one."""
    # Ones below the value end the count of one that is all zeros.
    _, count = _tree(m, name, value[:], 1 << len(value).bit_length())
    return m.wire(name, count)


def normalise(m: Logic, name: str, value: Value) -> tuple[Signal, Signal]:
    """`value` shifted left until its top bit is one, and by how many places.

    Each stage tests the top bits for zeros, half as many as the stage before, and shifts them out:
    the shifter costs one level less than a count with a shift behind it. Zero stays zero, and its
    count is all ones.
    """
    current, tests = value[:], []
    for weight in (1 << n for n in reversed(range((len(value) - 1).bit_length()))):
        empty = m.wire(f"{name}_empty{weight}", ~current[-weight:].any())
        current = m.wire(f"{name}_by{weight}", Mux(empty, Cat(Const(0, weight), current[:-weight]), current))
        tests.append(empty)
    return m.wire(name, current), m.wire(f"{name}_count", Cat(*reversed(tests)))


def _tree(m: Logic, name: str, value: Value, size: int) -> tuple[Value, Value]:
    """Whether `size` bits are all zero, and how many lead: those of `value`, and ones below it."""
    if len(value) == 0:
        return Const(0, 1), Const(0, size.bit_length() - 1)
    if size == 1:
        return ~value[0], Const(0, 0)
    cut = max(0, len(value) - size // 2)
    high_empty, high = _tree(m, f"{name}_h", value[cut:], size // 2)
    low_empty, low = _tree(m, f"{name}_l", value[:cut], size // 2)
    empty, count = high_empty & low_empty, Cat(Mux(high_empty, low, high), high_empty)
    # Four bits make a LUT; a wire inside would only hide that.
    return (m.wire(f"{name}_empty", empty), m.wire(f"{name}_count", count)) if size >= 4 else (empty, count)
