"""What to try on a scaled addition: sums and scales near their ends, terms that almost cancel what is there, ties."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from hw.formats import Format
from hw.specs.blockadd import BlockAddSpec
from sim.benches.aimed import ends, nearest, shared, wanted
from sim.benches.reset import resets
from sim.benches.stimulus import near_corners
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, flat, paused, stream_play, stream_trials
from sim.coverage.classes import least_of
from sim.coverage.point import Point
from sim.coverage.rounding import Reach, values_of
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.sums import Pair, added, sizes_of
from sim.coverage.tried import Tried
from sim.golden import model
from sim.golden.decoding import decode, decode_steps
from sim.golden.products import Numbers, Terms
from sim.golden.scaled import scaled

FORMULA = "y[j] = c[j] + x[j] * scale_a * scale_b[j]"

BEATS = 1024


def plays(spec: BlockAddSpec, seed: int) -> list[StreamPlay]:
    """All plays for a scaled addition; the resets come last."""
    rng = np.random.default_rng(seed)
    # Each lane has a tie of its own.
    many = 8 * BEATS // min(spec.lanes, 8)
    given = {
        "corners": operands(spec, BEATS, rng),
        "cancelling": cancelling(spec, operands(spec, BEATS, rng), rng),
        "aimed": aimed(spec, BEATS, rng),
        "ties": ties(spec, many, rng),
        "cancelling_ties": cancelling(spec, ties(spec, many, rng), rng),
    }
    few = ties(spec, BEATS // 2, rng)
    cycles = spec.cycles(BEATS // 2)
    return [
        *(
            stream_play(spec, name, some, spec.cycles(len(np.asarray(some["scale"]["a"]))))
            for name, some in given.items()
        ),
        stream_play(spec, "pauses", few, cycles, pauses=paused(spec, 0.4)),
        stream_play(spec, "resets", few, cycles, resets=resets(cycles, rng)),
    ]


def run(spec: BlockAddSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", operands(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def operands(spec: BlockAddSpec, beats: int, rng: np.random.Generator) -> dict[str, dict[str, np.ndarray]]:
    """Codes near the corners of the formats and random ones; scales, half of them, near one another's inverse."""
    shape = (beats, spec.lanes)
    middle = [1 << (fmt.scale.width - 1) for fmt in (spec.a, spec.b)]
    a, b = (some(fmt.scale, size, rng) for fmt, size in ((spec.a, beats), (spec.b, shape)))
    near = rng.random(beats) < 0.5
    a = np.where(near, np.clip(middle[0] + rng.integers(-9, 9, beats), 0, 2 * middle[0] - 1), a)
    b = np.where(near[:, None], np.clip(middle[1] + rng.integers(-9, 9, shape), 0, 2 * middle[1] - 1), b)
    streams = {
        "x": {"x": some(spec.sum_format, shape, rng)},
        "scale": {"a": a, "b": b},
        "c": {"x": some(spec.result, shape, rng)},
    }
    if spec.has_status:
        kinds = rng.integers(0, 4, shape) if is_infinite(spec) else 3 * rng.integers(0, 2, shape)
        streams["x"]["status"] = np.where(rng.random(shape) < 0.1, kinds, 0)
    return streams


def is_infinite(spec: BlockAddSpec) -> bool:
    """Whether an element has infinities; of others, a sum is a NaN or a number, and no other status comes with it."""
    return any(block.element.code_of(float("inf")) is not None for block in (spec.a, spec.b))


def cancelling(spec: BlockAddSpec, streams: Streams, rng: np.random.Generator) -> Streams:
    """What is there is the negative of the term, or next to it."""
    zero = {"x": np.zeros_like(streams["c"]["x"])}
    term = model(spec).run(**{**streams, "c": zero})["y"]["x"].astype(np.int64)
    sign = 1 << (spec.result.width - 1)
    return {**streams, "c": {"x": np.clip((term ^ sign) + rng.integers(-2, 3, term.shape), 0, 2 * sign - 1)}}


def ties(spec: BlockAddSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Numbers of few bits, so far apart that one of them is a half, and another alone says where that goes."""
    streams, shape = operands(spec, beats, rng), (beats, spec.lanes)
    size, precision = spec.sum_format.width, spec.result.precision
    top = size - 2 - rng.integers(0, size - 1, shape) * rng.integers(0, 2, shape)
    last = rng.integers(0, top + 1) >> rng.integers(0, 4, shape)
    # By so much does what is there lead the term, as far as the bits of either reach; or it takes away the last bit.
    lead = rng.integers(-size - 1, precision + 3, shape) - rng.choice([0] * 7 + [size], shape)
    lead = np.where(rng.random(shape) < 0.25, last - top, lead)
    half = top - precision + np.maximum(lead, 0) - rng.integers(-1, 2, shape) * rng.integers(0, 2, shape)
    half = np.clip(half, 0, top)
    # One bit, or ones from there to the half or to the last bit.
    x = np.choose(rng.choice([0, 0, 1, 2], shape), [1 << top, (2 << top) - (1 << half), (2 << top) - (1 << last)])
    for bit in (half, last):
        x |= (rng.random(shape) < 0.6).astype(np.int64) << bit
    x = np.where(rng.random(shape) < 0.5, x, -x)
    streams["x"]["x"] = x & ((1 << size) - 1)
    a, b = streams["scale"]["a"], streams["scale"]["b"] = powers(spec, shape, rng)
    term = decode(spec.sum_format, streams["x"]["x"]) * decode(spec.a.scale, a)[:, None] * decode(spec.b.scale, b)
    step = 2.0 ** -np.minimum(rng.integers(1, 2 * precision, shape), precision - 1)
    fraction = np.where(rng.random(shape) < 0.5, 1 + step, 2 - step) * rng.choice([-1, 1], shape)
    exponent = np.frexp(term)[1] - 1
    c = nearest(spec.result, np.ldexp(fraction, exponent + lead))
    # Where the term is small, what is there is often too small for a leading one.
    least = np.log2(ends(spec.result)[0]) + precision - 1
    low = (exponent < least + size + precision) & (rng.random(shape) < 0.5)
    sign, subnormal = 1 << (spec.result.width - 1), 1 << rng.integers(0, precision, shape) >> 1
    streams["c"]["x"] = np.where(low, c & sign | subnormal, c)
    return streams


def aimed(spec: BlockAddSpec, beats: int, rng: np.random.Generator) -> Streams:
    """What is there makes a sum that is hard to round with the term, or is about as large."""
    streams = operands(spec, beats, rng)
    zero = {"x": np.zeros_like(streams["c"]["x"])}
    term = np.nan_to_num(decode(spec.result, model(spec).run(**{**streams, "c": zero})["y"]["x"]), posinf=0, neginf=0)
    hard = wanted(spec.result, term.size, rng).reshape(term.shape) - term
    with np.errstate(over="ignore"):
        alike = np.ldexp(term * rng.choice([-1.0, 1.0], term.shape), rng.integers(-3, 4, term.shape))
    streams["c"] = {"x": nearest(spec.result, np.where(rng.random(term.shape) < 0.5, hard, alike))}
    return streams


def powers(spec: BlockAddSpec, shape: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scales whose products are powers of two: a fourth brings terms near the result's least number."""
    (least, most), precision = np.log2(ends(spec.result)).astype(int), spec.result.precision
    lowest, highest = np.log2([ends(spec.a.scale), ends(spec.b.scale)]).astype(int).sum(axis=0)
    wanted = rng.integers(max(lowest, least - precision), 1 + min(highest, most), shape)
    small = least + rng.integers(-spec.sum_format.width, precision + 4, shape)
    numbers = 2.0 ** np.clip(np.where(rng.random(shape) < 0.25, small, wanted), lowest, highest)
    a = shared(spec.a.scale, spec.b.scale, numbers[:, 0], rng)[0]
    a = nearest(spec.a.scale, 2.0 ** np.floor(np.log2(decode(spec.a.scale, a))))
    wide = np.clip(numbers / decode(spec.a.scale, a)[:, None], *ends(spec.b.scale))
    return a, nearest(spec.b.scale, 2.0 ** np.floor(np.log2(wide)))


def some(fmt: Format, shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Codes, half of them near the corners of a format."""
    return near_corners(fmt, rng.integers(0, 1 << fmt.width, shape), 0.5, rng)


def coverage(spec: BlockAddSpec) -> list[Point]:
    """Operands of all classes, terms near and far from what they are added to, sums rounded in every way, and waits."""

    def numbers(tried: Tried) -> Pair:
        return tried.once("numbers", lambda: (decode(spec.result, tried["c.x"]), values_of(terms(tried))))

    def terms(tried: Tried) -> Terms | Numbers:
        x = tried["x.x"]
        status = tried["x.status"] if spec.has_status else np.zeros(x.shape, dtype=np.int64)
        sums = Terms(decode_steps(spec.sum_format, x), status.astype(np.uint8), spec.sum_format.span.lsb)
        return scaled(sums, spec.a.scale, spec.b.scale, tried["scale.a"][:, None], tried["scale.b"])

    least = least_of(spec.a.scale) * least_of(spec.b.scale) * 2.0**spec.sum_format.span.lsb
    span = spec.sum_format.span * spec.a.scale.span * spec.b.scale.span
    sizes, reach = (
        (sizes_of(spec.result), (least, span.hi * Fraction(2) ** span.lsb)),
        Reach.sums(spec.result.span + span, 2),
    )
    sums = added("y", spec.result, spec.rounding, numbers, sizes, reach)
    never = {} if is_infinite(spec) else {"x.status": ("0x1", "0x2")}
    return [*classes_of_fields(spec, never), *sums, results("y.x", spec.result), *traffic(spec)]


def trials(spec: BlockAddSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec, lambda count, rng: flat(aimed(spec, count, rng)))
