"""The cuts of gates: sets of few wires that a gate is a function of. What is equal as a function becomes one gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from hw.timing.gates import AND, LEAF, XOR, Gates, Literal
from hw.timing.tables import needed

Leaves = tuple[int, ...]
KEPT = 8
"""Cuts of a gate that are looked at by those that read it."""


@lru_cache(maxsize=1 << 16)
def stretched(table: int, places: tuple[int, ...], count: int) -> int:
    """A table of inputs that stand at some places among `count`."""
    found = 0
    for n in range(1 << count):
        index = 0
        for place, at in enumerate(places):
            index |= (n >> at & 1) << place
        found |= (table >> index & 1) << n
    return found


class Cuts:
    """All gates that something reads, simplified, with cuts of each.

    Parameters
    ----------
    gates : Gates
    live : iterable of int
        Gates to look at, each after those that it reads.
    areas : sequence of float
        What a LUT of so many inputs takes, from one on; no cut has more inputs than these say.
    readers : sequence of int
        How many read each gate, about.
    waits : mapping of int to list of (Literal, float)
        For leaves that come from cells: what these wait for, and how long they take from there, in LUTs.
    equal : mapping of int to Literal
        What gates are known to be equal to.

    Attributes
    ----------
    same : list of Literal
        What each gate is the same as: itself, or another, or a constant.
    left, right : list of Literal
        What each reads, after that.
    of : list of list of Leaves
        Cuts of each gate that has not become another, but for itself alone.
    tables : list of dict of Leaves to int
        What each is of each of its cuts.
    """

    def __init__(
        self,
        gates: Gates,
        live: Iterable[int],
        areas: Sequence[float],
        readers: Sequence[int],
        waits: Mapping[int, Sequence[tuple[Literal, float]]],
        equal: Mapping[int, Literal],
    ) -> None:
        count = len(gates)
        self.kinds, self.inputs, self.areas, self.readers = gates.kinds, len(areas), (0.0, *areas), readers
        self.flow, self.time = [0.0] * count, [0.0] * count
        self.same: list[Literal] = [2 * gate for gate in range(count)]
        self.left, self.right = list(gates.left), list(gates.right)
        self.of: list[list[Leaves]] = [[] for _ in range(count)]
        self.tables: list[dict[Leaves, int]] = [{} for _ in range(count)]
        self._all: list[list[tuple[Leaves, int, int]]] = [[] for _ in range(count)]
        self._known: dict[tuple[Leaves, int], Literal] = {}
        self._pairs: dict[tuple[int, Literal, Literal], Literal] = {}
        for gate in live:
            if gate in equal:
                self.same[gate] = self.literal(equal[gate])
            elif self.kinds[gate] == LEAF:
                self._all[gate] = [((gate,), 0b10, 1 << (gate & 63))]
                waits_ = waits.get(gate, ())
                self.time[gate] = max((self.time[self.literal(w) >> 1] + more for w, more in waits_), default=0.0)
            else:
                self._simplify(gate)

    def literal(self, literal: Literal) -> Literal:
        """What a literal has become."""
        return self.same[literal >> 1] ^ (literal & 1)

    def _simplify(self, gate: int) -> None:
        left, right = self.literal(self.left[gate]), self.literal(self.right[gate])
        if left > right:
            left, right = right, left
        found = self._alike(self.kinds[gate], left, right)
        if found is None:
            flip = (left ^ right) & 1 if self.kinds[gate] == XOR else 0
            if self.kinds[gate] == XOR:
                left, right = left & ~1, right & ~1
            found = self._pairs.get((self.kinds[gate], left, right))
            if found is None:
                self.left[gate], self.right[gate] = left, right
                found = self._cut(gate)
                self._pairs[self.kinds[gate], left, right] = found
            found ^= flip
        self.same[gate] = found

    @staticmethod
    def _alike(kind: int, left: Literal, right: Literal) -> Literal | None:
        """A gate whose inputs are constant or one and the same wire."""
        if kind == AND:
            if left < 2:
                return right if left else 0
            if left >> 1 == right >> 1:
                return left if left == right else 0
        elif left < 2:
            return right ^ left
        elif left >> 1 == right >> 1:
            return (left ^ right) & 1
        return None

    def _cut(self, gate: int) -> Literal:
        """Find a gate's cuts; what it is the same as."""
        left, right, room = self.left[gate], self.right[gate], self.inputs
        xor = self.kinds[gate] == XOR
        found: dict[Leaves, tuple[int, int]] = {}
        for first, one, near in self._all[left >> 1]:
            for second, other, far in self._all[right >> 1]:
                sign = near | far
                if sign.bit_count() > room:
                    continue
                if first == second:
                    leaves, shared = first, True
                else:
                    union = {*first, *second}
                    if len(union) > room:
                        continue
                    shared = len(union) < len(first) + len(second)
                    leaves = tuple(sorted(union))
                if leaves in found:
                    continue
                size = len(leaves)
                full = (1 << (1 << size)) - 1
                x = one if first == leaves else stretched(one, tuple(map(leaves.index, first)), size)
                y = other if second == leaves else stretched(other, tuple(map(leaves.index, second)), size)
                if left & 1:
                    x ^= full
                if right & 1:
                    y ^= full
                table = x ^ y if xor else x & y
                if shared:
                    places, table = needed(table, size)
                    if len(places) < size:
                        if not places:
                            return table & 1
                        leaves = tuple(leaves[place] for place in places)
                        if len(leaves) == 1:
                            return 2 * leaves[0] | (table == 0b01)
                        sign = 0
                        for leaf in leaves:
                            sign |= 1 << (leaf & 63)
                found[leaves] = (table, sign)
        ranked = self._ranked(found)
        for _, _, leaves, table, _ in ranked:
            flip = table & 1
            key = (leaves, table ^ ((1 << (1 << len(leaves))) - 1 if flip else 0))
            known = self._known.get(key)
            if known is not None:
                return known ^ flip
        for _, _, leaves, table, _ in ranked:
            flip = table & 1
            key = (leaves, table ^ ((1 << (1 << len(leaves))) - 1 if flip else 0))
            self._known[key] = 2 * gate | flip
        self.flow[gate] = ranked[0][0] / max(1, self.readers[gate])
        self.time[gate] = min(time for _, time, *_ in ranked)
        self.of[gate] = [leaves for _, _, leaves, _, _ in ranked]
        self.tables[gate] = {leaves: table for _, _, leaves, table, _ in ranked}
        self._all[gate] = [((gate,), 0b10, 1 << (gate & 63)), *((cut[2], cut[3], cut[4]) for cut in ranked)]
        return 2 * gate

    def _ranked(self, found: dict[Leaves, tuple[int, int]]) -> list[tuple[float, float, Leaves, int, int]]:
        """The best cuts for area, the best for time among them."""
        flow, time, areas = self.flow, self.time, self.areas
        ranked = []
        for leaves, (table, sign) in found.items():
            area, late = areas[len(leaves)], 0.0
            for leaf in leaves:
                area += flow[leaf]
                if time[leaf] > late:
                    late = time[leaf]
            ranked.append((area, late + 1.0, leaves, table, sign))
        ranked.sort()
        if len(ranked) > KEPT:
            fastest = min(ranked, key=lambda cut: cut[1])
            ranked = ranked[:KEPT]
            if fastest not in ranked:
                ranked[-1] = fastest
        return ranked
