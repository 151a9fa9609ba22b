"""What to try on a cast: every code in every lane, or corners and numbers that are hard to round; pauses and resets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.specs.cast import CastSpec
from sim.benches.aimed import nearest, wanted
from sim.benches.stimulus import EXHAUSTIVE_BITS, mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.classes import least_of
from sim.coverage.point import OPERANDS, Point
from sim.coverage.rounding import Reach, rounding
from sim.coverage.steering import Operands, Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden import model
from sim.golden.decoding import decode

FORMULA = "y = round(x), in another format"

BEATS, FEW = 1 << 13, 512


def plays(spec: CastSpec, seed: int) -> list[StreamPlay]:
    """All plays for a cast; the resets come last."""
    rng = np.random.default_rng(seed)
    exhaustive = spec.input.width + spec.random <= EXHAUSTIVE_BITS
    first = every_code(spec, rng) if exhaustive else some(spec, BEATS, rng)
    few = some(spec, FEW, rng)
    count = len(np.asarray(first["x"]["x"]))
    return [
        stream_play(spec, "numbers", first, spec.cycles(count), exhaustive=exhaustive),
        *held_up(spec, few, rng),
    ]


def run(spec: CastSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def every_code(spec: CastSpec, rng: np.random.Generator) -> Streams:
    """Every code, with every random number, in every lane, in another order in each."""
    both = np.arange(1 << spec.input.width + spec.random)
    orders = np.stack([rng.permutation(both) for _ in range(spec.lanes)], axis=1)
    return _streams(spec, orders >> spec.random, orders & (1 << spec.random) - 1, rng)


def some(spec: CastSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Corners, numbers next to where roundings change, and chance."""
    shape = (beats, spec.lanes)
    codes, chances = hard(spec, shape, rng)
    codes = np.where(rng.random(shape) < 0.5, mixed(spec.input, shape, rng), codes)
    return _streams(spec, codes, chances, rng)


def hard(spec: CastSpec, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Codes of numbers that are hard to round, and random numbers, half of them all zeros or ones."""
    count = int(np.prod(shape))
    codes = nearest(spec.input, wanted(spec.output, count, rng)).reshape(shape)
    chances = rng.integers(0, 1 << spec.random, shape)
    ends = rng.choice([0, (1 << spec.random) - 1], shape)
    return codes, np.where(rng.random(shape) < 0.5, ends, chances)


def _streams(spec: CastSpec, codes: NDArray[Any], chances: NDArray[Any], rng: np.random.Generator) -> Streams:
    random = {"random": chances} if spec.random else {}
    return framed(rng, x=codes, **random)


def coverage(spec: CastSpec) -> list[Point]:
    """Numbers of all classes, rounded in every way, and waits."""

    def exact(tried: Tried) -> NDArray[np.float64]:
        values = decode(spec.input, tried["x.x"])
        return np.where(np.isfinite(values), values, np.nan)

    fmt: Format = spec.input
    reach = Reach(fmt.span, fmt.precision, least_of(fmt))
    rounded = rounding("y", spec.output, spec.rounding, exact, reach, OPERANDS)
    return [*classes_of_fields(spec), *rounded, results("y.x", spec.output, signs(spec)), *traffic(spec)]


def signs(spec: CastSpec) -> list[int] | None:
    """The signs that results can have, of few inputs: not those that only other inputs would give."""
    if spec.input.width > EXHAUSTIVE_BITS:
        return None
    codes = np.arange(1 << spec.input.width)
    ends = [0, (1 << spec.random) - 1] if spec.random else [None]
    values = decode(spec.output, np.concatenate([model(spec).cast(codes, chance) for chance in ends]))
    return np.unique(np.select([~np.isfinite(values), values > 0, values < 0], [3, 1, 2], 0)).tolist()


def trials(spec: CastSpec) -> Trials:
    """A beat is a trial."""

    def aimed(count: int, rng: np.random.Generator) -> Operands:
        codes, chances = hard(spec, (count, spec.lanes), rng)
        random = {"x.random": chances} if spec.random else {}
        return {**stream_trials(spec).uniform(count, rng), "x.x": codes, **random}

    return replace(stream_trials(spec), aimed=aimed)
