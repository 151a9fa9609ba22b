"""What to try on a block quantiser: numbers of all sizes, ties, one that is larger than others, specials; waits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Span
from hw.specs.quantise import QuantiseSpec
from sim.benches.aimed import ends, nearest, wanted
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, chances, flat, held_up, stream_play, stream_trials
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.rounding import Reach, rounding
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode
from sim.golden.encoding import encode

FORMULA = "y.x[i] = round(x[i] / y.scale), y.scale = 2^(floor(log2(max |x|)) - emax), or the ceil rule's"

BEATS, FEW = 2048, 256
CLEAN = 0.75
"""Of blocks so many have numbers only: what is none spoils all of its block."""
ZEROS = 1 / 16
"""Of blocks so many have nothing but zeros."""


def plays(spec: QuantiseSpec, seed: int) -> list[StreamPlay]:
    """All plays for a block quantiser; the resets come last."""
    rng = np.random.default_rng(seed)
    few = some(spec, FEW, rng)
    return [
        stream_play(spec, "blocks", some(spec, BEATS, rng), spec.cycles(BEATS)),
        *held_up(spec, few, rng),
    ]


def run(spec: QuantiseSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def some(spec: QuantiseSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Blocks of corners and chance; those of numbers that are hard to round under one scale, of any size."""
    shape = (beats, spec.lanes)
    tensor = tensors(spec, beats, rng)
    hard = divided(spec, shape, tensor, rng) if spec.divides else scaled(spec, shape, rng)
    codes = np.where(rng.random((beats, 1)) < 0.4, mixed(spec.input, shape, rng), hard)
    clean = rng.random((beats, 1)) < CLEAN
    finite = np.isfinite(decode(spec.input, codes))
    codes = np.where(clean & ~finite, rng.integers(0, 2, shape), codes)
    # In a block of zeros no number says what the scale is.
    codes = np.where(rng.random((beats, 1)) < ZEROS, zeros(spec, shape, rng), codes)
    return {"x": {"x": codes, **chances(spec, shape, rng), **tensor}}


def tensors(spec: QuantiseSpec, beats: int, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Codes of the tensor's scales: powers of two, under which there are ties, others of all sizes, and any."""
    fmt = spec.output.tensor
    if fmt is None:
        return {}
    least, most = np.log2(ends(spec.input)).astype(int)
    # From where all of a block is subnormal to where it is near the end.
    powers = 2.0 ** np.where(
        rng.random(beats) < 0.4, rng.integers(-12, 13, beats), rng.integers(least - 10, min(most, least + 10), beats)
    )
    near = nearest(fmt, powers * np.where(rng.random(beats) < 0.5, 1, rng.uniform(1, 2, beats)))
    return {"tensor": np.where(rng.random(beats) < 0.8, near, mixed(fmt, (beats,), rng))}


def divided(
    spec: QuantiseSpec, shape: tuple[int, int], tensor: dict[str, NDArray[Any]], rng: np.random.Generator
) -> NDArray[Any]:
    """Codes of elements, and of what lies between two, times a scale and the tensor's; one is nearly the largest."""
    block = spec.output
    factors = np.ones(shape[0]) if block.tensor is None else decode(block.tensor, tensor["tensor"])
    scales = np.abs(decode(block.scale, rng.integers(0, 1 << block.scale.width, shape[0])))
    # Between two scales there are ties, too.
    scales = np.nan_to_num(scales) + rng.choice([0, 0, 0.5, 0.5 + 2.0**-12], shape[0]) * 2.0**block.scale.span.lsb
    values = wanted(block.element, shape[0] * shape[1], rng).reshape(shape)
    largest = float(block.element.max)
    values = np.where(np.abs(values) > largest, np.sign(values) * rng.uniform(0, largest, shape), values)
    place = rng.integers(0, shape[1], (shape[0], 1))
    values = np.where(np.arange(shape[1]) == place, largest, values)
    with np.errstate(invalid="ignore", over="ignore"):
        return nearest(spec.input, values * (scales * factors)[:, None]).reshape(shape)


def zeros(spec: QuantiseSpec, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    """Codes of zeros, of either sign where there are two."""
    return encode(spec.input, rng.choice([0.0, -0.0], shape))


def scaled(spec: QuantiseSpec, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[Any]:
    """Codes of elements, and of what lies between two, times a scale; the first lane's is one of the largest."""
    element = spec.output.element
    count = shape[0] * shape[1]
    values = wanted(element, count, rng).reshape(shape)
    largest = float(element.max)
    # Within the scale's power of two, or below it by all that an element has.
    values = np.where(np.abs(values) >= 2 * largest, values / 2.0 ** (1 + np.frexp(values / largest)[1]), values)
    tops = largest * rng.choice([1, 0.75, 1.25, 0.5], (shape[0], 1)) * rng.choice([1, 1 + 2.0**-6], (shape[0], 1))
    place = rng.integers(0, shape[1], (shape[0], 1))
    values = np.where(np.arange(shape[1]) == place, tops, values)
    least, most = np.log2(ends(spec.input)).astype(int)
    powers = rng.integers(least - 1, max(least, most - int(np.log2(largest))) + 1, (shape[0], 1))
    return nearest(spec.input, values * 2.0**powers).reshape(shape)


def coverage(spec: QuantiseSpec) -> list[Point]:
    """Numbers of all classes, elements rounded in every way, scales at their ends, and waits."""
    block, fmt = spec.output, spec.input

    def exact(tried: Tried) -> NDArray[np.float64]:
        """Numbers divided by their scales; NaN where one is none."""
        values, divisors = decode(fmt, tried["x.x"]), decode(block.scale, tried["y.scale"])
        if block.tensor is not None:
            # Of 28 bits, so that the product is exact.
            divisors = divisors * decode(block.tensor, tried["x.tensor"])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            quotients = values / divisors[:, None]
        return np.where(np.isfinite(quotients), quotients, np.nan)

    def scales(tried: Tried) -> NDArray[np.int64]:
        found = decode(block.scale, tried["y.scale"])
        return np.select([np.isnan(found), found == max(0.0, float(block.scale.min))], [2, 0], 1)

    possible = [0, 1, *([2] if spec.divides or (fmt.has_special and spoils(spec)) else [])]
    scale = point("scale", ("lowest", "between", "NaN"), scales, possible, about=OPERANDS)
    # What is largest has the block's power, and what is finest is as far below as in the input.
    ceil = block.rule == "ceil"
    finest = block.max_exponent + 1 - (fmt.top - fmt.span.lsb) - ceil
    most = block.element.max if ceil else Fraction(2) ** block.max_exponent * (2 - Fraction(2) ** (1 - fmt.precision))
    top = int(most / Fraction(2) ** finest)
    span = Span(-top if fmt.span.lo < 0 else 0, top, finest)
    reach = Reach(span, fmt.precision, 2.0 ** max(finest, -900))
    rounded = rounding("y", block.element, spec.rounding, exact, reach, OPERANDS)
    return [*classes_of_fields(spec), *rounded, scale, results("y.x", block.element), *traffic(spec)]


def spoils(spec: QuantiseSpec) -> bool:
    """Whether an input can be infinite or NaN where an element can't."""
    specials = [value for value in (np.inf, np.nan) if spec.input.code_of(value) is not None]
    return any(spec.output.element.code_of(value) is None for value in specials)


def trials(spec: QuantiseSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec, lambda count, rng: flat(some(spec, count, rng)))
