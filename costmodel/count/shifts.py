"""Registers in a row that become one LUT which shifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from costmodel.count.family import Family
from costmodel.count.logic import Logic
from hw.timing.gates import LEAF, Literal
from hw.timing.pins import Pins

SHORT, LONG = 16, 32
"""Places of a LUT that shifts, and of one that hands its last place on."""


def shift_registers(logic: Logic, roots: Sequence[Literal], kind: Family) -> tuple[int, int]:
    """How many registers become LUTs, and how many LUTs these are."""
    gates, known = logic.gates, logic.known
    reads = Counter(root >> 1 for root in roots)
    for gate in logic.live:
        if gates.kinds[gate] != LEAF:
            reads.update((gates.left[gate] >> 1, gates.right[gate] >> 1))
    plain = {known[pins.output]: pins for pins in logic.owned if isinstance(pins, Pins) and known[pins.reset] == 0}
    before: dict[Literal, Literal] = {}
    for output, pins in plain.items():
        data = known[pins.data]
        if data in plain and reads[data >> 1] == 1 and known[plain[data].enable] == known[pins.enable]:
            before[output] = data
    follow, taken, luts = {data: output for output, data in before.items()}, 0, 0
    for output in plain:
        if output in before or output not in follow:
            continue
        length = 1
        while output in follow:
            output, length = follow[output], length + 1
        if length >= kind.shifts:
            more, left = _luts(length)
            taken, luts = taken + length - left, luts + more
    return taken, luts


def _luts(length: int) -> tuple[int, int]:
    """The LUTs of a shift register, and the registers that are left."""
    luts = left = 0
    while length > LONG:
        if length in (LONG + 1, 2 * LONG + 1, 3 * LONG + 1):
            length, left = length - 1, 1
            continue
        length, luts = length - LONG, luts + 1
    if length == SHORT + 1:
        length, left = SHORT, 1
    return luts + (length > 0), left
