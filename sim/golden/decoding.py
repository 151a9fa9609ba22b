"""Codes to values, vectorised and exact."""

from __future__ import annotations

from functools import lru_cache, singledispatch
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from hw.formats import Bipolar, Fixed, Format, Integer, Minifloat
from sim.golden.codes import Codes, check_codes, check_format, integer_type
from sim.golden.rounding import nearest_float

TABLE_WIDTH = 16
"""Formats of at most that many bits are decoded by a table of all their values."""
CHUNK = 1 << 14
"""Numbers at a time: intermediate arrays of so many stay in the cache."""


def decode(fmt: Format, codes: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """The value of each code.

    Parameters
    ----------
    fmt : Format
    codes : array of integers
        Any shape; empty and 0-d arrays keep theirs.
    dtype : float64 or float32
        Type of the result.

    Returns
    -------
    Array of that shape and type. float64 is exact for every format but fixed point of more than 53
    bits, which is rounded to the nearest (`decode_steps` is exact); float32 is rounded to nearest
    where it does not hold a value. The code of -0 gives -0.0.

    Raises
    ------
    TypeError
        `fmt` is not a Format, `codes` are not integers, or `dtype` is neither.
    ValueError
        A code is out of range.
    """
    check_format(fmt)
    kind = np.dtype(dtype)
    if kind not in (np.float64, np.float32):
        raise TypeError(f"dtype must be float64 or float32, got {kind}")
    array = check_codes("codes", fmt, codes)
    if fmt.width <= TABLE_WIDTH:
        return _look_up(_table(fmt, kind), array)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(values_of(fmt, array)).astype(kind, copy=False)


def decode_steps(fmt: Format, codes: ArrayLike) -> NDArray[Any]:
    """The value of each code in units of ``2**fmt.span.lsb``, exact; 0 for infinities and NaN.

    Returns
    -------
    int64 array of the codes' shape, or one of Python's integers where 64 bits do not hold the span.

    Raises
    ------
    TypeError, ValueError
        As `decode`.
    """
    check_format(fmt)
    array = check_codes("codes", fmt, codes)
    if fmt.width <= TABLE_WIDTH:
        return _look_up(_steps(fmt), array)
    return np.asarray(steps_of(fmt, array), dtype=integer_type(fmt.span))


def _look_up(table: NDArray[Any], codes: Codes) -> NDArray[Any]:
    """The table's entries at the codes, in chunks: the index that numpy makes of them stays in the cache."""
    result = np.empty(codes.shape, dtype=table.dtype)
    flat, entries = np.ascontiguousarray(codes).reshape(-1), result.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        piece = slice(start, start + CHUNK)
        np.take(table, flat[piece], out=entries[piece], mode="clip")
    return result


@lru_cache(maxsize=64)
def _table(fmt: Format, kind: np.dtype[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(values_of(fmt, np.arange(1 << fmt.width)), dtype=kind)


@lru_cache(maxsize=64)
def _steps(fmt: Format) -> NDArray[Any]:
    return steps_of(fmt, np.arange(1 << fmt.width))


@singledispatch
def values_of(fmt: Format, codes: Codes) -> NDArray[np.float64]:
    """The values of codes in range. Families with more than 16 bits register arithmetic for it."""
    return np.array([float(fmt.value(int(code))) for code in codes.flat], dtype=np.float64).reshape(codes.shape)


@values_of.register(Integer)
@values_of.register(Fixed)
@values_of.register(Bipolar)
def _(fmt: Integer | Fixed | Bipolar, codes: Codes) -> NDArray[np.float64]:
    steps = np.asarray(steps_of(fmt, codes))
    if fmt.width > 900:
        return np.array([nearest_float(step, fmt.span.lsb) for step in steps.flat]).reshape(steps.shape)
    return np.ldexp(steps.astype(np.float64), fmt.span.lsb)


@values_of.register
def _(fmt: Minifloat, codes: Codes) -> NDArray[np.float64]:
    field_bits = fmt.exponent_bits + fmt.mantissa_bits
    codes = codes.astype(np.int64)
    magnitude = codes & ((1 << field_bits) - 1)
    exponent, mantissa = magnitude >> fmt.mantissa_bits, magnitude & ((1 << fmt.mantissa_bits) - 1)
    significand = mantissa + ((exponent > 0).astype(np.int64) << fmt.mantissa_bits)
    if not fmt.subnormals:
        significand = np.where(exponent > 0, significand, 0)
    values = np.ldexp(significand.astype(np.float64), np.maximum(exponent, 1) - fmt.bias - fmt.mantissa_bits)
    infinite = (fmt.convention == "ieee") & (mantissa == 0)
    values = np.where(magnitude <= fmt.max_magnitude_code, values, np.where(infinite, np.inf, np.nan))
    if fmt.convention == "fnuz":
        values = np.where(codes == 1 << field_bits, np.nan, values)
    return np.where(codes >> field_bits > 0, -values, values)


@singledispatch
def steps_of(fmt: Format, codes: Codes) -> NDArray[Any]:
    """The values of codes in range, in steps; 0 for infinities and NaN."""
    return steps_of_values(values_of(fmt, codes), fmt.span.lsb, integer_type(fmt.span))


@steps_of.register(Integer)
@steps_of.register(Fixed)
def _(fmt: Integer | Fixed, codes: Codes) -> NDArray[Any]:
    codes = codes.astype(integer_type(fmt.span))
    return codes - (codes >> (fmt.width - 1) << fmt.width) if fmt.signed else codes


@steps_of.register
def _(fmt: Bipolar, codes: Codes) -> NDArray[Any]:
    return 2 * codes.astype(np.int64) + fmt.span.lo


def steps_of_values(values: NDArray[np.float64], lsb: int, kind: Any) -> NDArray[Any]:
    """Finite values, multiples of ``2**lsb``, in units of it; 0 for infinities and NaN."""
    finite = np.where(np.isfinite(values), values, 0.0)
    if kind is np.int64:
        return np.ldexp(finite, -lsb).astype(np.int64)
    fraction, exponent = np.frexp(finite)
    # 53 bits hold any significand; the shift down drops zeros only.
    significands, shifts = (fraction * 2.0**53).astype(np.int64), exponent.astype(np.int64) - 53 - lsb
    shifted = significands.astype(object) << np.maximum(shifts, 0).astype(object)
    return np.asarray(shifted >> np.maximum(-shifts, 0).astype(object), dtype=object)
