"""How much of a unit's declared coverage its plays have tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import hw
from sim.benches import bench
from sim.coverage.point import Counts, Covered, Point, count
from sim.coverage.tried import Tried

HOLE = "coverage"
"""How a failure begins that is a hole; no play has this name."""


def culprit(failure: str) -> str | None:
    """The name of the play that failed; None if all of them together left a hole."""
    name = failure.partition(":")[0]
    return None if name == HOLE else name


def filling(coverage: Coverage, seed: int) -> list[Any]:
    return []


class Coverage:
    """The coverage of a list of plays: what can be counted is, before any is played.

    Parameters
    ----------
    spec : Spec
        The design.
    plays : sequence of Play, StreamPlay or CorePlay
    points : sequence of Point, optional
        What is to be tried, if not what the unit's bench declares.
    """

    def __init__(self, spec: hw.Spec, plays: Sequence[Any], points: Sequence[Point] | None = None) -> None:
        self.spec, self.points = spec, declared(spec) if points is None else points
        self.tried: dict[str, Tried] = {}
        self.counts: dict[str, Counts] = {}
        for play in plays:
            self.add(play)

    def add(self, play: Any) -> Counts:
        """Count one more play."""
        tried = Tried(self.spec, play)
        self.tried[play.name] = tried
        self.counts[play.name] = count([one for one in self.points if not one.observed], tried)
        tried.forget()
        return self.counts[play.name]

    def planned(self) -> Covered:
        """What the plays try, as far as that is known before they are played."""
        return self._of(list(self.tried), [one for one in self.points if not one.observed])

    def seen(self, evidence: Mapping[str, Mapping[str, Any]]) -> Covered:
        """What the plays that have evidence have tried."""
        observed = [one for one in self.points if one.observed]
        for name in self.tried.keys() & evidence.keys():
            self.tried[name].evidence = evidence[name]
            self.counts[name] = {**self.counts[name], **count(observed, self.tried[name])}
        return self._of([name for name in self.tried if name in evidence], self.points)

    def _of(self, names: Sequence[str], points: Sequence[Point]) -> Covered:
        exhaustive = any(self.tried[name].play.exhaustive for name in names)
        return Covered.of(points, [self.counts[name] for name in names], exhaustive)


def declared(spec: hw.Spec) -> list[Point]:
    """What the plays of a unit have to try: what its bench declares; nothing, if it declares nothing."""
    declare = getattr(bench(spec.unit), "coverage", None)
    return declare(spec) if declare else []
