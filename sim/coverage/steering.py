"""Stimulus that is steered by holes: who has filled some lately makes more.

It is a bandit, as fuzzers have it: there are some ways to make operands, none of which is the best for all holes, and
each batch is made the way that has filled most holes of late, or has not been asked for long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from sim.coverage.classes import examples, in_order
from sim.coverage.point import OPERANDS, VALUES, Covered, Point

Operands = dict[str, NDArray[Any]]
"""Codes by the names of operands: of shape (trials, ...)."""

BATCH = 64
"""Trials at a time."""
FADES = 0.9
"""What is left of a way's gain after the next batch of it."""
WAYS = ("uniform", "classes", "ends", "aimed", "near")
KEPT = 256
"""Trials that filled holes lately, of which others like them are made."""


@dataclass(frozen=True)
class Trials:
    """How a bench tries operands: a trial is what depends on nothing before it, a pair, a beat or a short sum.

    Attributes
    ----------
    operands : dict of str to (Format, tuple of int)
        What a trial has: a format each, and the shape of its codes.
    play : callable
        From a name and operands to a play of them.
    aimed : callable
        Operands that are aimed at results that are hard to round, so many trials; None where there are none such.
    """

    operands: Mapping[str, tuple[Format, tuple[int, ...]]]
    play: Callable[[str, Operands], Any]
    aimed: Callable[[int, np.random.Generator], Operands] | None = None

    def uniform(self, count: int, rng: np.random.Generator) -> Operands:
        """All codes by chance."""
        return {name: codes_by_chance(fmt, (count, *shape), rng) for name, (fmt, shape) in self.operands.items()}

    def classes(self, count: int, rng: np.random.Generator) -> Operands:
        """Codes of all classes, one as likely as another."""
        return {name: _of_classes(fmt, (count, *shape), rng) for name, (fmt, shape) in self.operands.items()}

    def ends(self, count: int, rng: np.random.Generator) -> Operands:
        """Codes at the ends of classes."""
        return {name: rng.choice(examples(fmt), (count, *shape)) for name, (fmt, shape) in self.operands.items()}

    def near(self, like: Operands, count: int, rng: np.random.Generator) -> Operands:
        """Some trials again, each with a bit of every other code changed."""
        chosen = rng.integers(0, len(next(iter(like.values()))), count)
        made = {}
        for name, (fmt, _) in self.operands.items():
            codes = like[name][chosen]
            flips = np.ones(codes.shape, dtype=codes.dtype) << rng.integers(0, fmt.width, codes.shape).astype(
                codes.dtype
            )
            made[name] = np.where(rng.random(codes.shape) < 0.5, codes ^ flips, codes)
        return made


def codes_by_chance(fmt: Format, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Codes of a format of any width, each as likely as any other."""
    if fmt.width <= 62:
        return rng.integers(0, 1 << fmt.width, shape)
    words = rng.integers(0, 1 << 32, (*shape, -(-fmt.width // 32))).astype(object)
    numbers = (words << np.arange(0, fmt.width, 32).astype(object)).sum(axis=-1)
    return np.asarray(numbers & ((1 << fmt.width) - 1), dtype=object)


def _of_classes(fmt: Format, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    codes, begins = in_order(fmt)
    which = rng.integers(0, len(begins) - 1, shape)
    return codes[begins[which] + (rng.random(shape) * (begins[which + 1] - begins[which])).astype(np.int64)]


@dataclass
class Way:
    """A way to make trials, and what has come of it.

    Attributes
    ----------
    make : callable
    gain : float
        Holes filled in a batch, of late.
    batches : int
    """

    make: Callable[[int, np.random.Generator], Operands]
    gain: float = 0.0
    batches: int = 0

    def hope(self, round: int) -> float:
        """What to expect of it, and more where that is not known well: the upper confidence bound of bandits."""
        return float("inf") if not self.batches else self.gain + sqrt(2 * log(round + 1) / self.batches)


@dataclass
class Steered:
    """What steering has come to.

    Attributes
    ----------
    filled : list of Operands
        The batches that filled holes.
    trials : int
        How many were tried.
    left : int
        Holes that are left.
    by_way : dict of str to int
        Holes that each way filled.
    """

    filled: list[Operands] = field(default_factory=list)
    trials: int = 0
    left: int = 0
    by_way: dict[str, int] = field(default_factory=dict)


def steerable(points: Sequence[Point]) -> list[Point]:
    """The points whose holes operands can fill."""
    return [one for one in points if one.about in (OPERANDS, VALUES)]


def steer(
    trials: Trials,
    covered: Covered,
    tried: Callable[[Any], Mapping[str, NDArray[np.int64]]],
    rng: np.random.Generator,
    bound: int,
    ways: Sequence[str] = WAYS,
    turns: bool = False,
) -> Steered:
    """Try until no hole is left that operands can fill, or `bound` trials.

    Parameters
    ----------
    trials : Trials
    covered : Covered
        What has been tried by now.
    tried : callable
        From a play to its counts.
    rng : Generator
    bound : int
    ways : sequence of str
        Those that may be taken.
    turns : bool
        Whether they just take turns, whatever comes of them: to see what steering is worth.
    """
    points = steerable(covered.points)
    holes = {(one.name, bin) for one in points for bin in covered.holes(one)}
    steered, kept = Steered(left=len(holes)), list[Operands]()
    known = {"uniform": trials.uniform, "classes": trials.classes, "ends": trials.ends, "aimed": trials.aimed}
    taken = {name: Way(make) for name, make in known.items() if make is not None and name in ways}
    if "near" in ways:
        taken["near"] = Way(lambda count, rng: trials.near(_joined(kept), count, rng))
    while holes and steered.trials < bound:
        able = {name: way for name, way in taken.items() if kept or name != "near"}
        hopes = {name: -way.batches if turns else way.hope(steered.trials // BATCH) for name, way in able.items()}
        name = max(hopes, key=hopes.__getitem__)
        # Without a choice nothing is gained by looking often.
        size = BATCH if len(taken) > 1 else max(BATCH, min(4096, steered.trials // 16))
        made = able[name].make(size, rng)
        counts = tried(trials.play(f"{name}{steered.trials}", made))
        filled = {(point, bin) for point, bin in holes if counts[point][bin]}
        steered.trials += size
        way = able[name]
        way.gain = FADES * way.gain + (1 - FADES) * len(filled) if way.batches else float(len(filled))
        way.batches += 1
        if filled:
            holes -= filled
            steered.filled.append(made)
            steered.by_way[name] = steered.by_way.get(name, 0) + len(filled)
            kept = [*kept, made][-KEPT // BATCH :]
    steered.left = len(holes)
    return steered


def _joined(batches: Sequence[Operands]) -> Operands:
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def joined(steered: Steered) -> Operands:
    """All trials of the batches that filled holes."""
    return _joined(steered.filled)
