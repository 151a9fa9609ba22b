"""What to try on products that share a multiplier: all sets of operands, or extremes, corners and chance."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from hw.specs.pack import PackSpec
from sim.benches.feedforward import feedforward, feedforward_trial
from sim.benches.play import Play
from sim.benches.stimulus import EXHAUSTIVE_BITS, corners
from sim.coverage.classes import operand
from sim.coverage.clocked import passing
from sim.coverage.point import Point, cross
from sim.coverage.steering import Trials

FORMULA = "p0 = a0 * b0, p1 = a1 * b0, and so on: every a with every b"

RANDOM_SETS = 1 << 15


def plays(spec: PackSpec, seed: int) -> list[Play]:
    """All plays: one."""
    rng = np.random.default_rng(seed)
    tried, exhaustive = operand_sets(spec, rng)
    operands = dict(zip(spec.operands, tried, strict=True))
    return [feedforward(spec, "every_set", operands, exhaustive, rng)]


def operand_sets(spec: PackSpec, rng: np.random.Generator) -> tuple[NDArray[np.int64], bool]:
    """Codes of shape (operands, sets), and whether they are all that there are."""
    formats = list(spec.operands.values())
    if sum(fmt.width for fmt in formats) <= EXHAUSTIVE_BITS:
        every = np.indices([1 << fmt.width for fmt in formats]).reshape(len(formats), -1)
        return every[:, rng.permutation(every.shape[1])], True
    half = [1 << (fmt.width - 1) for fmt in formats]
    extremes = [[0, 1, h - 1, h, 2 * h - 1] for h in half]
    all_extremes = np.stack([grid.ravel() for grid in np.meshgrid(*extremes)])
    near = np.stack([rng.choice(corners(fmt), RANDOM_SETS) for fmt in formats])
    random = np.stack([rng.integers(0, 1 << fmt.width, RANDOM_SETS) for fmt in formats])
    return np.concatenate([all_extremes, near, random], axis=1), False


def coverage(spec: PackSpec) -> list[Point]:
    """Operands of all classes, each with each other one."""
    points = [operand(name, fmt) for name, fmt in spec.operands.items()]
    crosses = [cross(x, y) for index, x in enumerate(points) for y in points[index + 1 :]]
    return [*points, *crosses, *passing(spec)]


def trials(spec: PackSpec) -> Trials:
    """A set of operands is a trial."""
    return Trials({name: (fmt, ()) for name, fmt in spec.operands.items()}, partial(feedforward_trial, spec))
