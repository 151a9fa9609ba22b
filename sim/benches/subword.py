"""What to try on a dot product whose multipliers come apart: all pairs of numbers in each mode, ends, and waits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.specs.subword import MODE, MODES, NIBBLE, NIBBLES, SubwordSpec
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, held_up, stream_play, stream_trials
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode_steps
from sim.golden.subword import nibbles, numbers_a_lane

FORMULA = "sum = Σ a[i] * w[i], of numbers of 8 x 8, 8 x 4 or 4 x 4 bits"

FEW = 256


def plays(spec: SubwordSpec, seed: int) -> list[StreamPlay]:
    """All plays for a dot product of sub-words; the resets come last."""
    rng = np.random.default_rng(seed)
    first, exhaustive = every_pair(spec, rng)
    count = len(first["a"]["mode"])  # type: ignore[arg-type]
    return [
        stream_play(spec, "operands", first, spec.cycles(count), exhaustive=exhaustive),
        *held_up(spec, some(spec, FEW, rng), rng),
    ]


def run(spec: SubwordSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def every_pair(spec: SubwordSpec, rng: np.random.Generator) -> tuple[Streams, bool]:
    """Of a single lane all pairs of numbers in each mode, each number of a lane in its turn; else ends and chance."""
    if spec.lanes > 1:
        return _together([ends(spec), some(spec, 4 * FEW, rng)]), False
    parts = []
    for mode, (a_bits, w_bits) in MODES.items():
        pairs = np.arange(1 << a_bits + w_bits)
        x, y = pairs & (1 << a_bits) - 1, pairs >> a_bits
        count = numbers_a_lane(mode)
        # The other numbers of the lane are by chance.
        for place in range(count):
            a, w = (rng.integers(0, 1 << width, (len(pairs), count)) for width in (a_bits, w_bits))
            a[:, place], w[:, place] = x, y
            parts.append(_beats(nibbles(a, a_bits, mode), nibbles(w, w_bits, mode), mode))
    return _together([ends(spec), some(spec, FEW, rng), *parts]), True


def ends(spec: SubwordSpec) -> Streams:
    """All numbers at one end each, in every mode."""
    parts = []
    for mode, widths in MODES.items():
        lowest = [1 << width - 1 for width in widths]
        for x, y in ((lowest[0], lowest[1]), (lowest[0], lowest[1] - 1), (lowest[0] - 1, lowest[1])):
            shape = (1, spec.lanes * numbers_a_lane(mode))
            a, w = (nibbles(np.full(shape, code), width, mode) for code, width in zip((x, y), widths, strict=True))
            parts.append(_beats(a, w, mode))
    return _together(parts)


def some(spec: SubwordSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Nibbles near corners and by chance, also those of no meaning; modes by chance; one beat in eight is of ends."""
    a, w = (mixed(NIBBLE, (beats, NIBBLES * spec.lanes), rng) for _ in range(2))
    mode, few, which = rng.integers(0, 1 << MODE.width, beats), ends(spec), rng.random(beats) < 1 / 8
    row = rng.integers(0, len(few["a"]["mode"]), int(which.sum()))  # type: ignore[arg-type]
    for codes, stream, field in ((a, "a", "x"), (w, "w", "x"), (mode, "a", "mode")):
        codes[which] = np.asarray(few[stream][field])[row]
    return {"a": {"x": a, "mode": mode}, "w": {"x": w}}


def _beats(a: NDArray[np.int64], w: NDArray[np.int64], mode: int) -> Streams:
    return {"a": {"x": a, "mode": np.full(len(a), mode)}, "w": {"x": w}}


def _together(parts: list[Streams]) -> Streams:
    return {
        name: {field: np.concatenate([np.asarray(part[name][field]) for part in parts]) for field in parts[0][name]}
        for name in ("a", "w")
    }


def coverage(spec: SubwordSpec) -> list[Point]:
    """Nibbles of all classes, every mode, sums at the ends of what the widths were derived for, and waits."""

    def find(tried: Tried) -> NDArray[np.int64]:
        sums = decode_steps(spec.result, tried["sum.x"])
        return np.select([sums == spec.span.lo, sums == spec.span.hi], [0, 1], 2)

    reached = point("ends of sum", ("lowest", "highest", "between"), find, about=OPERANDS)
    return [*classes_of_fields(spec), reached, results("sum.x", spec.result), *traffic(spec)]


def trials(spec: SubwordSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
