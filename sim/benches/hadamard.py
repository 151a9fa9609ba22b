"""What to try on a rotation: each lane alone, all at their ends with every row's signs, corners and chance; waits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.hadamard import HadamardSpec
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.hadamard import signs

FORMULA = "y[i] = Σ (-1)^popcount(i & j) * x[j]"

BEATS, FEW = 512, 256


def plays(spec: HadamardSpec, seed: int) -> list[StreamPlay]:
    """All plays for a rotation; the resets come last."""
    rng = np.random.default_rng(seed)
    few = some(spec, FEW, rng)
    first = extremes(spec, rng)
    return [
        stream_play(spec, "extremes", first, spec.cycles(len(first["x"]["last"]))),  # type: ignore[arg-type]
        stream_play(spec, "corners", some(spec, BEATS, rng), spec.cycles(BEATS)),
        *held_up(spec, few, rng),
    ]


def run(spec: HadamardSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def extremes(spec: HadamardSpec, rng: np.random.Generator) -> Streams:
    """One lane alone at an end, and all of them at those that bring a row to its end, as flips leave them."""
    span = spec.input.span
    alone = np.eye(spec.lanes, dtype=np.int64)
    numbers = [end * alone for end in (span.lo, span.hi) if end]
    # Flips that make all signs of a row plus, or minus but for the first, or leave them to chance.
    matrix = signs(spec.lanes)
    flips = np.concatenate([matrix < 0, matrix > 0, rng.integers(0, 2, matrix.shape)])[:, 1:].astype(np.int64)
    rows = np.tile(matrix, (3, 1))
    wanted = rows.copy()
    if spec.flips:
        wanted[:, 1:] *= 1 - 2 * flips
    numbers += [np.where(wanted > 0, *ends) for ends in ((span.hi, span.lo), (span.lo, span.hi))]
    flips = np.concatenate([rng.integers(0, 2, (sum(map(len, numbers[:-2])), spec.lanes - 1)), flips, flips])
    return _streams(spec, encode_steps(spec.input, np.concatenate(numbers), span.lsb), flips, rng)


def some(spec: HadamardSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Numbers near corners and by chance, and flips by chance."""
    return _streams(spec, mixed(spec.input, (beats, spec.lanes), rng), rng.integers(0, 2, (beats, spec.lanes - 1)), rng)


def _streams(spec: HadamardSpec, codes: NDArray[Any], flips: NDArray[Any], rng: np.random.Generator) -> Streams:
    given = {"flip": flips} if spec.flips else {}
    return framed(rng, x=codes, **given)


def coverage(spec: HadamardSpec) -> list[Point]:
    """Numbers of all classes, results at the ends of what the widths were derived for, and waits."""
    lowest, highest = spec.span(spec.lanes).lo, spec.span(spec.lanes).hi

    def find(tried: Tried) -> NDArray[np.int64]:
        sums = decode_steps(spec.result, tried["y.x"])
        return np.select([sums == lowest, sums == highest], [0, 1], 2)

    reached = point("ends of y", ("lowest", "highest", "between"), find, about=OPERANDS)
    return [*classes_of_fields(spec), reached, results("y.x", spec.result), *traffic(spec)]


def trials(spec: HadamardSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
