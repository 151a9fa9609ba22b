"""What to try on a block dot product: what a dot product is tried with, under scales of all kinds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed, Format
from hw.specs.blockdot import BlockDotSpec
from sim.benches.aimed import ends, shared, wanted
from sim.benches.dot import BEATS, Codes, all_but_one, extremes, lanes
from sim.benches.reset import resets
from sim.benches.stimulus import corners
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, flat, paused, stream_play, stream_trials
from sim.coverage.classes import crossed, least_of, present
from sim.coverage.point import OPERANDS, Point, cross
from sim.coverage.rounding import Reach, rounding, values_of
from sim.coverage.steering import Operands, Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode
from sim.golden.dot import exact_sums
from sim.golden.scaled import scaled

FORMULA = "sum = scale_a * scale_b * Σ a[i] * b[i], i over a block"


def plays(spec: BlockDotSpec, seed: int) -> list[StreamPlay]:
    """All plays for a block dot product; the resets come last."""
    rng = np.random.default_rng(seed)
    a, b = spec.elements
    corner = extremes(a, b, spec.lanes), all_but_one(a, b, spec.lanes, rng)
    # Where few lanes count, sums have few bits; of those by chance some have many.
    chance = [rng.integers(0, 1 << fmt.width, (BEATS // 2, spec.lanes)) for fmt in (a, b)]
    some = [lanes(a, b, (count, spec.lanes), rng) for count in (BEATS // 2, BEATS)]
    first = blocks(spec, some[0], *corner, some[1], (chance[0], chance[1]), rng=rng)
    # The first ones have scales of all classes with one another.
    every = min(BEATS // 2, len(present(spec.scales[0])) * len(present(spec.scales[1])))
    for name, codes in zip("ab", crossed(spec.scales, every, rng), strict=True):
        np.asarray(first[name]["scale"])[:every] = codes
    if not isinstance(spec.result, Fixed):
        aim(spec, first, BEATS, rng)
    random, lone = (blocks(spec, lanes(a, b, (count, spec.lanes), rng), rng=rng) for count in (BEATS // 4, 1))
    few, count = spec.cycles(BEATS // 4), len(np.asarray(first["a"]["scale"]))
    return [
        stream_play(spec, "operands", first, spec.cycles(count)),
        stream_play(spec, "one_beat", lone, spec.cycles(1)),
        stream_play(spec, "pauses", random, few, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", random, few, pauses={"sum": 0.7}),
        stream_play(spec, "resets", random, few, resets=resets(few, rng)),
    ]


def run(spec: BlockDotSpec, seed: int, beats: int) -> StreamPlay:
    """So many pairs of blocks without a pause."""
    rng = np.random.default_rng(seed)
    given = blocks(spec, lanes(*spec.elements, (beats, spec.lanes), rng), rng=rng)
    return stream_play(spec, "run", given, spec.cycles(beats))


def blocks(spec: BlockDotSpec, *elements: tuple[Codes, Codes], rng: np.random.Generator) -> Streams:
    """Pairs of blocks of these elements, with scales."""
    x, y = (np.concatenate(parts) for parts in zip(*elements, strict=True))
    first, second = (scales(fmt, len(x), rng) for fmt in spec.scales)
    return {"a": {"x": x, "scale": first}, "b": {"x": y, "scale": second}}


def aim(spec: BlockDotSpec, streams: Streams, count: int, rng: np.random.Generator) -> None:
    """Give the last so many pairs of blocks scales that bring their results to where these are hard to round.

    Scales bring no more than the exponent, so half of them are for any results that are small enough to lose bits.
    """
    x, y = (decode(fmt, np.asarray(streams[name]["x"])[-count:]) for name, fmt in zip("ab", spec.elements, strict=True))
    small = ends(spec.result)[0] * 2.0 ** rng.uniform(-4, 8, count)
    results = np.where(rng.random(count) < 0.5, small, wanted(spec.result, count, rng))
    with np.errstate(divide="ignore", invalid="ignore"):
        products = results / (x * y).sum(axis=1)
    for name, codes in zip("ab", shared(*spec.scales, products, rng), strict=True):
        np.asarray(streams[name]["scale"])[-count:] = codes


def scales(fmt: Format, count: int, rng: np.random.Generator) -> Codes:
    """Codes near the middle of a format, so that products are in any result's range; near its corners; and random."""
    middle = (1 << fmt.width - 1) - 1
    near = np.clip(middle + rng.integers(-12, 13, count), 0, (1 << fmt.width) - 1)
    edge, random = rng.choice(corners(fmt), count), rng.integers(0, 1 << fmt.width, count)
    return np.choose(rng.choice(3, count, p=[0.6, 0.2, 0.2]), [near, edge, random])


def coverage(spec: BlockDotSpec) -> list[Point]:
    """Elements of all classes, scales of all with one another, sums that are rounded in every way, and who waits."""

    def sums(tried: Tried) -> NDArray[np.float64]:
        total = exact_sums(*spec.elements, tried["a.x"], tried["b.x"], "exact")
        return values_of(scaled(total, *spec.scales, tried["a.scale"], tried["b.scale"]))

    points = {one.name: one for one in classes_of_fields(spec)}
    scales = [cross(points["a.scale"], points["b.scale"])]
    if not isinstance(spec.result, Fixed):
        span = spec.exact_span
        least = [least_of(fmt) for fmt in (*spec.elements, *spec.scales)]
        reach = Reach(span, spec.sum_span.width, float(np.prod(least)), parts=spec.lanes)
        scales += rounding("sum", spec.result, spec.rounding, sums, reach, about=OPERANDS)
    return [*points.values(), *scales, results("sum.x", spec.result), *traffic(spec)]


def trials(spec: BlockDotSpec) -> Trials:
    """A pair of blocks is a trial."""

    def hard(count: int, rng: np.random.Generator) -> Operands:
        streams = blocks(spec, lanes(*spec.elements, (count, spec.lanes), rng), rng=rng)
        if not isinstance(spec.result, Fixed):
            aim(spec, streams, count // 2, rng)
        return flat(streams)

    return stream_trials(spec, hard)
