"""What to try on a GELU: every number in every lane, corners and chance; waits."""

from __future__ import annotations

from typing import Any

import numpy as np

from hw.specs.gelu import GeluSpec
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.point import Point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, signs_of, traffic
from sim.golden import model

FORMULA = "y = x * sigmoid(1.702 * x)"

BEATS, FEW = 512, 256


def plays(spec: GeluSpec, seed: int) -> list[StreamPlay]:
    """All plays for a GELU; the resets come last."""
    rng = np.random.default_rng(seed)
    # Of at most 16 bits, each number comes in each lane.
    every = np.arange(1 << spec.input.width)
    first = np.stack([rng.permutation(every) for _ in range(spec.lanes)], axis=1)
    few = framed(rng, x=mixed(spec.input, (FEW, spec.lanes), rng))
    return [
        _play(spec, "every", framed(rng, x=first), exhaustive=spec.lanes == 1),
        _play(spec, "corners", framed(rng, x=mixed(spec.input, (BEATS, spec.lanes), rng))),
        *held_up(spec, few, rng),
    ]


def run(spec: GeluSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    rng = np.random.default_rng(seed)
    return _play(spec, "run", framed(rng, x=mixed(spec.input, (beats, spec.lanes), rng)))


def _play(spec: GeluSpec, name: str, streams: Streams, **options: Any) -> StreamPlay:
    return stream_play(spec, name, streams, spec.cycles(len(np.asarray(streams["x"]["x"]))), **options)


def coverage(spec: GeluSpec) -> list[Point]:
    """Numbers of all classes, results of all signs that there are, and waits."""
    every = np.arange(1 << spec.input.width)
    beats = {"x": np.repeat(every[:, None], spec.lanes, axis=1), "last": every & 1}
    signs = np.unique(signs_of(spec.result, model(spec).run(x=beats)["y"]["x"])).tolist()
    return [*classes_of_fields(spec), results("y.x", spec.result, signs), *traffic(spec)]


def trials(spec: GeluSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
