"""LUTs of four inputs that are too many for what they make together, as a function.

What synthesis finds by rewriting and by don't-cares is sought here for small cones: their LUTs are taken together, and
decomposed anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from itertools import combinations

from hw.timing.cover import Cover
from hw.timing.tables import needed

INPUTS, WIDE = 4, 6
"""Of a LUT, and of a cone that is looked at."""


def repacked(cover: Cover, rooted: Collection[int]) -> int:
    """How many LUTs are saved; `rooted` are the gates that are read by more than LUTs."""
    readers = Counter(leaf for leaves in cover.chosen.values() for leaf in leaves)
    saved, taken = 0, set[int]()
    for gate in sorted(cover.chosen, reverse=True):
        if gate in taken:
            continue
        inner, leaves = _cone(cover, gate, readers, rooted, taken)
        if len(inner) > 1:
            fewer = len(inner) - luts_of(_table(cover, inner, leaves), len(leaves))
            if fewer > 0:
                saved += fewer
                taken |= set(inner)
    return saved


def _cone(
    cover: Cover, gate: int, readers: Counter[int], rooted: Collection[int], taken: Collection[int]
) -> tuple[list[int], list[int]]:
    """The LUTs that are read by one another and in the end by `gate` alone, and what they read."""
    chosen = cover.chosen
    inner, leaves, within = [gate], set(chosen[gate]), Counter(chosen[gate])
    while True:
        best = None
        for leaf in leaves:
            if leaf in chosen and leaf not in rooted and leaf not in taken and readers[leaf] == within[leaf]:
                union = leaves - {leaf} | set(chosen[leaf])
                if len(union) <= WIDE and (best is None or len(union) < len(best[1])):
                    best = leaf, union
        if best is None:
            return sorted(inner), sorted(leaves)
        inner.append(best[0])
        leaves = best[1]
        within.update(chosen[best[0]])


def _table(cover: Cover, inner: list[int], leaves: list[int]) -> int:
    """What the last of some LUTs is of what they read."""
    rows = 1 << len(leaves)
    full = (1 << rows) - 1
    known = {}
    for place, leaf in enumerate(leaves):
        period = 1 << place
        block = (1 << period) - 1 << period
        known[leaf] = sum(block << start for start in range(0, rows, 2 * period))
    for gate in inner:
        wires = cover.chosen[gate]
        table, value = cover.cuts.tables[gate][wires], 0
        for n in range(1 << len(wires)):
            if table >> n & 1:
                term = full
                for place, wire in enumerate(wires):
                    term &= known[wire] if n >> place & 1 else known[wire] ^ full
                value |= term
        known[gate] = value
    return known[inner[-1]]


@lru_cache(maxsize=1 << 16)
def luts_of(table: int, count: int) -> int:
    """LUTs of four inputs for a function of up to six, by its table: at most so many are needed."""
    places, table = needed(table, count)
    count = len(places)
    if count <= INPUTS:
        return int(count > 1)
    best = 9
    for size in range(INPUTS, 1, -1):
        for bound in combinations(range(count), size):
            kinds = sorted(set(_columns(table, count, bound)))
            if len(kinds) == 2:
                # One LUT tells which of the two it is, for what is made of the others.
                free = count - size
                best = min(best, 1 + luts_of(kinds[0] | kinds[1] << (1 << free), free + 1))
            elif len(kinds) <= 4 and count - size + 2 <= INPUTS:
                best = min(best, 3)
            if best == 2:
                return 2
    for place in range(count):
        low, high = _halves(table, count, place)
        best = min(best, 1 + luts_of(low, count - 1) + luts_of(high, count - 1))
    return best


def _columns(table: int, count: int, bound: tuple[int, ...]) -> list[int]:
    """The function of the other inputs, for each value of some, the first input of these lowest."""
    found = [0] * (1 << len(bound))
    free = [place for place in range(count) if place not in bound]
    for n in range(1 << count):
        if table >> n & 1:
            column = sum((n >> place & 1) << at for at, place in enumerate(bound))
            found[column] |= 1 << sum((n >> place & 1) << at for at, place in enumerate(free))
    return found


def _halves(table: int, count: int, place: int) -> tuple[int, int]:
    low = high = at = 0
    for n in range(1 << count):
        if n >> place & 1:
            continue
        low |= (table >> n & 1) << at
        high |= (table >> (n | 1 << place) & 1) << at
        at += 1
    return low, high
