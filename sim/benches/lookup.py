"""What to try on matrix products by table lookup: shapes of which the cycles are known, corners, pauses and a reset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.lookup import LookupSpec
from sim.benches.reset import resets
from sim.benches.stimulus import mixed, near_corners
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.classes import classes, labels, present
from sim.coverage.point import Point
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.golden import model

RESULTS = 1024
"""Results of the long play, at most."""
SHAPES = 8
"""Random shapes that are tried, beside the degenerate ones."""


def plays(spec: LookupSpec, seed: int) -> list[StreamPlay]:
    """All plays for a unit that looks up tables; the resets come last."""
    rng = np.random.default_rng(seed)
    q = spec.lookups
    shapes = {(1, 1), (1, q), (1, q + 1), (2, 1), (3, q), (2, 2 * q + 1)}
    shapes |= {(int(rng.integers(1, 7)), int(rng.integers(1, 8 * q + 1))) for _ in range(SHAPES)}
    long = (32, [max(1, RESULTS // 32 - 1)] * 32)
    uneven = [int(rows) for rows in rng.integers(1, 6 * q, 12)]
    few = spec.cycles(len(uneven), max(uneven))
    some = operands(spec, uneven, rng)
    # The first activations are what a reset may spoil: of zeros not even the sign would show, nor which is which of
    # those that are alike.
    first = rng.integers(0, (1 << spec.x.width) - 1, (len(uneven), 1)) + np.arange(spec.width)
    distinct = {**some, "x": {"x": 1 + first % ((1 << spec.x.width) - 1)}}
    return [
        stream_play(spec, "corners", operands(spec, long[1], rng), spec.cycles(long[0], long[1][0])),
        *(
            stream_play(
                spec,
                f"{vectors}_vectors_{rows}_rows",
                operands(spec, [rows] * vectors, rng),
                spec.cycles(vectors, rows),
            )
            for vectors, rows in sorted(shapes)
        ),
        stream_play(spec, "pauses", some, few, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", some, few, pauses={"y": 0.7}),
        stream_play(spec, "slow_activations", some, few, pauses={"x": 0.9}),
        stream_play(spec, "resets", distinct, few, duration=None, resets=resets(few, rng, spec.cycles(1, 1))),
    ]


def run(spec: LookupSpec, seed: int, vectors: int = 1, rows: int = 1) -> StreamPlay:
    """So many vectors, each times a matrix of so many rows, without a pause."""
    streams = operands(spec, [rows] * vectors, np.random.default_rng(seed))
    return stream_play(spec, "run", streams, spec.cycles(vectors, rows))


def operands(spec: LookupSpec, rows: Sequence[int], rng: np.random.Generator) -> Streams:
    """A vector of activations and a matrix of so many rows, for each; near the formats' corners and random."""
    golden = model(spec)
    vectors = len(rows)
    x = near_corners(spec.x, rng.integers(0, 1 << spec.x.width, (vectors, spec.width)), 0.7, rng)
    # In a quarter of the vectors all activations are alike, so that sums get as large as they can.
    x = np.where(rng.random((vectors, 1)) < 1 / 4, x[:, :1], x)
    x[vectors // 2 :: 8] = 0
    matrices = [golden.beats(weights(golden, count, rng)) for count in rows]
    w = {name: np.concatenate([matrix[name] for matrix in matrices]) for name in ("index", "last")}
    results = len(w["last"]) // (spec.planes // spec.planes_a_beat)
    c = mixed(spec.result, (results, spec.lookups), rng)
    c[rng.random(c.shape) < 1 / 8] = 0
    return {"x": {"x": x}, "w": w, **({"c": {"x": c}} if spec.is_chained else {})}


def weights(golden: Any, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Codes of random weights; in a quarter of the rows all are alike."""
    codes = rng.integers(0, 1 << golden.w.width, (rows, golden.width))
    return np.where(rng.random((rows, 1)) < 1 / 4, codes[:, :1], codes)


def coverage(spec: LookupSpec) -> list[Point]:
    """Activations and indices of all classes, results of both signs, matrices of all sizes, and who waits for whom."""
    golden, index = model(spec), spec.inputs["w"]["index"].format
    # Not every index is one of weights.
    some = golden.beats(np.random.default_rng(0).integers(0, 1 << golden.w.width, (4096, golden.width)))["index"]
    never = set(present(index)) - set(classes(index, some).ravel().tolist())
    without = {"w.index": tuple(labels(index)[number] for number in never)}
    return [*classes_of_fields(spec, without), results("y.x", spec.result), *traffic(spec)]
