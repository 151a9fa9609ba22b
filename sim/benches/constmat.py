"""What to try on a matrix of constants: each column alone, each row at its ends, corners and chance; waits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.specs.constmat import ConstMatSpec
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, signs_of, traffic
from sim.coverage.tried import Tried
from sim.golden import model
from sim.golden.decoding import decode_steps

FORMULA = "y[i] = Σ W[i][j] * x[j]"

BEATS, FEW, ALL = 512, 256, 16
"""Beats by chance, beats that wait, and bits of a vector all of which are tried."""


def plays(spec: ConstMatSpec, seed: int) -> list[StreamPlay]:
    """All plays for a matrix; the resets come last."""
    rng = np.random.default_rng(seed)
    first, many = extremes(spec, rng), every(spec, rng) or some(spec, BEATS, rng)
    return [
        stream_play(spec, "extremes", first, spec.cycles(len(np.asarray(first["x"]["last"])))),
        stream_play(spec, "corners", many, spec.cycles(len(np.asarray(many["x"]["last"])))),
        *held_up(spec, some(spec, FEW, rng), rng),
    ]


def run(spec: ConstMatSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def extremes(spec: ConstMatSpec, rng: np.random.Generator) -> Streams:
    """One column alone with each power of two and each end, and all of them at what brings a row to its ends."""
    steps = decode_steps(spec.input, np.arange(1 << min(spec.input.width, 16)))
    low, high, zero = int(steps.argmin()), int(steps.argmax()), int(abs(steps).argmin())
    single = sorted({low, high, *(1 << bit for bit in range(min(spec.input.width, 16)))})
    alone = [np.where(np.eye(spec.columns, dtype=bool), code, zero) for code in single]
    up = model(spec).model.matrix > 0
    ends = [np.where(up, *pair) for pair in ((high, low), (low, high))]
    return framed(rng, x=np.concatenate([*alone, *ends]))


def every(spec: ConstMatSpec, rng: np.random.Generator) -> Streams | None:
    """All vectors, if they are few."""
    width = spec.input.width
    if width * spec.columns > ALL:
        return None
    numbers = rng.permutation(1 << width * spec.columns)
    return framed(rng, x=numbers[:, None] >> width * np.arange(spec.columns) & ((1 << width) - 1))


def some(spec: ConstMatSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Numbers near corners and by chance."""
    return framed(rng, x=mixed(spec.input, (beats, spec.columns), rng))


def coverage(spec: ConstMatSpec) -> list[Point]:
    """Numbers of all classes, results at the ends of what the widths were derived for, and waits."""

    def find(tried: Tried) -> NDArray[np.int64]:
        return _places(spec, decode_steps(spec.result, tried["y.x"]))

    ends, signs = _possible(spec)
    reached = point("ends of y", ("lowest", "highest", "between"), find, ends, OPERANDS)
    return [*classes_of_fields(spec), reached, results("y.x", spec.result, signs), *traffic(spec)]


def _places(spec: ConstMatSpec, sums: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.select([sums == spec.span.lo, sums == spec.span.hi], [0, 1], 2)


def _possible(spec: ConstMatSpec) -> tuple[list[int], list[int]]:
    """The places and signs that results can have: looked up where all vectors are few, else those of their span."""
    vectors = every(spec, np.random.default_rng(0))
    if vectors is not None:
        codes = model(spec).run(**vectors)["y"]["x"]
        places = _places(spec, decode_steps(spec.result, codes))
        return np.unique(places).tolist(), np.unique(signs_of(spec.result, codes)).tolist()
    zero = not decode_steps(spec.input, np.arange(1 << min(spec.input.width, 16))).all()
    ends = [0, 1, 2] if spec.span.lo < spec.span.hi else [0]
    return ends, [n for n, there in enumerate((zero, spec.span.hi > 0, spec.span.lo < 0)) if there]


def trials(spec: ConstMatSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
