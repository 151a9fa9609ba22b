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
from sim.benches.streams import Streams, chances, flat, framed, held_up, stream_play, stream_trials
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
MOST_DRAWN = 4
"""So many times as many beats as there are codes and random numbers, at most, until all have met in every lane."""


def plays(spec: CastSpec, seed: int) -> list[StreamPlay]:
    """All plays for a cast; the resets come last."""
    rng = np.random.default_rng(seed)
    exhaustive = spec.input.width + spec.random <= EXHAUSTIVE_BITS
    every = every_drawn if spec.lfsr else every_code
    first = every(spec, rng) if exhaustive else some(spec, BEATS, rng)
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
    random = {"random": orders & (1 << spec.random) - 1} if spec.random else {}
    return framed(rng, x=orders >> spec.random, **random)


def every_drawn(spec: CastSpec, rng: np.random.Generator) -> Streams:
    """The same with random numbers that are drawn inside: of each, in each lane, the times it comes get all codes."""
    codes, numbers = 1 << spec.input.width, 1 << spec.random
    beats = MOST_DRAWN * codes * numbers
    drawn = model(spec).register.numbers((beats, spec.lanes))
    # As soon as the rarest has come so often in every lane, the others are not needed.
    last = max(int(np.flatnonzero(lane == number)[codes - 1]) for lane in drawn.T for number in range(numbers))
    tried = np.zeros((last + 1, spec.lanes), dtype=np.int64)
    for lane in range(spec.lanes):
        for number in range(numbers):
            (at,) = np.nonzero(drawn[: last + 1, lane] == number)
            tried[at, lane] = np.resize(rng.permutation(codes), len(at))
    return framed(rng, x=tried)


def some(spec: CastSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Corners, numbers next to where roundings change, and chance."""
    shape = (beats, spec.lanes)
    codes = np.where(rng.random(shape) < 0.5, mixed(spec.input, shape, rng), hard(spec, shape, rng))
    return framed(rng, x=codes, **chances(spec, shape, rng))


def hard(spec: CastSpec, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Codes of numbers that are hard to round."""
    return nearest(spec.input, wanted(spec.output, int(np.prod(shape)), rng)).reshape(shape)


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
        shape = count, spec.lanes
        aimed = flat({"x": {"x": hard(spec, shape, rng), **chances(spec, shape, rng)}})
        return {**stream_trials(spec).uniform(count, rng), **aimed}

    return replace(stream_trials(spec), aimed=aimed)
