"""I-ViT's exponential in integers, by shifts (arXiv 2207.01405), in 64-bit integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def base_two(x: Ints) -> Ints:
    """About ``x * log2(e)``."""
    return x + (x >> 1) - (x >> 4)


def int_exp_shift(x: Ints, x0: int, n: int) -> Ints:
    """``exp(x / -x0) * -x0 * 2**n``, about, for numbers of at most 0; `x0` is ``floor(-1 / scale)``.

    No number is above ``-x0 * 2**n``.
    """
    x = np.maximum(base_two(x), n * x0)
    # Both are negative or zero: the quotient is rounded down.
    q = x // x0
    r = x - x0 * q
    # floor((r / 2 - x0) * 2**(n - q)), without halves.
    return np.maximum(0, (r - 2 * x0) << (n - q) >> 1)


def exponent_pair(x: Ints, steps: int, bound: int) -> tuple[Ints, Ints]:
    """``exp(x / steps) * 2 * steps``, about, as ``m * 2**(bound - q)``: `m` in ``steps + 1 .. 2 * steps``."""
    t = bound * steps - base_two(x)
    q = t // steps
    return 2 * steps - (t - q * steps), q
