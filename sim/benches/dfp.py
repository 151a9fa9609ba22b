"""What to try on a dual multiply-accumulate: frames of every length, sums that stay at an end and go beyond; waits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.specs.dfp import LANES, DfpSpec
from sim.benches.matvec import marks
from sim.benches.reset import resets
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.streams import classes_of_fields, lengths, results, traffic
from sim.coverage.tried import Tried
from sim.golden.encoding import encode_steps

FORMULA = "sum = Σ (a[0] b[0] + a[1] b[1]) >> shift, of a frame or of each chunk"

LONGEST, FRAMES = 12, 160
OVER = ("held", "beyond the ends")


def plays(spec: DfpSpec, seed: int) -> list[StreamPlay]:
    """All plays for a dual multiply-accumulate; the resets come last."""
    rng = np.random.default_rng(seed)
    some = rng.integers(1, LONGEST + 1, FRAMES).tolist()
    chunk = min(spec.chunk, 64)
    ends = [1, 2, 30, 31, *([chunk, chunk + 1, 2 * chunk, max(1, chunk - 1)] if chunk else [])] * 3
    few = [1, 1, 2, 5, 1, 3, 1, 4] * 4
    limit = sum(few) + spec.latency
    return [
        _play(spec, "frames", some, rng),
        _play(spec, "ends", ends, rng, extreme=True),
        stream_play(spec, "pauses", streams(spec, few, rng), limit, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", streams(spec, few, rng), limit, pauses={"sum": 0.7}),
        *(
            stream_play(
                spec, name, streams(spec, few, rng), limit, duration=None, resets=resets(limit, rng, spec.latency)
            )
            for name in ("resets", "resets_again")
        ),
    ]


def run(spec: DfpSpec, seed: int, beats: int, frames: int = 1) -> StreamPlay:
    """So many frames of so many beats without a pause."""
    return _play(spec, "run", [beats] * frames, np.random.default_rng(seed))


def _play(
    spec: DfpSpec, name: str, beats: Sequence[int], rng: np.random.Generator, extreme: bool = False
) -> StreamPlay:
    return stream_play(spec, name, streams(spec, beats, rng, extreme), sum(beats) + spec.latency)


def streams(spec: DfpSpec, beats: Sequence[int], rng: np.random.Generator, extreme: bool = False) -> Streams:
    """Frames of so many beats: corners and chance, or of each frame the extreme pairs of one sign."""
    shape = (sum(beats), LANES)
    a, b = mixed(spec.a, shape, rng), mixed(spec.b, shape, rng)
    if extreme:
        # The largest products of either sign: of the lowest with itself, and with the highest.
        signs = np.repeat(np.arange(len(beats)) % 2, beats)[:, None]
        (first, _), (low, high) = (_ends(fmt) for fmt in (spec.a, spec.b))
        a, b = np.full(shape, first), np.where(signs, high, low) + np.zeros(shape, dtype=np.int64)
    else:
        # Here and there a frame of nothing.
        a = np.where(np.repeat(rng.random(len(beats)) < 1 / 12, beats)[:, None], 0, a)
    return {"a": {"x": a, "last": marks(beats)}, "b": {"x": b}}


def _ends(fmt: Format) -> tuple[int, int]:
    """The codes of the number of the largest magnitude, and of the highest."""
    lowest, highest = (int(encode_steps(fmt, np.array([end]), 0)[0]) for end in (fmt.span.lo, fmt.span.hi))
    return lowest if fmt.span.lo < 0 else highest, highest


def coverage(spec: DfpSpec) -> list[Point]:
    """Operands of all classes, frames of all lengths, sums of both signs and beyond the register, and waits."""
    bounds = {"1": 1, "few": LONGEST, "more": 1 << 20}

    def over(tried: Tried) -> NDArray[np.int64]:
        return np.asarray(tried["sum.over"])

    beyond = [] if spec.chunk else [point("ends of sum", OVER, over, about=OPERANDS)]
    return [*classes_of_fields(spec), lengths("a", bounds), *beyond, results("sum.x", spec.result), *traffic(spec)]
