"""What to try on a systolic array: tiles of every length, with pauses and a reset, and ends that do not agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.array import ArraySpec
from sim.benches.mac import ends
from sim.benches.pe import sums_so_far
from sim.benches.reset import resets
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import Point
from sim.coverage.streams import classes_of_fields, lengths, results, traffic
from sim.golden import model

FORMULA = "C[i,j] = Σ A[i,k] * B[k,j], by ascending k; where an operand stays, C[i,j] + Σ A[i,k] * B[k,j]"

LONG, LONGEST = 61, 1024
"""Beats of a long tile, and of the longest that is tried of one whose sums are as large as they can be."""
CODES = 128
"""Operands that stay, at least."""


def plays(spec: ArraySpec, seed: int) -> list[StreamPlay]:
    """All plays for an array; the resets come last."""
    rng = np.random.default_rng(seed)
    each = dict.fromkeys([1, 2, spec.rows, spec.rows + 1, LONG])
    equal = [alike(spec, f"tiles_of_{beats}", beats, 3, rng) for beats in each]
    # As many as a small array needs for operands of all classes.
    count = max(12, CODES // (spec.rows * spec.columns))
    lengths = rng.integers(1, 2 * spec.rows + 8, count)
    streams = operands(spec, lengths, rng)
    cycles = spec.cycles(int(lengths.max()), len(lengths))
    waiting = [
        _play(spec, "pauses", streams, cycles, pauses=paused(spec, 0.4)),
        _play(spec, "slow_taker", streams, cycles, pauses={"sum": 0.7}),
        resetting(spec, rng),
    ]
    if spec.flow != "os":
        return [*equal, *waiting]
    return [
        *equal,
        longest(spec, rng),
        _play(spec, "ends_apart", ends_apart(spec, rng), 64 + 4 * cycles, pauses={"a": 0.1}),
        *waiting,
    ]


def run(spec: ArraySpec, seed: int, beats: int, tiles: int = 1) -> StreamPlay:
    """So many tiles of so many beats each without a pause."""
    return alike(spec, "run", beats, tiles, np.random.default_rng(seed))


def alike(spec: ArraySpec, name: str, beats: int, count: int, rng: np.random.Generator) -> StreamPlay:
    """Tiles that are all alike, without a pause: they take just the cycles that the formula says."""
    return _play(spec, name, operands(spec, [beats] * count, rng), spec.cycles(beats, count))


def longest(spec: ArraySpec, rng: np.random.Generator) -> StreamPlay:
    """The extreme products of either sign, as many as an exact accumulator promises to sum up."""
    beats = min(getattr(spec.pe.mac.sums, "depth", None) or LONG, LONGEST)
    every = list(product(ends(spec.a), ends(spec.b)))
    streams = {name: dict(fields) for name, fields in operands(spec, [beats] * len(every), rng).items()}
    for name, codes in zip("ab", zip(*every, strict=True), strict=True):
        streams[name]["x"] = np.repeat(codes, beats)[:, None].repeat(np.shape(streams[name]["x"])[1], axis=1)
    return _play(spec, "longest_sums", streams, spec.cycles(beats, len(every)))


def resetting(spec: ArraySpec, rng: np.random.Generator) -> StreamPlay:
    """Resets in short tiles that follow one another at once: the first of a single beat, which waits for nobody."""
    lengths = [1, 1, 2, *rng.integers(1, spec.rows + 2, 8)]
    most = spec.cycles(max(lengths), len(lengths))
    return _play(spec, "resets", operands(spec, lengths, rng), most, duration=None, resets=resets(most // 2, rng))


def _play(spec: ArraySpec, name: str, streams: Streams, cycles: int, **options: Any) -> StreamPlay:
    if spec.flow == "os":
        options["outcome"] = {"error": int(model(spec).error(streams["a"], streams["b"]))}
    return stream_play(spec, name, streams, cycles, **options)


def operands(spec: ArraySpec, lengths: Sequence[int] | NDArray[np.int64], rng: np.random.Generator) -> Streams:
    """The streams of tiles of so many beats each."""
    ends = np.cumsum(lengths) - 1
    beats, last = int(ends[-1]) + 1, np.zeros(int(ends[-1]) + 1, dtype=np.int64)
    last[ends] = 1
    moving, other = spec.pe.moving, spec.pe.other
    formats = {"a": spec.a, "b": spec.b}
    streams = {moving: {"x": mixed(formats[moving], (beats, spec.rows), rng), "last": last}}
    zero = rng.random(beats) < 1 / 8
    zero[beats // 2] = True
    streams[moving]["x"][zero] = 0
    if spec.flow == "os":
        return streams | {other: {"x": mixed(formats[other], (beats, spec.columns), rng), "last": last}}
    shape = (len(lengths) * spec.rows, spec.columns)
    some = rng.random((beats, spec.columns)) < 7 / 8
    before = {
        "x": np.where(some, sums_so_far(spec.pe, (beats, spec.columns), rng), 0),
        "status": rng.integers(0, 4, (beats, spec.columns)) * (rng.random((beats, spec.columns)) < 1 / 8),
    }
    return streams | {other: {"x": mixed(formats[other], shape, rng)}, "c": before}


def ends_apart(spec: ArraySpec, rng: np.random.Generator) -> Streams:
    """Tiles that a ends in other places than b, but for the last of all."""
    streams = {name: dict(fields) for name, fields in operands(spec, rng.integers(1, spec.rows + 8, 6), rng).items()}
    for fields in streams.values():
        last = np.asarray(fields["last"])
        last = last & (rng.random(len(last)) < 0.5) | (rng.random(len(last)) < 0.1)
        last[-1] = 1
        fields["last"] = last
    return streams


def coverage(spec: ArraySpec) -> list[Point]:
    """Operands of all classes, sums of both signs, tiles of all lengths, and who waits for whom."""
    special = {"c.x": ("+inf", "-inf", "NaN")} if spec.pe.finite_sums else {}
    bounds = {"1": 1, "as many as rows, or fewer": max(2, spec.rows), "more": LONG}
    return [
        *classes_of_fields(spec, special),
        lengths(spec.pe.moving, bounds),
        results("sum.x", spec.accumulator_format),
        *traffic(spec),
    ]
