"""Gates, their cuts, and the LUTs that cover them."""

from __future__ import annotations

import random

import pytest

from hw.timing.cover import Cover
from hw.timing.cuts import Cuts
from hw.timing.gates import AND, LEAF, Gates, Literal

LUT4 = (1.0,) * 4


def covered(gates: Gates, roots: list[Literal], areas: tuple[float, ...] = LUT4) -> Cover:
    readers = [1] * len(gates)
    cuts = Cuts(gates, range(1, len(gates)), areas, readers, {}, {})
    found = [cuts.literal(root) for root in roots]
    order, todo = set[int](), [root >> 1 for root in found]
    while todo:
        gate = todo.pop()
        if gate and gate not in order:
            order.add(gate)
            todo += (
                [] if gates.kinds[gate] == LEAF else [cuts.literal(x) >> 1 for x in (cuts.left[gate], cuts.right[gate])]
            )
    return Cover(cuts, sorted(order), found, {})


def test_equal_gates_are_one() -> None:
    gates = Gates()
    x, y = gates.leaf(), gates.leaf()
    assert gates.both(x, y) == gates.both(y, x)
    assert gates.differ(x ^ 1, y) == gates.differ(x, y) ^ 1
    assert gates.differ(gates.differ(x, y), y) == x
    assert gates.both(x, gates.both(x ^ 1, y)) == 0
    assert gates.choose(x, y, y ^ 1) == gates.differ(x, y) ^ 1


@pytest.mark.parametrize("table", [0b10010110, 0b11101000, 0b11001010, 0b00000001, 0b11110000, 0b01111110])
def test_a_table_becomes_gates(table: int) -> None:
    gates = Gates()
    inputs = [gates.leaf() for _ in range(3)]
    root = gates.table(table, inputs)
    values = {wire >> 1: sum((n >> place & 1) << n for n in range(8)) for place, wire in enumerate(inputs)}
    assert evaluated(gates, values, 0xFF)[root >> 1] ^ (0xFF if root & 1 else 0) == table


def evaluated(gates: Gates, given: dict[int, int], full: int) -> dict[int, int]:
    found = {0: 0, **given}
    for gate in range(1, len(gates)):
        if gates.kinds[gate] != LEAF:
            x, y = (found[side >> 1] ^ (full if side & 1 else 0) for side in (gates.left[gate], gates.right[gate]))
            found[gate] = x & y if gates.kinds[gate] == AND else x ^ y
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("inputs", [4, 6])
def test_each_cut_has_the_table_of_its_gate(seed: int, inputs: int) -> None:
    rng = random.Random(seed)
    gates = Gates()
    wires = [gates.leaf() for _ in range(6)]
    leaves = {wire >> 1: sum((n >> place & 1) << n for n in range(64)) for place, wire in enumerate(wires)}
    for _ in range(60):
        x, y = (rng.choice(wires[-12:]) ^ rng.getrandbits(1) for _ in range(2))
        wires.append(rng.choice([gates.both, gates.differ, gates.either])(x, y))
    full = (1 << 64) - 1
    values = evaluated(gates, leaves, full)
    cuts = Cuts(gates, range(1, len(gates)), (1.0,) * inputs, [1] * len(gates), {}, {})
    for gate in range(1, len(gates)):
        same = cuts.literal(2 * gate)
        # A gate may be there as its inverse: what it has become tells.
        own = values[gate] ^ (full if same == 2 * gate + 1 else 0)
        if same >> 1 != gate:
            own_same = cuts.same[same >> 1] & 1
            assert values[gate] == values[same >> 1] ^ (full if (same ^ own_same) & 1 else 0)
        for leaves_of, table in cuts.tables[gate].items():
            for n in range(64):
                index = sum(
                    ((values[leaf] >> n ^ cuts.same[leaf]) & 1) << place for place, leaf in enumerate(leaves_of)
                )
                assert table >> index & 1 == own >> n & 1


def test_an_input_that_does_not_matter_costs_nothing() -> None:
    gates = Gates()
    x, y, z = (gates.leaf() for _ in range(3))
    same = gates.either(gates.both(gates.both(x, y), z), gates.both(gates.both(x, z), y ^ 1))
    cover = covered(gates, [same])
    assert list(cover.chosen.values()) == [(x >> 1, z >> 1)]


@pytest.mark.parametrize(
    ("operator", "inputs", "luts", "levels"), [("&", 16, 5, 2), ("^", 16, 5, 2), ("|", 4, 1, 1), ("^", 7, 2, 2)]
)
def test_a_wide_gate_is_a_tree_of_luts(operator: str, inputs: int, luts: int, levels: int) -> None:
    gates = Gates()
    root = gates.tree(operator, [gates.leaf() for _ in range(inputs)])
    cover = covered(gates, [root])
    assert (len(cover.chosen), cover.longest) == (luts, levels)
    assert len(cover.longest_path()) == levels + 1


def test_six_inputs_make_a_choice_of_four() -> None:
    gates = Gates()
    a, b, c, d, s, t = (gates.leaf() for _ in range(6))
    root = gates.choose(t, gates.choose(s, a, b), gates.choose(s, c, d))
    assert len(covered(gates, [root]).chosen) == 2 + 1
    assert len(covered(gates, [root], (1.0,) * 6).chosen) == 1
