"""What to try on a matrix-vector unit: sums of every length, with pauses and a reset, and ends that do not agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.matvec import MatVecSpec
from sim.benches.mac import ends
from sim.benches.reset import resets
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import Point
from sim.coverage.streams import classes_of_fields, lengths, results, traffic
from sim.golden import model

FORMULA = "y[i] = Σ W[i,k] * x[k]"

BEATS = 1024
FEWEST = 16
"""Weights of a resident matrix in which all classes of codes have to be."""
"""About so many beats of a vector a play."""


def plays(spec: MatVecSpec, seed: int) -> list[StreamPlay]:
    """All plays for a matrix-vector unit; the resets come last."""
    rng = np.random.default_rng(seed)
    if spec.resident:
        count = max(2, BEATS // 4 // spec.words)
        alike = [per_matrix(spec, "a_vector", [1], rng), per_matrix(spec, "vectors", [count, 1, 2], rng)]
        short = streams = resident(spec, [2, max(1, count // 2)], rng)
        cut = cut_short(spec, rng)
    else:
        lengths = [1, 2, 3, 7, 31, longest(spec)]
        alike = [sums(spec, f"sums{folds}", [folds] * max(2, BEATS // 8 // folds), rng) for folds in lengths]
        streams = in_step(spec, rng.integers(1, 12, BEATS // 8), rng)
        # Sums that follow one another at once, so that a full pipeline holds more than one.
        short = in_step(spec, rng.choice([1, 1, 1, 2, 3], BEATS // 8), rng)
        cut = ends_apart(spec, rng)
    cycles = _cycles(spec, streams)
    return [
        *alike,
        _play(spec, "ends_apart", cut, 64 + 4 * _cycles(spec, cut), pauses={"a": 0.1}),
        _play(spec, "pauses", streams, cycles, pauses=paused(spec, 0.4)),
        _play(spec, "slow_taker", streams, cycles, pauses={"y": 0.7}),
        _play(spec, "resets", short, cycles, duration=None, resets=resets(cycles // 2, rng)),
    ]


def run(spec: MatVecSpec, seed: int, beats: int, matrices: int = 1) -> StreamPlay:
    """So many beats of vectors without a pause, in sums as long as may be; or for so many resident matrices."""
    rng = np.random.default_rng(seed)
    if not spec.resident:
        most = longest(spec)
        return sums(spec, "run", [most] * (beats // most) + [beats % most] * (beats % most > 0), rng)
    vectors = beats // spec.synapse_folds
    if beats % spec.synapse_folds or vectors < matrices:
        raise ValueError(
            f"beats must be {spec.synapse_folds} for each vector, and a vector or more a matrix, got {beats}"
        )
    return per_matrix(spec, "run", [vectors - matrices + 1] + [1] * (matrices - 1), rng)


def sums(spec: MatVecSpec, name: str, lengths: Sequence[int], rng: np.random.Generator) -> StreamPlay:
    """Sums of so many beats each, without a pause: they take just the cycles that the formula says."""
    return _play(spec, name, in_step(spec, lengths, rng), spec.cycles(int(np.sum(lengths))))


def per_matrix(spec: MatVecSpec, name: str, counts: Sequence[int], rng: np.random.Generator) -> StreamPlay:
    """So many vectors for each of some matrices, without a pause."""
    streams = resident(spec, counts, rng)
    return _play(spec, name, streams, _cycles(spec, streams))


def longest(spec: MatVecSpec) -> int:
    """Beats of the longest sum that an accumulator promises, or of one that is long."""
    return min(256, max(1, getattr(spec.sums, "depth", 1 << 20) // spec.lanes))


def _cycles(spec: MatVecSpec, streams: Streams) -> int:
    matrices = len(np.asarray(streams["w"]["x"])) // spec.words if spec.resident else 1
    return spec.cycles(len(np.asarray(streams["a"]["x"])), matrices)


def _play(spec: MatVecSpec, name: str, streams: Streams, cycles: int, **options: Any) -> StreamPlay:
    outcome = {"error": int(model(spec).error(streams["a"], streams["w"]))}
    return stream_play(spec, name, streams, cycles, outcome=outcome, **options)


def in_step(spec: MatVecSpec, lengths: Sequence[int] | NDArray[np.int64], rng: np.random.Generator) -> Streams:
    """The streams of sums of so many beats each; in some all products are alike, of the lowest or highest numbers."""
    last = marks(lengths)
    a, w = codes(spec, len(last), len(last), rng)
    alike = np.repeat(rng.random(len(lengths)) < 1 / 4, lengths)
    for operand, fmt in ((a, spec.a), (w, spec.b)):
        operand[alike] = np.repeat(rng.choice(ends(fmt), len(lengths)), lengths)[alike, None]
    zero = np.arange(len(lengths)) % 8 == len(lengths) // 2 % 8
    a[np.repeat(zero, lengths)] = 0
    return {"a": {"x": a, "last": last}, "w": {"x": w, "last": last}}


def resident(spec: MatVecSpec, counts: Sequence[int], rng: np.random.Generator) -> Streams:
    """The streams of so many vectors for each of some matrices."""
    last = marks(np.array(counts) * spec.synapse_folds)
    a, w = codes(spec, len(last), len(counts) * spec.words, rng)
    vectors = len(last) // spec.synapse_folds
    a[np.repeat(np.arange(vectors) % 8 == vectors // 2 % 8, spec.synapse_folds)] = 0
    return {"a": {"x": a, "last": last}, "w": {"x": w}}


def marks(lengths: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Flags for the last beats of runs of so many."""
    last = np.zeros(int(np.sum(lengths)), dtype=np.int64)
    last[np.cumsum(lengths) - 1] = 1
    return last


def codes(
    spec: MatVecSpec, beats: int, weights: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes of so many beats of a and w."""
    return mixed(spec.a, (beats, spec.lanes), rng), mixed(spec.b, (weights, spec.elements * spec.lanes), rng)


def ends_apart(spec: MatVecSpec, rng: np.random.Generator) -> Streams:
    """Sums that a ends in other places than w, but for the last of all."""
    streams = {name: dict(fields) for name, fields in in_step(spec, rng.integers(1, 12, 12), rng).items()}
    for fields in streams.values():
        last = np.asarray(fields["last"])
        last = last & (rng.random(len(last)) < 0.5) | (rng.random(len(last)) < 0.1)
        last[-1] = 1
        fields["last"] = last
    return streams


def cut_short(spec: MatVecSpec, rng: np.random.Generator) -> Streams:
    """Vectors of which the last one for each matrix is not complete, if that can be."""
    lengths = [spec.synapse_folds + int(rng.integers(1, spec.synapse_folds + 1)) for _ in range(3)]
    last = marks(lengths)
    a, w = codes(spec, len(last), 3 * spec.words, rng)
    return {"a": {"x": a, "last": last}, "w": {"x": w}}


def coverage(spec: MatVecSpec) -> list[Point]:
    """Operands of all classes, sums of both signs and of all lengths, and who waits for whom."""
    sums = [] if spec.resident else [lengths("a", {"1": 1, "2 to 15": 15, "more": 256})]
    fields = classes_of_fields(spec)
    if spec.resident and spec.rows * spec.columns < FEWEST:
        # Each play has few matrices, and in so small ones not all classes of codes have room.
        fields = [point for point in fields if not point.name.startswith("w.")]
    return [*fields, *sums, results("y.x", spec.accumulator_format), *traffic(spec)]
