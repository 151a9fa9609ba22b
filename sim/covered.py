"""How much of a unit's declared coverage its plays have tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from rtl_gen.steps import step
from sim.benches import bench
from sim.coverage.point import SIMULATION, Counts, Covered, Point, count
from sim.coverage.steering import Trials, joined, steer, steerable
from sim.coverage.tried import Tried

HOLE = "coverage"
"""How a failure begins that is a hole; no play has this name."""
FILLING = "filling"
"""The play that fills holes."""
BOUND = 1 << 14
"""Trials in which it is looked for, at most."""


HEADS = ("point", "bins", "hit", "holes")


def said(summary: Mapping[str, Any]) -> str:
    """How much of a coverage was tried."""
    return f"{summary['hit']} of {summary['declared']}"


def lines(summary: Mapping[str, Any]) -> list[list[str]]:
    """The cells below `HEADS`: a line for each point."""
    holes = [hole.split(": ", 1) for hole in summary["holes"]]
    return [
        [name, str(declared), str(hit), ", ".join(bin for point, bin in holes if point == name)]
        for name, (hit, declared) in summary["points"].items()
    ]


def culprit(failure: str) -> str | None:
    """The name of the play that failed; None if all of them together left a hole."""
    name = failure.partition(":")[0]
    return None if name == HOLE else name


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
        self.tried[play.name] = Tried(self.spec, play)
        self.counts[play.name] = self.look(play)
        return self.counts[play.name]

    def look(self, play: Any) -> dict[str, NDArray[np.int64]]:
        """The counts of a play, which is not added."""
        return count([one for one in self.points if one.about != SIMULATION], Tried(self.spec, play))

    def planned(self) -> Covered:
        """What the plays try, as far as that is known before they are played."""
        return self._of(list(self.tried), [one for one in self.points if one.about != SIMULATION])

    def seen(self, evidence: Mapping[str, Mapping[str, Any]]) -> Covered:
        """What the plays that have evidence have tried."""
        observed = [one for one in self.points if one.about == SIMULATION]
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


def filling(coverage: Coverage, seed: int, bound: int = BOUND) -> list[Any]:
    """A play of what fills the holes that the plays leave, as far as operands can and it is found; or none.

    Parameters
    ----------
    coverage : Coverage
        Of the plays; the new one is added.
    seed : int
        Of what is tried by chance.
    bound : int
        Trials, at most.
    """
    covered = coverage.planned()
    trials = trials_of(coverage.spec) if any(map(covered.holes, steerable(covered.points))) else None
    if trials is None:
        return []
    with step(f"looking for what fills holes in the coverage of {coverage.spec}"):
        steered = steer(trials, covered, coverage.look, np.random.default_rng(seed), bound)
    if not steered.filled:
        return []
    play = trials.play(FILLING, joined(steered))
    coverage.add(play)
    return [play]


def trials_of(spec: hw.Spec) -> Trials | None:
    """How a unit's bench tries operands, if it says so."""
    make = getattr(bench(spec.unit), "trials", None)
    return make(spec) if make else None
