"""Gates covered by LUTs: no more levels than needed, and then as few LUTs as can be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hw.timing.cuts import Cuts, Leaves
from hw.timing.gates import Literal

ROUNDS = 2
"""How often each gate's choice is looked at again."""
Waits = Mapping[int, Sequence[tuple[Literal, float]]]


class Cover:
    """The LUTs of a network of gates.

    Parameters
    ----------
    cuts : Cuts
    order : sequence of int
        The gates that are alive, each after those that it needs, through cells too.
    roots : sequence of Literal
        What has to be there; as `Cuts.literal` gives them.
    waits : mapping
        As `Cuts` takes it.

    Attributes
    ----------
    chosen : dict of int to Leaves
        The LUTs: the gate whose value each has, and what it reads.
    time : list of float
        When each gate is there, in LUTs.
    longest : float
        The latest of them.
    """

    def __init__(
        self, cuts: Cuts, order: Sequence[int], roots: Sequence[Literal], waits: Waits, slack: float = 0.0
    ) -> None:
        self.cuts, self.order, self.waits = cuts, order, waits
        self.roots = [root >> 1 for root in roots if root > 1]
        self.best: dict[int, Leaves] = {}
        self.uses = [0] * len(cuts.same)
        self.time = list(cuts.time)
        self._fastest()
        self.longest = max((self.time[root] for root in self.roots), default=0.0)
        self.slack = slack
        # Once with how many may read a gate, once with how many do: a gate that is chosen for being shared may not be.
        self._flow()
        self._flow()
        for _ in range(ROUNDS):
            self._exact()
        self.chosen = {gate: self.best[gate] for gate in self.best if self.uses[gate]}

    def longest_path(self) -> list[int]:
        """The gates that the longest path passes, its end first."""
        path = [max(self.roots, key=self.time.__getitem__)] if self.roots else []
        while path:
            gate = path[-1]
            before = self.best.get(gate) or [self.cuts.literal(w) >> 1 for w, _ in self.waits.get(gate, ())]
            late = {gate: self.time[gate] for gate in before if gate}
            if not late:
                break
            path.append(self._latest(gate, late))
        return path

    def _latest(self, gate: int, late: Mapping[int, float]) -> int:
        """Which of what a gate waits for decides when it is there."""
        if gate in self.best:
            return max(late, key=late.__getitem__)
        more = {self.cuts.literal(w) >> 1: more for w, more in self.waits[gate]}
        return max(late, key=lambda before: late[before] + more[before])

    def _late(self, leaves: Leaves) -> float:
        time, late = self.time, 0.0
        for leaf in leaves:
            if time[leaf] > late:
                late = time[leaf]
        return late + 1.0

    def _arrive(self, gate: int) -> None:
        """The time of a leaf."""
        time = self.time
        time[gate] = max((time[self.cuts.literal(w) >> 1] + more for w, more in self.waits.get(gate, ())), default=0.0)

    def _fastest(self) -> None:
        """The choice with which each gate is there first."""
        for gate in self.order:
            if self.cuts.of[gate]:
                self.best[gate] = min(self.cuts.of[gate], key=self._late)
                self.time[gate] = self._late(self.best[gate])
            else:
                self._arrive(gate)

    def _required(self) -> list[float]:
        """When each gate has to be there; and, on the way, how many read it."""
        needed, uses = [float("inf")] * len(self.time), [0] * len(self.time)
        latest = self.longest + self.slack
        for root in self.roots:
            needed[root], uses[root] = latest, uses[root] + 1
        for gate in reversed(self.order):
            if gate in self.best:
                if not uses[gate]:
                    continue
                due = needed[gate] - 1.0
                for leaf in self.best[gate]:
                    uses[leaf] += 1
                    if due < needed[leaf]:
                        needed[leaf] = due
            else:
                for literal, more in self.waits.get(gate, ()):
                    before = self.cuts.literal(literal) >> 1
                    if needed[gate] - more < needed[before]:
                        needed[before] = needed[gate] - more
        self.uses = uses
        return needed

    def _flow(self) -> None:
        """The choice with the least area, shared among those that read a gate, that is there in time."""
        needed = self._required()
        flow, areas, readers = self.cuts.flow, self.cuts.areas, self.cuts.readers
        for gate in self.order:
            if gate not in self.best:
                self._arrive(gate)
                continue
            found = None
            for leaves in self.cuts.of[gate]:
                late = self._late(leaves)
                if late > needed[gate] + 1e-6 and found is not None:
                    continue
                key = (late > needed[gate] + 1e-6, areas[len(leaves)] + sum(flow[leaf] for leaf in leaves), late)
                if found is None or key < found[0]:
                    found = key, leaves
            assert found is not None
            self.best[gate] = found[1]
            self.time[gate] = found[0][2]
            flow[gate] = found[0][1] / max(1, self.uses[gate] or readers[gate])

    def _exact(self) -> None:
        """For each LUT, the choice that takes the fewest LUTs more, with all others as they are."""
        needed = self._required()
        uses, areas = self.uses, self.cuts.areas
        for gate in self.order:
            if gate not in self.best:
                self._arrive(gate)
                continue
            if not uses[gate]:
                self.time[gate] = self._late(self.best[gate])
                continue
            self._drop(self.best[gate])
            found = None
            for leaves in self.cuts.of[gate]:
                late = self._late(leaves)
                if late > needed[gate] + 1e-6:
                    continue
                area = areas[len(leaves)] + self._take(leaves)
                self._drop(leaves)
                if found is None or (area, late) < found[0]:
                    found = (area, late), leaves
            if found is not None:
                self.best[gate] = found[1]
            self._take(self.best[gate])
            self.time[gate] = self._late(self.best[gate])

    def _take(self, leaves: Leaves) -> float:
        """Read some gates; what those that were not read before take."""
        area, uses, best = 0.0, self.uses, self.best
        for leaf in leaves:
            uses[leaf] += 1
            if uses[leaf] == 1 and leaf in best:
                area += self.cuts.areas[len(best[leaf])] + self._take(best[leaf])
        return area

    def _drop(self, leaves: Leaves) -> None:
        uses, best = self.uses, self.best
        for leaf in leaves:
            uses[leaf] -= 1
            if not uses[leaf] and leaf in best:
                self._drop(best[leaf])
