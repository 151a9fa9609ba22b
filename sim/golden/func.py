"""The golden model of a function: the integers that a plan says, without a look at logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Format, Minifloat
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode
from sim.golden.streams import BeatModel


@dataclass(frozen=True)
class Func(BeatModel):
    """A function of codes.

    Parameters
    ----------
    input, output : Format
    results : array of ``2**input.width`` codes
        Of each code of the input the result.
    """

    input: Format
    output: Format
    results: Codes

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, computed(spec.plan, spec.input, spec.output))

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """The function's results; codes ``x`` have shape (beats, lanes)."""
        return self.function(x["x"])

    def function(self, codes: ArrayLike) -> Codes:
        """The codes of the function's results.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        return self.results[check_codes("x", self.input, codes)]


def computed(plan: Any, source: Format, result: Format) -> Codes:
    """The result of each code, as a plan makes it.

    Parameters
    ----------
    plan : Plan
        As `hw.functions.plan` has it.
    source, result : Format
    """
    codes = np.arange(1 << source.width, dtype=np.int64)
    x = decode(source, codes)
    word = _line(plan, _keys(plan.front, source, codes)) % (1 << plan.word)
    if plan.word < result.width:
        negative = plan.signed & (codes >> source.width - 1 == 1) & source.span.signed
        if result.code_of(np.nan) == 1 << plan.word:
            # Without -0, whose code is the NaN's.
            negative &= word != 0
        word = word + (negative.astype(np.int64) << plan.word)
    kinds = {
        "negative": x < 0,
        "zero": (x == 0) & ~np.signbit(x),
        "-zero": (x == 0) & np.signbit(x),
        "infinity": x == np.inf,
        "-infinity": x == -np.inf,
        "nan": np.isnan(x),
    }
    for kind, code in plan.exceptions:
        word = np.where(kinds[kind], code, word)
    return word


def _keys(front: Any, source: Format, codes: Codes) -> Codes:
    """The code's lowest bits; or its integer, scaled; or where its highest one is, and what follows."""
    return KEYS[front.kind](front, source, codes) % (1 << front.bits)


def _scaled(front: Any, source: Format, codes: Codes) -> Codes:
    if not isinstance(source, Minifloat):
        return np.floor(np.ldexp(_integers(source, codes) * front.factor, -front.drop)).astype(np.int64)
    magnitude = codes % (1 << source.width - source.signed)
    exponent = np.maximum(magnitude >> source.mantissa_bits, 1)
    significand = magnitude - (exponent - 1 << source.mantissa_bits)
    if not source.subnormals:
        significand = np.where(significand < 1 << source.mantissa_bits, 0, significand)
    whole = np.floor(np.ldexp(significand * front.factor, -front.drop))
    scaled = np.floor(np.ldexp(whole, np.minimum(exponent - front.top, 0))).astype(np.int64)
    scaled = np.where(exponent > front.top, (1 << front.bits - front.signed) - 1, scaled)
    return np.where(codes == magnitude, scaled, -1 - scaled)


def _normal(front: Any, source: Format, codes: Codes) -> Codes:
    number = np.abs(_integers(source, codes)) if front.absolute else codes % (1 << front.width)
    length = np.frexp(number.astype(np.float64))[1]
    exponent = np.where(number == 0, 0, (1 << front.places) - 1 - front.width + length)
    fraction = np.ldexp(number, front.width - length).astype(np.int64) % (1 << front.width - 1)
    return (exponent << front.width - 1) + fraction


KEYS = {"plain": lambda front, source, codes: codes, "scaled": _scaled, "normal": _normal}


def _integers(source: Format, codes: Codes) -> Codes:
    """Codes as numbers of steps."""
    return np.where(source.span.signed & (codes >> source.width - 1 == 1), codes - (1 << source.width), codes)


def _line(plan: Any, key: Codes) -> Codes:
    """Constant, slope times offset, and what the line runs along."""
    lines = plan.lines
    block = key >> plan.front.bits - lines.index
    total = lines.constant[block] + lines.slope[block] * (key % (1 << lines.offset))
    if plan.along is not None:
        size = 1 << plan.along.bits
        k = key % size
        if plan.along.signed:
            k = np.where(k >= size // 2, k - size, k)
        k = -1 - k if plan.along.inverted else k
        total = total + lines.along[block] * np.floor(np.ldexp(k, plan.along.up + lines.shift)).astype(np.int64)
    return total >> lines.shift
