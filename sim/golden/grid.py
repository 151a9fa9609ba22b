"""Encoding by arithmetic: formats too wide for a list of all their values."""

from __future__ import annotations

import sys
from fractions import Fraction
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Bipolar, Fixed, Format, Integer, Minifloat
from hw.formats.messages import cut
from sim.golden.ladder import special_code
from sim.golden.rounding import Rounding, add_odd, shift_right

Floats = NDArray[np.float64]
FINEST = 1 << 1074
"""Units of float64's smallest number in 1."""


@singledispatch
def encode_on_grid(fmt: Format, x: Floats, rounding: Rounding) -> NDArray[Any]:
    """Codes of numbers that are not NaN; an infinity counts as a large number."""
    raise TypeError(f"no arithmetic encodes {cut(fmt)}, and {fmt.width} bits are too many for a table")


@encode_on_grid.register(Integer)
@encode_on_grid.register(Fixed)
def _(fmt: Integer | Fixed, x: Floats, rounding: Rounding) -> NDArray[Any]:
    if fmt.span.lsb < -900 or fmt.top > 900:
        # So fine or so large that float64 cannot count in its steps.
        units = [int(Fraction(value) * FINEST) for value in np.clip(x, -sys.float_info.max, sys.float_info.max).flat]
        steps = np.array(units, dtype=object).reshape(x.shape) << max(0, -1074 - fmt.span.lsb)
        return codes_of_steps(fmt, shift_right(steps, max(0, fmt.span.lsb + 1074), rounding))
    inside = np.clip(x, float(fmt.min), float(fmt.max))
    floor, up = _round(scaled(inside, -fmt.span.lsb), rounding)
    return codes_of_steps(fmt, _integers(floor, fmt.width) + up)


def codes_of_steps(fmt: Integer | Fixed, numbers: NDArray[Any]) -> NDArray[Any]:
    """Codes of whole numbers of steps, saturated."""
    return np.clip(numbers, fmt.span.lo + fmt.symmetric, fmt.span.hi) & ((1 << fmt.width) - 1)


@encode_on_grid.register
def _(fmt: Bipolar, x: Floats, rounding: Rounding) -> NDArray[Any]:
    inside = np.clip(x, float(fmt.min), float(fmt.max))
    # Values are 2 i + 1; i = -1 and 0 are the neighbours of zero.
    floor, up = _round(add_odd(inside, -1.0) / 2, rounding, straddling=-1, positive=inside > 0)
    half = 1 << (fmt.bits - 1)
    return np.clip(floor.astype(np.int64) + up, -half, half - 1) + half


@encode_on_grid.register
def _(fmt: Minifloat, x: Floats, rounding: Rounding) -> NDArray[Any]:
    top = 4 * float(fmt.max)
    inside = np.clip(x, -top if fmt.signed else 0.0, top)
    quanta = _exponents(fmt, np.abs(inside))
    floor, up = _round(scaled(inside, -quanta), rounding)
    rounded = np.ldexp(floor + up, quanta)
    magnitude = np.abs(rounded)
    beyond = magnitude > float(fmt.max)
    codes = _codes_of(fmt, np.where(beyond, float(fmt.max), magnitude))
    sign = np.int64(fmt.signed) << (fmt.width - 1)
    codes = np.where(np.signbit(inside), codes | sign, codes)
    if fmt.convention == "fnuz":
        codes = np.where(codes == sign, 0, codes)
    if fmt.overflow != "sat":
        # Without a sign nothing is beyond the lower end.
        overflows = beyond & ~(np.isfinite(x) & rounding.holds_back(x > 0))
        high, low = (np.inf, -np.inf if fmt.signed else np.inf) if fmt.overflow == "inf" else (np.nan, np.nan)
        codes = np.where(overflows, np.where(x > 0, special_code(fmt, high), special_code(fmt, low)), codes)
    return codes


def _round(y: Floats, rounding: Rounding, straddling: int | None = None, positive: Any = None) -> tuple[Floats, Any]:
    """Numbers as the integers below them, and whether they round up from there."""
    floor = np.floor(y)
    odd = np.fmod(floor, 2) != 0
    straddles = False if straddling is None else floor == straddling
    distance = add_odd(y, -floor)
    up = rounding.goes_up(distance, 1.0, odd, y > 0 if positive is None else positive, straddles)
    return floor, up


def _integers(floats: Floats, width: int) -> NDArray[Any]:
    """Whole numbers as integers, of Python where 64 bits may not do."""
    if width <= 53:
        return floats.astype(np.int64)
    return np.array([int(value) for value in floats.flat], dtype=object).reshape(floats.shape)


def scaled(x: Floats, exponent: Any) -> Floats:
    """``x * 2**exponent``; what becomes too small for float64 stays different from zero."""
    with np.errstate(under="ignore"):
        y = np.ldexp(x, exponent)
    return np.where((y == 0) & (x != 0), np.copysign(np.finfo(np.float64).smallest_subnormal, x), y)


def _exponents(fmt: Minifloat, magnitude: Floats) -> NDArray[Any]:
    """Exponent of the last bit of the format's numbers around each magnitude."""
    exponents = np.frexp(magnitude)[1] - 1
    quanta = np.maximum(exponents, fmt.min_exponent) - fmt.mantissa_bits
    # Without subnormals the neighbours of what is below the normal numbers are 0 and the smallest of those.
    return quanta if fmt.subnormals else np.where(exponents < fmt.min_exponent, fmt.min_exponent, quanta)


def _codes_of(fmt: Minifloat, magnitude: Floats) -> NDArray[np.int64]:
    """Codes of magnitudes that the format holds."""
    exponents = np.maximum(np.frexp(magnitude)[1] - 1, fmt.min_exponent)
    significand = np.ldexp(magnitude, fmt.mantissa_bits - exponents).astype(np.int64)
    # A normal significand's leading one makes up for the field's being one more.
    codes = significand + ((exponents.astype(np.int64) - fmt.min_exponent) << fmt.mantissa_bits)
    return np.where(magnitude == 0, 0, codes)
