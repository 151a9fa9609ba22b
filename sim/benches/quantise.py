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
    codes = np.where(rng.random((beats, 1)) < 0.4, mixed(spec.input, shape, rng), scaled(spec, shape, rng))
    clean = rng.random((beats, 1)) < CLEAN
    finite = np.isfinite(decode(spec.input, codes))
    codes = np.where(clean & ~finite, rng.integers(0, 2, shape), codes)
    # In a block of zeros no number says what the scale is.
    codes = np.where(rng.random((beats, 1)) < ZEROS, zeros(spec, shape, rng), codes)
    return {"x": {"x": codes, **chances(spec, shape, rng)}}


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
        with np.errstate(over="ignore", invalid="ignore"):
            values = decode(fmt, tried["x.x"]) / decode(block.scale, tried["y.scale"])[:, None]
        return np.where(np.isfinite(values), values, np.nan)

    def scales(tried: Tried) -> NDArray[np.int64]:
        found = decode(block.scale, tried["y.scale"])
        return np.select([np.isnan(found), found == float(block.scale.min)], [2, 0], 1)

    # What is largest has the block's power, and what is finest is as far below as in the input.
    ceil = block.rule == "ceil"
    finest = block.max_exponent + 1 - (fmt.top - fmt.span.lsb) - ceil
    most = block.element.max if ceil else Fraction(2) ** block.max_exponent * (2 - Fraction(2) ** (1 - fmt.precision))
    top = int(most / Fraction(2) ** finest)
    span = Span(-top if fmt.span.lo < 0 else 0, top, finest)
    reach = Reach(span, fmt.precision, 2.0 ** max(finest, -900))
    rounded = rounding("y", block.element, spec.rounding, exact, reach, OPERANDS)
    possible = [0, 1, *([2] if fmt.has_special and spoils(spec) else [])]
    scale = point("scale", ("lowest", "between", "NaN"), scales, possible, about=OPERANDS)
    return [*classes_of_fields(spec), *rounded, scale, results("y.x", block.element), *traffic(spec)]


def spoils(spec: QuantiseSpec) -> bool:
    """Whether an input can be infinite or NaN where an element can't."""
    specials = [value for value in (np.inf, np.nan) if spec.input.code_of(value) is not None]
    return any(spec.output.element.code_of(value) is None for value in specials)


def trials(spec: QuantiseSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec, lambda count, rng: flat(some(spec, count, rng)))
