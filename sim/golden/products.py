"""Product rules on values. The hardware computes on bits; that the two agree is the evidence.

A rule takes two formats and two arrays of codes and gives `Terms`: each product as an integer
number of steps of the rule's grid, and its status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, Minifloat
from sim.golden.codec import decode, decode_steps, integer_type


@dataclass
class Terms:
    """Products, element by element.

    Attributes
    ----------
    steps : integer array
        The finite products in units of ``2**lsb``; 0 where the product is not finite.
    status : uint8 array
        0 for a finite product, 1 for +infinity, 2 for -infinity, 3 for NaN.
    lsb : int
        Exponent of a step.
    """

    steps: NDArray[Any]
    status: NDArray[np.uint8]
    lsb: int


def exact(a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike) -> Terms:
    """``a * b`` without rounding, for any two formats; `a` and `b` broadcast."""
    span = a_format.span * b_format.span
    dtype = integer_type(span)
    x, y = decode_steps(a_format, a).astype(dtype), decode_steps(b_format, b).astype(dtype)
    return Terms(x * y, _status(decode(a_format, a), decode(b_format, b)), span.lsb)


def lmul(a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike) -> Terms:
    """L-Mul (arXiv 2410.00907) in its integer form, on values of one minifloat format.

    With ``|x| = (1 + p) 2**e`` and ``|y| = (1 + q) 2**f`` the product's magnitude has the
    significand fraction ``s = p + q + 2**-l``; its whole part c carries into the exponent:
    ``(1 + s - c) 2**(e + f + c)``. Operands and results below the normal numbers count as 0, and
    results above the range as its end.
    """
    fmt = a_format
    if not isinstance(fmt, Minifloat) or a_format != b_format:
        raise ValueError(f"lmul takes two operands of one minifloat format, got {a_format} and {b_format}")
    smallest = 2.0 ** (1 - fmt.bias)
    x: NDArray[np.float64] = _flush(decode(fmt, a), smallest)
    y: NDArray[np.float64] = _flush(decode(fmt, b), smallest)
    status = _status(x, y)
    finite = (status == 0) & (x != 0) & (y != 0)
    (p, e), (q, f) = (np.frexp(np.where(finite, np.abs(v), 1.0)) for v in (x, y))
    l = fmt.mantissa_bits if fmt.mantissa_bits <= 3 else 3 if fmt.mantissa_bits == 4 else 4  # noqa: E741
    # frexp's significands are in [1/2, 1): 2p - 1 is the fraction, e - 1 the exponent.
    s = (2 * p - 1) + (2 * q - 1) + 2.0**-l
    c = np.floor(s)
    magnitude = (1 + s - c) * np.exp2(e + f - 2 + c)
    magnitude = np.where(magnitude < smallest, 0, np.minimum(magnitude, float(fmt.max)))
    steps = np.where(finite, magnitude * np.sign(x) * np.sign(y), 0) / 2.0**fmt.span.lsb
    if integer_type(fmt.span) is np.int64:
        return Terms(steps.astype(np.int64), status, fmt.span.lsb)
    return Terms(np.vectorize(int, otypes=[object])(steps), status, fmt.span.lsb)


def _flush(values: NDArray[np.float64], smallest: float) -> NDArray[np.float64]:
    """Magnitudes below `smallest` as zeros of the same sign."""
    return np.where(np.abs(values) < smallest, np.copysign(0.0, values), values)


def _status(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """IEEE 754 decides: infinity times zero is NaN, a NaN stays one, signs multiply."""
    with np.errstate(invalid="ignore"):
        product = x * y
    return (
        np.isposinf(product) * np.uint8(1) + np.isneginf(product) * np.uint8(2) + np.isnan(product) * np.uint8(3)
    ).astype(np.uint8)


PRODUCTS: dict[str, Callable[[Format, Format, ArrayLike, ArrayLike], Terms]] = {"exact": exact, "lmul": lmul}
"""Every product rule, by the name it has in specs."""
