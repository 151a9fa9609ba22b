"""What is to be tried: points, each with bins, and how many samples of plays fell into each bin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.coverage.tried import Tried

OPERANDS, VALUES, DRIVING, SIMULATION = "operands", "values", "driving", "simulation"
ABOUT: dict[str, str] = {
    OPERANDS: "the operands of one cycle or beat: where all were tried, what did not come is impossible",
    VALUES: "those of many cycles or beats",
    DRIVING: "when they come: stalls, resets, lengths, options",
    SIMULATION: "what the design does with them, which only the simulation can tell",
}
NONE = -1
"""The bin of a sample that falls into none."""


@dataclass(frozen=True)
class Point:
    """A question that all plays together have to answer in every way.

    Attributes
    ----------
    name : str
    bins : tuple of str
        The answers.
    find : callable
        From what a play tried to an array of the numbers of bins; `NONE` for samples that fall into none.
    possible : tuple of int
        The bins that are sure to be hit by something, as the formats say. What is hit all the same counts.
    about : str
        What it depends on: a key of `ABOUT`.
    """

    name: str
    bins: tuple[str, ...]
    find: Callable[[Tried], ArrayLike]
    possible: tuple[int, ...]
    about: str = VALUES


def point(
    name: str, bins: Sequence[str], find: Callable[[Tried], ArrayLike], possible: Iterable[int] | None = None,
    about: str = VALUES,
) -> Point:  # fmt: skip
    """A point, all of whose bins are possible unless it is said which are."""
    return Point(name, tuple(bins), find, tuple(range(len(bins)) if possible is None else possible), about)


def cross(first: Point, second: Point, name: str = "") -> Point:
    """What falls into a bin of each of two points whose samples are the same."""
    count = len(second.bins)

    def find(tried: Tried) -> NDArray[np.int64]:
        x, y = found(first, tried), found(second, tried)
        both = x * np.int64(count) + y
        some = [bins for bins in (x, y) if bins.min(initial=0) < 0]
        for bins in some:
            both[bins < 0] = NONE
        return both

    return Point(
        name or f"{first.name} x {second.name}",
        tuple(f"{x} x {y}" for x in first.bins for y in second.bins),
        find,
        tuple(x * count + y for x in first.possible for y in second.possible),
        max(first.about, second.about, key=list(ABOUT).index),
    )


def found(of: Point, tried: Tried) -> NDArray[Any]:
    """The bins of a point that a play's samples fall into, as an array of one dimension, of integers with a sign."""
    return tried.once(of, lambda: np.asarray(of.find(tried)).ravel())


Counts = Mapping[str, NDArray[np.int64]]
"""By the names of points, how many samples fell into each bin."""


def count(points: Iterable[Point], tried: Tried) -> dict[str, NDArray[np.int64]]:
    """What a play has tried of some points."""
    counts = {}
    for one in points:
        bins = found(one, tried)
        # Copying what all of it is counted takes longer than to look for less.
        some = bins[bins >= 0] if bins.min(initial=0) < 0 else bins
        counts[one.name] = np.bincount(some, minlength=len(one.bins))
    return counts


@dataclass(frozen=True)
class Covered:
    """What all plays together have tried.

    Parameters
    ----------
    points : sequence of Point
    counts : dict of str to array
        By the names of points.
    exhaustive : bool
        Whether all operands were tried.
    """

    points: Sequence[Point]
    counts: Counts
    exhaustive: bool

    @classmethod
    def of(cls, points: Sequence[Point], counts: Iterable[Counts], exhaustive: bool) -> Covered:
        """The sums of some counts, of these points; one that none of them has was hit by nothing."""
        total = {one.name: np.zeros(len(one.bins), dtype=np.int64) for one in points}
        for some in counts:
            for name in total.keys() & some.keys():
                total[name] = total[name] + some[name]
        return cls(points, total, exhaustive)

    def declared(self, one: Point) -> NDArray[np.int64]:
        """The bins that have to be hit: the possible ones; where all operands were tried, those that these hit."""
        hit = self.counts[one.name] > 0
        if not (self.exhaustive and one.about == OPERANDS):
            hit[list(one.possible)] = True
        return np.flatnonzero(hit)

    def holes(self, one: Point) -> list[int]:
        """The declared bins of a point that nothing has hit."""
        return [int(bin) for bin in self.declared(one) if not self.counts[one.name][bin]]

    def all_holes(self) -> list[str]:
        """All holes by name."""
        return [f"{one.name}: {one.bins[bin]}" for one in self.points for bin in self.holes(one)]

    def summary(self) -> dict[str, Any]:
        """In plain numbers: bins `declared` and `hit`, of all, and of each of the `points`; and the `holes` by name."""
        points = {}
        for one in self.points:
            declared = len(self.declared(one))
            points[one.name] = [declared - len(self.holes(one)), declared]
        hit, declared = (sum(numbers[side] for numbers in points.values()) for side in (0, 1))
        return {"hit": hit, "declared": declared, "points": points, "holes": self.all_holes()}
