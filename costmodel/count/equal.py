"""Gates that are equal, or constant, whatever comes in: synthesis finds them, through carry cells too."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from costmodel.count.logic import Logic
from hw.timing.gates import AND, LEAF, Literal

EXACT = 14
"""Inputs that all values of are tried."""
SAMPLES = 2048
"""Values that others are compared on before."""


def equal_gates(logic: Logic, order: Sequence[int]) -> dict[int, Literal]:
    """What gates are equal to: an earlier gate, its inverse, or a constant.

    Only what was tried on all values of its inputs is told: up to `EXACT` of them.
    """
    support = _supports(logic, order)
    inputs = [gate for gate in order if support[gate] == 1 << gate]
    if len(inputs) <= EXACT:
        return _same(_values(logic, order, _all_values(inputs)), logic, order, 1 << (1 << len(inputs)))
    rng = random.Random(1)
    values = _values(logic, order, {gate: rng.getrandbits(SAMPLES) for gate in inputs})
    found = {}
    for gate, like in _same(values, logic, order, 1 << SAMPLES).items():
        both = support[gate] | support[like >> 1]
        if both.bit_count() <= EXACT and _is(logic, gate, like, both):
            found[gate] = like
    return found


def _supports(logic: Logic, order: Iterable[int]) -> dict[int, int]:
    """What each gate depends on, a bit for each gate that comes from outside."""
    gates, found = logic.gates, {0: 0}
    for gate in order:
        if gates.kinds[gate] != LEAF:
            found[gate] = found[gates.left[gate] >> 1] | found[gates.right[gate] >> 1]
        elif (function := logic.functions.get(gate)) is not None and all(w >> 1 in found for w in function[1]):
            found[gate] = 0
            for wire in function[1]:
                found[gate] |= found[wire >> 1]
        else:
            found[gate] = 1 << gate
    return found


def _all_values(inputs: Sequence[int]) -> dict[int, int]:
    """Values of inputs, of which each combination is there once."""
    rows, found = 1 << len(inputs), {}
    for place, gate in enumerate(inputs):
        period = 1 << place
        block, width = (1 << period) - 1 << period, 2 * period
        while width < rows:
            block, width = block | block << width, 2 * width
        found[gate] = block
    return found


def _values(logic: Logic, order: Iterable[int], given: dict[int, int]) -> dict[int, int]:
    """The values of gates, by those of inputs."""
    gates, rows = logic.gates, max((value.bit_length() for value in given.values()), default=1)
    full = (1 << rows) - 1
    found = {0: 0, **given}

    def of(literal: Literal) -> int:
        return found[literal >> 1] ^ full if literal & 1 else found[literal >> 1]

    for gate in order:
        if gate in found:
            continue
        if gates.kinds[gate] == LEAF:
            table, wires = logic.functions[gate]
            found[gate] = _looked_up(table, [of(wire) for wire in wires], full)
        elif gates.kinds[gate] == AND:
            found[gate] = of(gates.left[gate]) & of(gates.right[gate])
        else:
            found[gate] = of(gates.left[gate]) ^ of(gates.right[gate])
    return found


def _looked_up(table: int, values: Sequence[int], full: int) -> int:
    """A function of values, by its table."""
    if not values:
        return full if table & 1 else 0
    half = 1 << len(values) - 1
    low, high = table & (1 << half) - 1, table >> half
    if low == high:
        return _looked_up(low, values[:-1], full)
    zero, one = _looked_up(low, values[:-1], full), _looked_up(high, values[:-1], full)
    return zero ^ (zero ^ one) & values[-1]


def _same(values: dict[int, int], logic: Logic, order: Iterable[int], rows: int) -> dict[int, Literal]:
    """The gates whose values are those of earlier ones."""
    full, first, found = rows - 1, {0: 0}, {}
    for gate in order:
        value = values[gate]
        flip = value & 1
        like = first.setdefault(value ^ full if flip else value, 2 * gate | flip)
        if like >> 1 != gate and gate not in logic.carries and like >> 1 not in logic.carries:
            found[gate] = like ^ flip
    return found


def _is(logic: Logic, gate: int, like: Literal, inputs: int) -> bool:
    """Whether two gates are equal for all values of what they depend on."""
    given = _all_values([n for n in range(inputs.bit_length()) if inputs >> n & 1])
    needed, todo = set(given), [gate, like >> 1]
    while todo:
        here = todo.pop()
        if here in needed or not here:
            continue
        needed.add(here)
        if logic.gates.kinds[here] == LEAF:
            todo += [wire >> 1 for wire in logic.functions[here][1]]
        else:
            todo += [logic.gates.left[here] >> 1, logic.gates.right[here] >> 1]
    values = _values(logic, sorted(needed), given)
    full = (1 << (1 << len(given))) - 1
    return values[gate] == (values[like >> 1] ^ full if like & 1 else values[like >> 1])
