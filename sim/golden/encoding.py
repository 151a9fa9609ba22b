"""Values to codes, vectorised: every format, every rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format, Integer
from hw.formats.messages import cut
from sim.golden.codes import Codes, check_format, code_type, native
from sim.golden.decoding import CHUNK
from sim.golden.direct import encode_directly
from sim.golden.grid import codes_of_steps
from sim.golden.rounding import Rounding, floats_of_steps, shift_right
from sim.golden.tables import find_table, look_up


def encode(
    fmt: Format,
    values: ArrayLike,
    rounding: str = "nearest_even",
    random: ArrayLike | None = None,
    random_bits: int | None = None,
) -> Codes:
    """The codes of values, rounded.

    Parameters
    ----------
    fmt : Format
    values : array of real numbers
        Any shape, contiguous or not, of numpy's types or those that it has learned, as ml_dtypes'; it is
        not written to. A value beyond the range becomes what the format's `overflow` says. An infinity
        gives the format's infinity; if there is none, it overflows too. Formats without a sign make 0 of
        what is below.
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    random, random_bits : array of integers, int
        For "stochastic" and for it only: numbers below ``2**random_bits``, of a shape that broadcasts
        to the values', and how many bits each has, 1..24. A magnitude rounds away from zero if the
        fraction that it loses, cut to so many bits, plus its random number carries.

    Returns
    -------
    Array of the values' shape and of the narrowest unsigned type that holds the codes; Python's
    integers above 64 bits. A result of zero keeps the value's sign if the format can.

    Raises
    ------
    TypeError
        `fmt` is not a Format, or an array is not of real numbers of at most 64 bits.
    ValueError
        A value is NaN and the format has no NaN; an unknown rounding; random numbers that do not fit.
    """
    check_format(fmt)
    how = Rounding(rounding, random, random_bits)
    x = as_floats(values)
    how = how.broadcast(x.shape)
    result = np.empty(x.shape, dtype=code_type(fmt.width))
    if x.size == 0:
        return result
    if fmt.code_of(np.nan) is None and np.isnan(np.max(x)):
        raise ValueError(f"values must not be NaN: {cut(fmt)} has no code for it")
    table = find_table(fmt, rounding, x.size)
    flat, codes = x.reshape(-1), result.reshape(-1)
    for start in range(0, x.size, CHUNK):
        piece = slice(start, start + CHUNK)
        if table is None or not look_up(table, flat[piece], codes[piece]):
            codes[piece] = encode_directly(fmt, to_float64(flat[piece]), _part(how, piece))
    return result


def encode_steps(
    fmt: Format,
    steps: NDArray[Any],
    lsb: int,
    rounding: str = "nearest_even",
    random: ArrayLike | None = None,
    random_bits: int | None = None,
) -> Codes:
    """The codes of the exact numbers ``steps * 2**lsb``, rounded once, whatever their widths.

    Parameters
    ----------
    fmt, rounding, random, random_bits
        As for `encode`.
    steps : array of int64 or of Python's integers
    lsb : int

    Returns
    -------
    As `encode`.

    Raises
    ------
    TypeError, ValueError
        As `encode`; `steps` are not integers.
    """
    check_format(fmt)
    how = Rounding(rounding, random, random_bits).broadcast(np.shape(steps))
    steps = _integers(steps)
    if isinstance(fmt, (Integer, Fixed)):
        shift = fmt.span.lsb - lsb
        numbers = shift_right(steps, shift, how) if shift >= 0 else np.asarray(steps.astype(object) << -shift, object)
        if fmt.width > 62:
            numbers = numbers.astype(object)
        return np.asarray(codes_of_steps(fmt, numbers)).astype(code_type(fmt.width))
    return encode(fmt, floats_of_steps(steps, lsb), rounding, random, random_bits)


def _integers(steps: ArrayLike) -> NDArray[Any]:
    """Steps as int64 or Python's integers."""
    array = native(steps)
    if array.dtype == object and all(isinstance(step, (int, np.integer)) for step in array.flat):
        return array
    if array.dtype.kind not in "iu":
        raise TypeError(f"steps must be integers, got an array of {np.asarray(steps).dtype}")
    return array.astype(object if array.dtype.kind == "u" and array.dtype.itemsize == 8 else np.int64)


def as_floats(values: ArrayLike) -> NDArray[Any]:
    """The values as contiguous float32 or float64, exactly or rounded to odd."""
    given = native(values)
    if given.dtype.kind not in "fiu" or given.dtype.itemsize > 8:
        raise TypeError(f"values must be real numbers of at most 64 bits, got an array of {np.asarray(values).dtype}")
    if given.dtype.kind == "f":
        kind = np.float64 if given.dtype.itemsize == 8 else np.float32
        return np.ascontiguousarray(given, dtype=kind).reshape(given.shape)
    return floats_of_steps(_integers(given), 0)


def to_float64(x: NDArray[Any]) -> NDArray[np.float64]:
    """Float32 or float64 numbers as float64, without a word about signalling NaNs."""
    with np.errstate(invalid="ignore"):
        return x.astype(np.float64)


def _part(rounding: Rounding, piece: slice) -> Rounding:
    if rounding.random is None:
        return rounding
    return Rounding(rounding.name, np.asarray(rounding.random).reshape(-1)[piece], rounding.random_bits)
