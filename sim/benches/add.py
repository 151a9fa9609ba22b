"""What to try on an adder: as on a multiplier, all operand pairs and stalls; and sums of what is alike."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed
from hw.specs.add import AddSpec
from sim.benches.aimed import nearest, wanted
from sim.benches.feedforward import feedforward, feedforward_trial
from sim.benches.play import Play
from sim.benches.stimulus import pairs
from sim.coverage.classes import operand
from sim.coverage.clocked import passing
from sim.coverage.point import OPERANDS, Point, cross
from sim.coverage.rounding import Reach
from sim.coverage.steering import Operands, Trials
from sim.coverage.sums import Pair, added, sizes_of
from sim.coverage.tried import Tried
from sim.golden.decoding import decode

FORMULA = "s = a + b"

NEAR = 1 << 13


def plays(spec: AddSpec, seed: int) -> list[Play]:
    """All plays for an adder: one."""
    rng = np.random.default_rng(seed)
    tried = pairs(spec.a, spec.b, rng)
    a, b = tried.a, tried.b
    if not tried.exhaustive:
        near = alike(spec, rng)
        a, b = np.append(a, near[0]), np.append(b, near[1])
        if not isinstance(spec.result, Fixed):
            hard = aimed(spec, rng)
            a, b = np.append(a, hard[0]), np.append(b, hard[1])
    return [feedforward(spec, "every_pair", {"a": a, "b": b}, tried.exhaustive, rng)]


def aimed(
    spec: AddSpec, rng: np.random.Generator, count: int = NEAR // 2
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs whose sum is hard to round."""
    a = rng.integers(0, 1 << spec.a.width, count)
    with np.errstate(invalid="ignore"):
        return a, nearest(spec.b, wanted(spec.result, len(a), rng) - decode(spec.a, a))


def alike(spec: AddSpec, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of codes whose leading bits differ little, so that differences cancel and sums carry."""
    a = rng.integers(0, 1 << spec.a.width, NEAR)
    other = a >> max(0, spec.a.width - spec.b.width) << max(0, spec.b.width - spec.a.width)
    flips = rng.integers(0, 1 << spec.b.width, NEAR) >> rng.integers(0, spec.b.width, NEAR)
    return a, other ^ flips ^ (rng.integers(0, 2, NEAR) << (spec.b.width - 1))


def coverage(spec: AddSpec) -> list[Point]:
    """Operands of all classes with one another, near and far apart, and sums that are rounded in every way."""
    a, b = operand("a", spec.a), operand("b", spec.b)

    def numbers(tried: Tried) -> Pair:
        return tried.once("numbers", lambda: (decode(spec.a, tried.operands("a")), decode(spec.b, tried.operands("b"))))

    sizes, reach = (sizes_of(spec.a), sizes_of(spec.b)), Reach.sums(spec.a.span + spec.b.span, 2)
    sums = [] if spec.is_exact else added("s", spec.result, spec.rounding, numbers, sizes, reach, about=OPERANDS)
    return [a, b, cross(a, b), *sums, *passing(spec)]


def trials(spec: AddSpec) -> Trials:
    """A pair is a trial."""

    def hard(count: int, rng: np.random.Generator) -> Operands:
        return dict(zip("ab", aimed(spec, rng, count), strict=True))

    operands = {"a": (spec.a, ()), "b": (spec.b, ())}
    return Trials(operands, partial(feedforward_trial, spec), None if spec.is_exact else hard)
