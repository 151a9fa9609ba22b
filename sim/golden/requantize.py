"""Requantisation by integers alone: a product and a shift stand for a scale."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Integer, Minifloat, check_int
from hw.formats.messages import echo
from sim.golden.codes import Codes, code_type, native
from sim.golden.encoding import encode_steps
from sim.golden.rounding import Rounding, deterministic, shift_right


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
    if isinstance(scale, np.generic):
        scale = native(scale).item()
    if isinstance(scale, bool) or not isinstance(scale, (int, float)):
        raise TypeError(f"scale must be a float, got {echo(scale)} of type {type(scale).__name__}")
    # An integer is compared exactly, however large.
    if not 2.0**-960 <= scale <= sys.float_info.max:
        raise ValueError(f"scale must be positive and finite, got {scale}")
    check_int("bits", bits, 1, 52)
    fraction, exponent = math.frexp(scale)
    m = round(fraction * 2**bits)
    # Rounding may reach the next power of two.
    return (m // 2, bits - exponent - 1) if m == 1 << bits else (m, bits - exponent)


def dyadics(scales: NDArray[Any], bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`dyadic` of each scale, m and e of the scales' shape; a scale of 0 is 0 and 0."""
    pairs = [dyadic(float(scale), bits) if scale else (0, 0) for scale in scales.flat]
    m, e = np.array(pairs, dtype=np.int64).reshape(*scales.shape, 2).transpose(scales.ndim, *range(scales.ndim))
    return m, e


def requantize(
    z: ArrayLike,
    m: ArrayLike,
    e: ArrayLike,
    fmt: Integer | Minifloat,
    zero_point: ArrayLike = 0,
    rounding: str = "nearest_even",
    bias: ArrayLike = 0,
    relu: bool = False,
) -> Codes:
    """The codes of ``(((z + bias) * m) >> e) + zero_point``, the shift rounded, the sum saturated.

    For a float, the codes of ``(z + bias) * m / 2**e``, rounded once. What is beyond its range becomes what the
    format says.

    Parameters
    ----------
    z : integer array
        Of at most 64 bits, or of Python's integers.
    m : integer or integer array
        -2**62..2**62; an array, as of the other parameters, that broadcasts to the shape of `z`: a scale each.
    e : integer or integer array
        0..1000.
    fmt : Integer or Minifloat
        Of the result.
    zero_point : integer or integer array
        -2**32..2**32; for a float 0.
    rounding : str
        Of the shift: a key of `hw.formats.ROUNDINGS` but "stochastic"; "down" is the plain shift.
    bias : integer or integer array
        As `z`.
    relu : bool
        If true, nothing is below the zero point.

    Returns
    -------
    Array of codes of `fmt`, of the shape of `z`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """
    if not isinstance(fmt, (Integer, Minifloat)):
        raise TypeError(f"fmt must be an Integer or a Minifloat, got {echo(fmt)}")
    if not isinstance(relu, bool):
        raise TypeError(f"relu must be a bool, got {echo(relu)}")
    how, numbers = deterministic(rounding), _integers("z", z)
    shape = numbers.shape
    scales, shifts = _parameter("m", m, -(1 << 62), 1 << 62, shape), _parameter("e", e, 0, 1000, shape)
    most = 1 << 32 if isinstance(fmt, Integer) else 0
    zeros = _parameter("zero_point", zero_point, -most, most, shape)
    products = _products(numbers, _spread("bias", _integers("bias", bias), shape), scales)
    codes = np.zeros(numbers.size, dtype=code_type(fmt.width))
    for shift in np.unique(shifts).tolist():
        here = (shifts == shift).ravel()
        codes[here] = _shifted(products.ravel()[here], zeros.ravel()[here], shift, fmt, how, relu)
    return codes.reshape(shape)


def _integers(name: str, values: ArrayLike) -> NDArray[Any]:
    """Integers of any size as an array of them."""
    array = native(values)
    python = array.dtype == object and all(isinstance(n, int) and not isinstance(n, bool) for n in array.flat)
    if array.size and array.dtype.kind not in "iu" and not python:
        raise TypeError(f"{name} must be integers, got an array of {np.asarray(values).dtype}")
    return array


def _parameter(name: str, values: ArrayLike, low: int, high: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """A parameter for each number."""
    if not isinstance(values, (np.ndarray, list, tuple)):
        check_int(name, values, low, high)
    array = _integers(name, values)
    for extreme in (array.min(), array.max()) if array.size else ():
        check_int(name, int(extreme), low, high)
    return _spread(name, array.astype(np.int64), shape)


def _spread(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        shapes = f"{array.shape} and {shape}"
        raise ValueError(f"{name} must have a shape that broadcasts to that of z, got {shapes}") from None


def _products(z: NDArray[Any], bias: NDArray[Any], m: NDArray[Any]) -> NDArray[Any]:
    """``(z + bias) * m``, exactly."""
    if not z.size:
        return z
    biased, factor = (max(abs(int(n.min())), abs(int(n.max()))) for n in (bias, m))
    biased += max(abs(int(z.min())), abs(int(z.max())))
    kind = np.int64 if biased >> 62 == 0 and biased * factor >> 62 == 0 else object
    return np.asarray((z.astype(kind) + bias.astype(kind)) * m.astype(kind), dtype=kind)


def _shifted(
    products: NDArray[Any], zeros: NDArray[Any], shift: int, fmt: Integer | Minifloat, how: Rounding, relu: bool
) -> Codes:
    """The codes of ``products / 2**shift``."""
    if isinstance(fmt, Minifloat):
        return encode_steps(fmt, np.maximum(products, 0) if relu else products, -shift, how.name)
    lowest = fmt.span.lo + fmt.symmetric
    lowest = np.maximum(zeros, lowest) if relu else lowest
    moved = shift_right(products, shift, how) + zeros.astype(products.dtype)
    return np.minimum(np.maximum(moved, lowest), fmt.span.hi) & ((1 << fmt.width) - 1)
