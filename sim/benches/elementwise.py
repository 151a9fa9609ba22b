"""What to try on operations on vectors: all pairs in every lane if they can be counted out, else hard ones; waits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.add import AddSpec
from hw.specs.elementwise import ElementwiseSpec
from hw.specs.mul import MulSpec
from sim.benches import add
from sim.benches.aimed import factors, wanted
from sim.benches.stimulus import pairs
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, held_up, stream_play, stream_trials
from sim.coverage.point import OPERANDS, Point
from sim.coverage.rounding import Reach, rounding, values_of
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.sums import Pair, added, sizes_of
from sim.coverage.tried import Tried
from sim.golden.decoding import decode
from sim.golden.products import PRODUCTS

FORMULA = "y[i] = a[i] + b[i], or a[i] * b[i]"

FEW = 512
MOST = 1 << 13
"""Pairs of a lane whose result is hard to round."""


def plays(spec: ElementwiseSpec, seed: int) -> list[StreamPlay]:
    """All plays for an operation on vectors; the resets come last."""
    rng = np.random.default_rng(seed)
    tried = pairs(spec.a, spec.b, rng)
    first = spread(spec, tried.a, tried.b, rng)
    few = some(spec, FEW, rng)
    hard = [] if spec.is_exact or tried.exhaustive else [("hard", some(spec, MOST, rng))]
    return [
        stream_play(spec, "pairs", first, spec.cycles(len(tried.a)), exhaustive=tried.exhaustive),
        *(stream_play(spec, name, given, spec.cycles(MOST)) for name, given in hard),
        *held_up(spec, few, rng),
    ]


def run(spec: ElementwiseSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def spread(spec: ElementwiseSpec, a: NDArray[Any], b: NDArray[Any], rng: np.random.Generator) -> Streams:
    """Pairs in every lane, in another order in each."""
    orders = np.stack([rng.permutation(len(a)) for _ in range(spec.lanes)], axis=1)
    return _streams(a[orders], b[orders], rng)


def some(spec: ElementwiseSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Pairs by chance, and such whose result is hard to round, or that are alike."""
    count = beats * spec.lanes
    chance = [rng.integers(0, 1 << fmt.width, count) for fmt in (spec.a, spec.b)]
    aimed = hard(spec, count, rng)
    either = rng.random(count) < 0.5
    a, b = (np.where(either, *codes).reshape(beats, spec.lanes) for codes in zip(chance, aimed, strict=True))
    return _streams(a, b, rng)


def hard(spec: ElementwiseSpec, count: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs whose result is hard to round, or that are much alike."""
    lane = spec.lane
    if isinstance(lane, AddSpec):
        alike = add.alike(lane, rng)
        chosen = rng.integers(0, len(alike[0]), count)
        near = alike[0][chosen], alike[1][chosen]
        if spec.is_exact:
            return near
        aimed = add.aimed(lane, rng, count)
        either = rng.random(count) < 0.5
        return np.where(either, near[0], aimed[0]), np.where(either, near[1], aimed[1])
    return factors(spec.a, spec.b, wanted(spec.result, count, rng), rng)


def _streams(a: NDArray[Any], b: NDArray[Any], rng: np.random.Generator) -> Streams:
    return {"a": {"x": a, "last": rng.integers(0, 2, len(a))}, "b": {"x": b}}


def coverage(spec: ElementwiseSpec) -> list[Point]:
    """Operands of all classes, results that are rounded in every way, and waits."""
    rounded = [] if spec.is_exact else _rounded(spec)
    return [*classes_of_fields(spec), *rounded, results("y.x", spec.result), *traffic(spec)]


def _rounded(spec: ElementwiseSpec) -> list[Point]:
    lane = spec.lane

    def numbers(tried: Tried) -> Pair:
        return tried.once("numbers", lambda: (decode(spec.a, tried["a.x"]), decode(spec.b, tried["b.x"])))

    if isinstance(lane, AddSpec):
        sizes, reach = (sizes_of(spec.a), sizes_of(spec.b)), Reach.sums(spec.a.span + spec.b.span, 2)
        return added("y", spec.result, spec.rounding, numbers, sizes, reach, about=OPERANDS)
    assert isinstance(lane, MulSpec)
    rule = PRODUCTS[lane.product]

    def products(tried: Tried) -> NDArray[np.float64]:
        return values_of(rule(spec.a, spec.b, tried["a.x"], tried["b.x"]))

    exact = lane.product == "exact"
    reach = Reach.products(spec.a, spec.b, lane.span) if exact else Reach(lane.span, 0, np.inf)
    return rounding("y", spec.result, spec.rounding, products, reach, about=OPERANDS)


def trials(spec: ElementwiseSpec) -> Trials:
    """A beat is a trial."""

    def aimed(count: int, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        a, b = (codes.reshape(count, spec.lanes) for codes in hard(spec, count * spec.lanes, rng))
        return {**stream_trials(spec).uniform(count, rng), "a.x": a, "b.x": b}

    return stream_trials(spec, None if spec.is_exact else aimed)
