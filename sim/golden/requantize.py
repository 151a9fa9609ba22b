"""Requantisation by integers alone: a product and a shift stand for a scale."""

from __future__ import annotations

import math
import sys

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Integer, check_int
from sim.golden.codes import Codes, code_type
from sim.golden.rounding import deterministic, shift_right


def dyadic(scale: float, bits: int = 31) -> tuple[int, int]:
    """m and e of the nearest ``m / 2**e`` to a scale, with m of `bits` bits (arXiv 2011.10680, HAWQ-V3).

    Parameters
    ----------
    scale : float
        Positive and finite; at least ``2**-960``.
    bits : int
        1..52.

    Returns
    -------
    m, e : int
        ``2**(bits - 1) <= m < 2**bits``; e may be negative for scales above one of that many bits.
    """
    if isinstance(scale, bool) or not isinstance(scale, (int, float)):
        raise TypeError(f"scale must be a float, got {scale!r} of type {type(scale).__name__}")
    # An integer is compared exactly, however large.
    if not 2.0**-960 <= scale <= sys.float_info.max:
        raise ValueError(f"scale must be positive and finite, got {scale}")
    check_int("bits", bits, 1, 52)
    fraction, exponent = math.frexp(scale)
    m = round(fraction * 2**bits)
    # Rounding may reach the next power of two.
    return (m // 2, bits - exponent - 1) if m == 1 << bits else (m, bits - exponent)


def requantize(
    z: ArrayLike, m: int, e: int, fmt: Integer, zero_point: int = 0, rounding: str = "nearest_even"
) -> Codes:
    """The codes of ``((z * m) >> e) + zero_point``, the shift rounded, the sum saturated.

    Parameters
    ----------
    z : integer array
        Of at most 64 bits, or of Python's integers.
    m : int
        -2**62..2**62.
    e : int
        0..1000.
    fmt : Integer
        Of the result.
    zero_point : int
        -2**31..2**31.
    rounding : str
        Of the shift: a key of `hw.formats.ROUNDINGS` but "stochastic"; "down" is the plain shift.

    Returns
    -------
    Array of codes of `fmt`, of the shape of `z`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """
    numbers = np.asarray(z)
    python = numbers.dtype == object and all(isinstance(z, int) and not isinstance(z, bool) for z in numbers.flat)
    if numbers.size and numbers.dtype.kind not in "iu" and not python:
        raise TypeError(f"z must be integers, got an array of {numbers.dtype}")
    check_int("m", m, -(1 << 62), 1 << 62)
    check_int("e", e, 0, 1000)
    check_int("zero_point", zero_point, -(1 << 31), 1 << 31)
    if not isinstance(fmt, Integer):
        raise TypeError(f"fmt must be an Integer, got {fmt!r}")
    how = deterministic(rounding)
    highest = max((abs(int(end)) for end in (numbers.min(), numbers.max())), default=0) if numbers.size else 0
    numbers = numbers.astype(np.int64 if (highest * abs(m)).bit_length() < 62 else object)
    shifted = shift_right(np.asarray(numbers * m, dtype=numbers.dtype), e, how) + zero_point
    span = fmt.span
    codes = np.clip(shifted, span.lo + fmt.symmetric, span.hi) & ((1 << fmt.width) - 1)
    return np.asarray(codes).astype(code_type(fmt.width))
