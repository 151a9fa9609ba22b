"""Carry-save addition: many numbers become two with the same sum, without a carry chain."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.steps import bits

Columns = list[list[Value]]
"""The bits of each weight."""


def compress_3(m: Logic, name: str, x: Value, y: Value, z: Value) -> tuple[Signal, Signal]:
    """A sum and carries, ``x + y + z == sum + 2 * carries``, of unsigned numbers: a full adder at each place."""
    return m.wire(f"{name}_sum", x ^ y ^ z), m.wire(f"{name}_carries", (x & y) | (x & z) | (y & z))


def compress_4(m: Logic, name: str, w: Value, x: Value, y: Value, z: Value) -> tuple[Signal, Signal]:
    """A sum and carries, ``w + x + y + z == sum + 2 * carries``, of unsigned numbers."""
    first, passed = compress_3(m, f"{name}_first", w, x, y)
    # Carries of the first row enter the second one place further up, so nothing ripples.
    return compress_3(m, name, first, z, Cat(Const(0, 1), passed))


def compress(m: Logic, name: str, rows: Sequence[tuple[int, Value]], width: int) -> tuple[Signal, Signal]:
    """Two numbers with the sum of all ``value * 2**base``, modulo ``2**width``: Dadda's tree.

    Parameters
    ----------
    m : Logic
        Where it is added.
    name : str
        Of its wires.
    rows : sequence of (int, Value)
        Base and value, each with its own sign.
    width : int
        Of both results.
    """
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    if any(base < 0 for base, _ in rows):
        raise ValueError(f"bases of rows must be 0 or more, got {[base for base, _ in rows]}")
    columns = _columns(rows, width)
    for level, height in enumerate(_heights(max(map(len, columns)))):
        columns = _reduce(m, f"{name}_level{level}", columns, height)
    both = [[*column, *[Const(0, 1)] * (2 - len(column))] for column in columns]
    total, carries = (Cat(*(column[n] for column in both)) for n in (0, 1))
    return m.wire(f"{name}_sum", total), m.wire(f"{name}_carries", carries)


def compress_add(m: Logic, name: str, rows: Sequence[tuple[int, Value]], width: int) -> Signal:
    """The sum of all ``value * 2**base``, modulo ``2**width``: `compress`, and a carry row."""
    return fabric(m).add(m, name, *compress(m, name, rows, width), width)


def _columns(rows: Sequence[tuple[int, Value]], width: int) -> Columns:
    columns: Columns = [[] for _ in range(width)]
    constant = 0
    for base, value in rows:
        wires = bits(value)
        if value.shape().signed:
            # -s is (1 - s) - 1: one inverted bit and a constant extend a sign through all columns.
            wires[-1] = ~wires[-1]
            constant -= 1 << base + len(wires) - 1
        for place, wire in enumerate(wires[: max(0, width - base)]):
            columns[base + place].append(wire)
    for place, column in enumerate(columns):
        if constant >> place & 1:
            column.append(Const(1, 1))
    return columns


def _heights(highest: int) -> list[int]:
    """Dadda's heights below `highest`, falling: each level of full adders takes two thirds."""
    heights = [2]
    while heights[-1] * 3 // 2 < highest:
        heights.append(heights[-1] * 3 // 2)
    return [height for height in reversed(heights) if height < highest]


def _reduce(m: Logic, name: str, columns: Columns, height: int) -> Columns:
    """The columns at most `height` high, behind one level of adders."""
    left: Columns = []
    added: list[tuple[int, list[Value]]] = []
    carried = 0
    for place, column in enumerate(columns):
        excess, rest, carries = len(column) + carried - height, list(column), 0
        while excess > 0:
            # A full adder takes two bits off its column, a half adder one.
            count = 3 if excess > 1 else 2
            added.append((place, [*rest[:count], *[Const(0, 1)] * (3 - count)]))
            rest, excess, carries = rest[count:], excess - count + 1, carries + 1
        left.append(rest)
        carried = carries
    total, carry = compress_3(m, name, *(Cat(*(wires[n] for _, wires in added)) for n in range(3)))
    for index, (place, _) in enumerate(added):
        left[place].append(total[index])
        if place + 1 < len(left):
            left[place + 1].append(carry[index])
    return left
