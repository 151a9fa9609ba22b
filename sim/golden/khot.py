"""Real weights as sums of signed powers of two, term after term; `encode` finds the nearest sum instead."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.encodings import KHot
from sim.golden.codes import Codes, code_type
from sim.golden.encoding import as_floats, to_float64


def greedy(fmt: KHot, values: ArrayLike) -> Codes:
    """The codes that are found greedily: each term is the signed power of two that is nearest to what is left.

    Of two as near it is the larger. A value that is left at zero goes on with a positive power, as there is no zero.

    Parameters
    ----------
    fmt : KHot
    values : array of real numbers

    Returns
    -------
    Array of codes, of the values' shape.

    Raises
    ------
    TypeError
        `fmt` is not a KHot, or the values are not real numbers.
    ValueError
        One is NaN.
    """
    if not isinstance(fmt, KHot):
        raise TypeError(f"fmt must be a KHot, got {fmt}")
    left = to_float64(as_floats(values))
    if np.isnan(left).any():
        raise ValueError(f"values must not be NaN: {fmt} has no code for it")
    left = np.ldexp(left, fmt.fraction)
    highest = (1 << fmt.shift_bits) - 1
    codes = np.zeros(left.shape, dtype=np.int64)
    for term in range(fmt.terms):
        shift = nearest_power(np.abs(left), highest)
        negative = left < 0
        codes |= (negative.astype(np.int64) << fmt.shift_bits | shift) << term * (fmt.shift_bits + 1)
        left = left - np.where(negative, -1.0, 1.0) * np.ldexp(1.0, shift)
    return codes.astype(code_type(fmt.width))


def nearest_power(sizes: NDArray[np.float64], highest: int) -> NDArray[np.int64]:
    """The exponents 0..highest of the nearest powers of two; of two as near the larger."""
    fraction, exponent = np.frexp(np.minimum(sizes, 2.0 ** (highest + 1)))
    # Halfway between two powers of two is a significand of 3/4.
    return np.clip(exponent.astype(np.int64) - (fraction < 0.75), 0, highest)
