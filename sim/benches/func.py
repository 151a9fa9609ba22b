"""What to try on a function: every code in every lane; pauses and resets."""

from __future__ import annotations

import numpy as np

from hw.specs.func import FuncSpec
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.point import Point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, signs_of, traffic
from sim.golden import model

FORMULA = "y = f(x), near enough for every code"

FEW = 512


def plays(spec: FuncSpec, seed: int) -> list[StreamPlay]:
    """All plays for a function; the resets come last."""
    rng = np.random.default_rng(seed)
    every = np.stack([rng.permutation(1 << spec.input.width) for _ in range(spec.lanes)], axis=1)
    first = framed(rng, x=every)
    return [
        stream_play(spec, "numbers", first, spec.cycles(len(every)), exhaustive=True),
        *held_up(spec, some(spec, FEW, rng), rng),
    ]


def run(spec: FuncSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def some(spec: FuncSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Corners and chance."""
    return framed(rng, x=mixed(spec.input, (beats, spec.lanes), rng))


def coverage(spec: FuncSpec) -> list[Point]:
    """Numbers of all classes, results of all signs that there are, and waits."""
    signs = np.unique(signs_of(spec.output, model(spec).function(np.arange(1 << spec.input.width)))).tolist()
    return [*classes_of_fields(spec), results("y.x", spec.output, signs), *traffic(spec)]


def trials(spec: FuncSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
