"""What to try on a product that skips zero digits: vectors with few and many digits, of which the cycles are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.sparse import ADDED, SparseSpec
from sim.benches.reset import resets
from sim.benches.stimulus import mixed
from sim.benches.streamplay import Reset, StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import Point
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.golden import model
from sim.golden.decoding import decode_steps
from sim.golden.digits import count_digits, nonzero_digits

FORMULA = "y[j] = Σ a[k] * B[k,j] = Σ 2^p * Σ d[k,p] * B[k,j], d the signed digits of a"

VECTORS = 24
"""Of the longest play."""
DRAWS = 4096
"""Vectors among which one has to have digits in all places."""


def plays(spec: SparseSpec, seed: int) -> list[StreamPlay]:
    """All plays for a unit that skips zero digits; the resets come last."""
    rng = np.random.default_rng(seed)
    few, short = operands(spec, [3, 1, 2], rng), operands(spec, [1] * 6, rng)
    cycles = _cycles(spec, few)
    first = operands(spec, [2, 2], rng, 0.0)
    most, soon = _cycles(spec, first), spec.loading + 2 * spec.k * spec.most
    return [
        _play(spec, "vectors", operands(spec, [VECTORS], rng)),
        _play(spec, "one_vector", operands(spec, [1], rng)),
        _play(spec, "matrices", operands(spec, [1, 4, 2, 1, 3], rng)),
        _play(spec, "zeros", _zeros(spec, rng)),
        _play(spec, "cut_short", _cut(spec, operands(spec, [2, 1, 3, 1], rng), rng)),
        stream_play(spec, "pauses", few, cycles, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", few, cycles, pauses={"y": 0.95}),
        stream_play(spec, "slow_vectors", few, cycles, pauses={"a": 0.7}),
        stream_play(spec, "slow_matrices", short, _cycles(spec, short), pauses={"b": 0.7}),
        stream_play(
            spec, "resets", first, most, duration=None, resets=[*resets(most, rng, soon), *_at_sums(spec, first)]
        ),
    ]


def run(spec: SparseSpec, seed: int, vectors: int = 1, digits: int = 1) -> StreamPlay:
    """So many vectors of so many digits each, without a pause."""
    spec.check_run(vectors, digits)
    rng = np.random.default_rng(seed)
    streams = operands(spec, [vectors], rng)
    codes = np.concatenate([with_digits(spec, digits, rng) for _ in range(vectors)])
    streams = {**streams, "a": {**streams["a"], "x": codes}}
    return stream_play(spec, "run", streams, spec.cycles(vectors, digits))


def operands(spec: SparseSpec, vectors: Sequence[int], rng: np.random.Generator, alike: float = 1 / 4) -> Streams:
    """So many vectors for each of some matrices, near the formats' corners and random.

    A share of the vectors has one code only, and some have but zeros; so have columns of the matrices.
    """
    count, matrices = sum(vectors), len(vectors)
    a = mixed(spec.a, (count, spec.k), rng)
    same = rng.random(count) < alike
    a[same] = a[same, :1]
    a[rng.random(a.shape) < rng.choice([0, 0, 0.6, 0.95], (count, 1))] = 0
    b = mixed(spec.b, (matrices, spec.k, spec.n), rng)
    column = rng.random((matrices, spec.n)) < alike
    b = np.where(column[:, None], b[:, :1], b)
    last = np.zeros((count, spec.k), dtype=np.int64)
    last[np.cumsum(vectors) - 1, -1] = 1
    return {"a": {"x": a.ravel(), "last": last.ravel()}, "b": {"x": b.reshape(-1, spec.load)}}


def with_digits(spec: SparseSpec, digits: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The codes of a vector with so many digits, as many of each code as may be and some in each place."""
    every = np.arange(1 << spec.a.width)
    numbers = decode_steps(spec.a, every)
    counts, bits = count_digits(spec.recoding, numbers), nonzero_digits(spec.recoding, numbers)
    wanted = np.full(spec.k, digits // spec.k)
    wanted[: digits % spec.k] += 1
    codes = np.array([rng.choice(every[counts == count], DRAWS) for count in wanted])
    whole = np.flatnonzero(np.bitwise_or.reduce(bits[codes]) == (1 << spec.places) - 1)
    if not len(whole):
        raise ValueError(f"no vector with {digits} digits, some in each place, was among {DRAWS}")
    return rng.permutation(codes[:, whole[0]])


def coverage(spec: SparseSpec) -> list[Point]:
    """Operands of all classes, sums of both signs, and who waits for whom."""
    return [*classes_of_fields(spec), results("y.x", spec.result), *traffic(spec)]


def _zeros(spec: SparseSpec, rng: np.random.Generator) -> Streams:
    """Vectors of zeros between others."""
    streams = operands(spec, [6], rng)
    codes = np.asarray(streams["a"]["x"]).reshape(-1, spec.k).copy()
    codes[[0, 2, 3]] = 0
    return {**streams, "a": {**streams["a"], "x": codes.ravel()}}


def _cut(spec: SparseSpec, streams: Streams, rng: np.random.Generator) -> Streams:
    """The same with the last vector for each matrix cut short by its mark."""
    x, last = (np.array(streams["a"][name]) for name in ("x", "last"))
    kept = last < 2
    for end in np.flatnonzero(last):
        length = int(rng.integers(1, spec.k))
        kept[end - spec.k + 1 + length : end + 1] = False
        last[end - spec.k + length] = 1
    return {**streams, "a": {"x": x[kept], "last": last[kept]}}


def _at_sums(spec: SparseSpec, streams: Streams) -> list[dict[str, Any]]:
    """Resets in each of the cycles in which the first sums pass the registers before the output."""
    one = {"a": {name: np.asarray(codes)[: spec.k] for name, codes in streams["a"].items()}, "b": streams["b"]}
    at = _cycles(spec, one)
    return [asdict(Reset(after, 1, 0.0, 0.0, 0, 0, 0)) for after in range(at - ADDED - 2, at + 2)]


def _play(spec: SparseSpec, name: str, streams: Streams) -> StreamPlay:
    """Without a pause, in just the cycles that the spec says."""
    return stream_play(spec, name, streams, _cycles(spec, streams))


def _cycles(spec: SparseSpec, streams: Any) -> int:
    work = model(spec).work(streams["a"])
    return spec.cycles_of(work.digits.tolist(), work.bare.tolist(), work.last.tolist())
