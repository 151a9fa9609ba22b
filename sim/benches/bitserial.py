"""What to try on a dot product of planes: every precision, planes of all kinds, the largest sums, pauses and resets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hw.specs.bitserial import BitserialSpec
from sim.benches.reset import resets
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.streams import classes_of_fields, lengths, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode_steps

FORMULA = "sum = Σ a[i] * w[i] = Σ 2^(p + q) * Σ a_p[i] * w_q[i], a_p and w_q the bits that count 2^p and 2^q"

VECTORS, FEW = 24, 12
RANDOM, ALIKE, SPARSE, ENDS = range(4)
"""Kinds of planes: by chance, all lanes alike, mostly zeros, and the ends of a sum: all lanes one in every plane."""
Precisions = Sequence[tuple[int, int]]


def plays(spec: BitserialSpec, seed: int) -> list[StreamPlay]:
    """All plays for a dot product of planes; the resets come last."""
    rng = np.random.default_rng(seed)
    every = [(a, w) for a in range(1, spec.bits + 1) for w in range(1, spec.bits + 1)]
    # Every other one is of single planes, so that sums follow one another at once.
    some = [(int(a), int(w)) for pair in rng.integers(1, spec.bits + 1, (FEW, 2)) for a, w in (pair, *[(1, 1)] * 3)]
    few = cycles(spec, some)
    most = [(spec.bits, spec.bits)] * VECTORS
    return [
        stream_play(spec, "precisions", operands(spec, every, rng), cycles(spec, every)),
        stream_play(spec, "highest_precision", operands(spec, most, rng), cycles(spec, most)),
        stream_play(spec, "pauses", operands(spec, some, rng), few, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", operands(spec, some, rng), few, pauses={"sum": 0.7}),
        stream_play(spec, "resets", operands(spec, some, rng), few, duration=None, resets=resets(few, rng)),
    ]


def run(spec: BitserialSpec, seed: int, vectors: int = 1, a_bits: int = 1, w_bits: int = 1) -> StreamPlay:
    """So many dot products of numbers of so many bits, without a pause."""
    some = [(a_bits, w_bits)] * vectors
    return stream_play(spec, "run", operands(spec, some, np.random.default_rng(seed)), cycles(spec, some))


def cycles(spec: BitserialSpec, precisions: Precisions) -> int:
    """What dot products of such precisions take, one after the other."""
    return sum(a * w for a, w in precisions) + spec.latency


def operands(spec: BitserialSpec, precisions: Precisions, rng: np.random.Generator) -> Streams:
    """Frames of planes for dot products of numbers of so many bits."""
    a, w = [], []
    for a_bits, w_bits in precisions:
        kind = int(rng.integers(0, 4))
        a.append(_frame(spec, a_bits, kind, rng, kind == ENDS and bool(rng.integers(0, 2))))
        frame = _frame(spec, w_bits, kind, rng, False)
        w += [frame] * a_bits
    streams = {"a": _joined(a), "w": _joined(w)}
    if spec.kind != "both":
        del streams["a"]["bipolar"]
    del streams["w"]["bipolar"]
    return streams


def _frame(
    spec: BitserialSpec, count: int, kind: int, rng: np.random.Generator, negative: bool
) -> dict[str, NDArray[np.int64]]:
    """A frame of so many planes; in one of the ends all planes count alike."""
    x = rng.integers(0, 2, (count, spec.lanes))
    signs, bipolar = rng.random(count) < 1 / 4, rng.integers(0, 2, count)
    signs[0] ^= bool(rng.integers(0, 2))
    if kind == ALIKE:
        x[:] = x[:, :1]
    elif kind == SPARSE:
        x &= rng.random(x.shape) < 2 / spec.lanes
    elif kind == ENDS:
        x[:], signs[:] = 1, negative
    last = np.arange(count) == count - 1
    return {"x": x, "negative": signs.astype(np.int64), "bipolar": bipolar, "last": last.astype(np.int64)}


def _joined(frames: list[dict[str, NDArray[np.int64]]]) -> dict[str, NDArray[np.int64]]:
    return {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}


def coverage(spec: BitserialSpec) -> list[Point]:
    """Bits of all classes, frames of every length, sums at the ends of what the widths were derived for, and waits."""

    def find(tried: Tried) -> NDArray[np.int64]:
        sums = decode_steps(spec.result, tried["sum.x"])
        return np.select([sums == spec.span.lo, sums == spec.span.hi], [0, 1], 2)

    frames = {f"of {count}": count for count in range(1, spec.bits + 1)}
    reached = point("ends of sum", ("lowest", "highest", "between"), find, about=OPERANDS)
    lines = [lengths(name, frames) for name in spec.inputs]
    return [*classes_of_fields(spec), *lines, reached, results("sum.x", spec.result), *traffic(spec)]
