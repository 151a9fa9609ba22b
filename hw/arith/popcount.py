"""How many of some bits are one, where each bit is a function of a few wires: the sum of products of single bits.

Bits are counted in a tree. A row adds two numbers and takes a bit more as its carry (on AMD's fabrics three numbers
and two bits), and the leaves are what a family's LUTs count for least. AMD's LUT with two outputs is a full adder of
two products and a bit more; there all products go through such LUTs first, and what they carry is counted in the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from amaranth.hdl import Cat, Const, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.place import Place, adjoin, shared
from hw.arith.steps import bits
from hw.arith.term import ZERO, Bit, lone, wired
from hw.arith.wires import truncate

CHAIN = 8
"""Full adders in a row of LUTs, each of which waits for the one before."""
ROOM = 2
"""Wires of which a bit may be a function, so that two of them fit into a LUT of four."""


def popcount(m: Logic, name: str, given: Sequence[Bit]) -> Value:
    """How many of the bits are one, unsigned, in as many bits as it needs.

    Parameters
    ----------
    m : Logic
        Where it is added.
    name : str
        Of its wires.
    given : sequence of Bit
        At least one.
    """
    if not given:
        raise ValueError("given must have at least one bit, got none")
    if fabric(m).lut_outputs < 2 or len(given) < 4:
        return _tree(m, name, wired(m, f"{name}_product", given, ROOM))
    sums, carries = _carry_save(m, name, given)
    ones, twos = _tree(m, f"{name}_ones", sums), _tree(m, f"{name}_twos", carries)
    if len(ones) == 1:
        return Cat(ones, twos)
    numbers = [[lone(wire) for wire in bits(number)] for number in (ones, Cat(Const(0, 1), twos))]
    return _row(m, name, numbers, [], len(given).bit_length())


def _carry_save(m: Logic, name: str, given: Sequence[Bit]) -> tuple[list[Bit], list[Bit]]:
    """Sums and carries of LUTs that add two bits each, and the sum of the LUT before where its wire fits in."""
    room = fabric(m).lut_inputs - 1
    sums: list[Bit] = []
    carries: list[Bit] = []
    chained = 0
    for low in range(0, len(given), 2):
        few = [*given[low : low + 2]]
        if sums and chained < CHAIN and _wires([*few, sums[-1]]) <= room:
            few, chained = [*few, sums.pop()], chained + 1
        else:
            chained = 1
        if len(few) == 1:
            sums += few
            continue
        one, two = bits(fabric(m).add_bits(m, f"{name}_pair{low}", few))
        sums.append(lone(one))
        carries.append(lone(two))
    return sums, carries


def _wires(given: Sequence[Bit]) -> int:
    """How many wires bits depend on together."""
    return len(shared(Place(tuple(wire for bit in given for wire in bit.inputs), ZERO.function, ZERO.function)).inputs)


def _tree(m: Logic, name: str, given: Sequence[Bit]) -> Value:
    count = len(given)
    if count == 1:
        return m.wire(name, given[0].value())
    few, addends = fabric(m).counted, fabric(m).addends
    if count <= few:
        return fabric(m).add_bits(m, name, given)
    sizes, low, numbers = _plan(count, few, addends)[1], 0, []
    for index, size in enumerate(sizes):
        part = given[low : low + size]
        low += size
        numbers.append([*part] if size == 1 else [lone(wire) for wire in bits(_tree(m, f"{name}_{index}", part))])
    return _row(m, name, numbers, given[low:], count.bit_length())


@cache
def _plan(count: int, few: int, addends: int) -> tuple[int, tuple[int, ...]]:
    """What counting so many bits costs, about, and how many of them go into each number; a row's carries are left."""
    if count <= few:
        return count, (count,)
    rest = count - (addends - 1)
    even, full, sizes = -(-rest // addends), few, {-(-rest // addends)}
    # Numbers that have all values of their bits waste none of a row.
    while full < rest:
        sizes |= {full} if full > even else set()
        full = addends * full + addends - 1
    found = []
    for first in sizes:
        others = [(rest - first + index) // (addends - 1) for index in range(addends - 1)]
        parts = (first, *(part for part in others if part))
        found.append((sum(_plan(part, few, addends)[0] for part in parts) + count.bit_length(), parts))
    return min(found)


def _row(m: Logic, name: str, numbers: Sequence[Sequence[Bit]], extra: Sequence[Bit], width: int) -> Value:
    """The sum of a few numbers and bits."""
    if len(numbers) > 2 or len(extra) > 1:
        wires = [m.wire(f"{name}_number{n}", Cat(bit.value() for bit in number)) for n, number in enumerate(numbers)]
        carries = [m.wire(f"{name}_carry{n}", bit.value()) for n, bit in enumerate(extra)]
        x, y, z = [*wires, *[Const(0, 1)] * 3][:3]
        return fabric(m).add_three(m, name, x, y, z, width, carries)
    places = [adjoin(*(_place(number, n) for number in [*numbers, [], []][:2])) for n in range(width)]
    if not extra:
        return fabric(m).row(m, name, places)
    if not fabric(m).folds_four or len(extra[0].inputs) == 1:
        return fabric(m).row(m, name, places, m.wire(f"{name}_carry", extra[0].value()))
    # A place of its own makes the carry of a function.
    below = Place(extra[0].inputs, extra[0].function, extra[0].function)
    return truncate(m, f"{name}_above", fabric(m).row(m, name, [below, *places]), width, 1)


def _place(number: Sequence[Bit], n: int) -> Place:
    """A bit of a number as both numbers of a place."""
    bit = number[n] if n < len(number) else ZERO
    return Place(bit.inputs, bit.function, bit.function)
