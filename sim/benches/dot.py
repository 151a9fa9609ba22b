"""What to try on a dot product: corners and chance in every lane, alone and together, with pauses and a reset."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed, Format
from hw.specs.dot import DotSpec
from sim.benches.aimed import factors, wanted
from sim.benches.mac import ends, opposite
from sim.benches.reset import resets
from sim.benches.stimulus import near_corners, pairs
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, flat, paused, stream_play, stream_trials
from sim.coverage.classes import crossed
from sim.coverage.point import OPERANDS, Point
from sim.coverage.rounding import Reach, rounding, values_of
from sim.coverage.steering import Operands, Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden import decode
from sim.golden.dot import exact_sums, sums_of_groups

FORMULA = "sum = Σ a[i] * b[i], i = 0 .. n-1"

BEATS = 2048
ENDS = 8
"""Beats at the beginning, of lanes that are all at ends of their formats."""
BUT_ONE = 512
"""Beats of which one lane is other than all others."""
ALIKE, SPARSE, AGAINST, SPECIAL = range(4)
"""Kinds of beats, each one in eight."""
Codes = NDArray[np.int64]


def plays(spec: DotSpec, seed: int) -> list[StreamPlay]:
    """All plays for a dot product; the resets come last."""
    rng = np.random.default_rng(seed)
    first, exhaustive = every_pair(spec, rng)
    random = some_beats(spec, BEATS // 4, rng)
    few = spec.cycles(BEATS // 4)
    count = len(first["a"]["x"])  # type: ignore[arg-type]
    return [
        stream_play(spec, "operands", first, spec.cycles(count), exhaustive=exhaustive),
        stream_play(spec, "one_beat", some_beats(spec, 1, rng), spec.cycles(1)),
        stream_play(spec, "pauses", random, few, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", random, few, pauses={"sum": 0.7}),
        stream_play(spec, "resets", random, few, resets=resets(few, rng)),
    ]


def run(spec: DotSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    rng = np.random.default_rng(seed)
    return stream_play(spec, "run", some_beats(spec, beats, rng), spec.cycles(beats))


def streams(a: Codes, b: Codes, shifts: Codes | None = None) -> Streams:
    """Beats of these codes, with shifts if groups have them."""
    beside = {} if shifts is None or not shifts.shape[1] else {"shift": shifts}
    return {"a": {"x": a}, "b": {"x": b, **beside}}


def some_beats(spec: DotSpec, count: int, rng: np.random.Generator) -> Streams:
    """So many beats."""
    return streams(*lanes(spec.a, spec.b, (count, spec.lanes), rng), shifts_of(spec, count, rng))


def shifts_of(spec: DotSpec, count: int, rng: np.random.Generator, aimed: int = 0) -> Codes:
    """Shifts of the groups of so many beats; the last group's of the last beats, which are `aimed`, is 0."""
    if not spec.group:
        return np.zeros((count, 0), dtype=np.int64)
    highest = (1 << spec.shift_bits) - 1
    shifts = rng.integers(0, highest + 1, (count, spec.groups))
    # In every other beat all are alike, often the highest: then sums come to their ends.
    alike = np.arange(count) % 2 == 0
    shifts[alike & (rng.random(count) < 1 / 2)] = highest
    shifts[:ENDS] = highest
    shifts[count - aimed :, -1:] = 0
    return shifts


def every_pair(spec: DotSpec, rng: np.random.Generator) -> tuple[Streams, bool]:
    """Of a single lane all pairs of codes, if they can be counted out; else extremes, corners and chance."""
    tried = pairs(spec.a, spec.b, rng) if spec.lanes == 1 else None
    if tried is not None and tried.exhaustive:
        return streams(tried.a[:, None], tried.b[:, None], shifts_of(spec, len(tried.a), rng)), not spec.group
    extreme = extremes(spec.a, spec.b, spec.lanes)
    but_one = all_but_one(spec.a, spec.b, spec.lanes, rng)
    some = lanes(spec.a, spec.b, (BEATS, spec.lanes), rng)
    x, y = (np.concatenate(parts) for parts in zip(extreme, but_one, some, strict=True))
    return streams(x, y, hard_to_round(spec, x, y, BEATS // 4, rng)), False


def hard_to_round(spec: DotSpec, x: Codes, y: Codes, count: int, rng: np.random.Generator) -> Codes:
    """Shifts of beats; the last so many are changed in their last lane where sums are rounded, to be hard to round."""
    aimed = 0 if isinstance(spec.result, Fixed) else count
    shifts = shifts_of(spec, len(x), rng, aimed)
    if aimed:
        scales = np.repeat(2.0 ** shifts[-aimed:], spec.group, axis=1) if spec.group else np.ones(1)
        aim(spec, x, y, aimed, scales, rng)
    return shifts


def aim(spec: DotSpec, x: Codes, y: Codes, count: int, scales: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Change the last lane of the last so many beats, so that sums are where these are hard to round.

    Lanes count as often as `scales` says, the last one once.
    """
    with np.errstate(invalid="ignore"):
        products = decode(spec.a, x[-count:]) * decode(spec.b, y[-count:]) * scales
        others = products[:, :-1].sum(axis=1)
    last = wanted(spec.result, count, rng) - np.nan_to_num(others, posinf=0, neginf=0)
    x[-count:, -1], y[-count:, -1] = factors(spec.a, spec.b, last, rng)


def extremes(a: Format, b: Format, count: int) -> tuple[Codes, Codes]:
    """Beats whose lanes are all at the ends of their formats: among them those with the lowest and the highest sum."""
    x, y = _pairs_of_ends(a, b)
    return np.repeat(x, count, axis=1), np.repeat(y, count, axis=1)


def all_but_one(a: Format, b: Format, count: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Beats whose lanes are all at one end but one, that has operands of any class: the sum is large, and yet fine."""
    x, y = (np.resize(codes, (BUT_ONE, count)) for codes in (np.repeat(e, count, axis=1) for e in _pairs_of_ends(a, b)))
    lane = np.arange(BUT_ONE), rng.integers(0, count, BUT_ONE)
    x[lane], y[lane] = crossed([a, b], BUT_ONE, rng)
    return x, y


def _pairs_of_ends(a: Format, b: Format) -> tuple[Codes, Codes]:
    x, y = (np.array(codes) for codes in zip(*product(ends(a), ends(b)), strict=True))
    return x[:, None], y[:, None]


def lanes(a: Format, b: Format, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Codes for beats of lanes: near the corners of the formats and random ones.

    In some beats all lanes are alike; in some most are zero, so that few bits are left to round; in some each second
    lane is the negative of the one before, and what is left is zero, or small. Infinities and NaNs are in few beats,
    for one of them hides all the numbers.
    """
    x, y = (near_corners(fmt, rng.integers(0, 1 << fmt.width, shape), 0.5, rng) for fmt in (a, b))
    kind = rng.integers(0, 8, shape[0])[:, None]
    finite = (kind != SPARSE) & (kind != SPECIAL)
    x, y = (np.where(finite & ~is_number(fmt)[codes], zero(fmt), codes) for fmt, codes in ((a, x), (b, y)))
    x, y = (np.where(kind == ALIKE, codes[:, :1], codes) for codes in (x, y))
    x = np.where((kind == SPARSE) & (rng.random(shape) < 1 - 2 / shape[1]), zero(a), x)
    even = shape[1] & ~1
    against = (kind == AGAINST) & (rng.random((shape[0], even // 2)) < 7 / 8)
    x[:, 1:even:2] = np.where(against, opposite(a)[x[:, 0:even:2]], x[:, 1:even:2])
    y[:, 1:even:2] = np.where(against, y[:, 0:even:2], y[:, 1:even:2])
    return x, y


def is_number(fmt: Format) -> NDArray[np.bool_]:
    """Of each code, whether it is one."""
    return np.isfinite(decode(fmt, np.arange(1 << fmt.width)))


def zero(fmt: Format) -> int:
    """The code of zero, or of what is nearest to it."""
    return int(np.argmin(np.nan_to_num(np.abs(decode(fmt, np.arange(1 << fmt.width))), nan=np.inf)))


def coverage(spec: DotSpec) -> list[Point]:
    """Operands of all classes in the lanes, sums that are rounded in every way, and who waits for whom."""

    def sums(tried: Tried) -> NDArray[np.float64]:
        operands = spec.a, spec.b, tried["a.x"], tried["b.x"], spec.product
        return values_of(sums_of_groups(*operands, tried["b.shift"]) if spec.group else exact_sums(*operands))

    reach = Reach.sums(spec.span, spec.lanes)
    rounded = [] if spec.is_exact else rounding("sum", spec.result, spec.rounding, sums, reach, about=OPERANDS)
    return [*classes_of_fields(spec), *rounded, results("sum.x", spec.result), *traffic(spec)]


def trials(spec: DotSpec) -> Trials:
    """A beat is a trial."""

    def hard(count: int, rng: np.random.Generator) -> Operands:
        x, y = lanes(spec.a, spec.b, (count, spec.lanes), rng)
        return flat(streams(x, y, hard_to_round(spec, x, y, count // 2, rng)))

    return stream_trials(spec, hard)
