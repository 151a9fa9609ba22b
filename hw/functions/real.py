"""Real values of functions, exact enough to say which numbers of a format they lie between.

A value is ``base + delta`` of two float64 numbers: `base` is a number that the value comes very near to (x itself, a
half, one), so that `delta`, which has all the error, is known to `MARGIN` of itself however small it is. What lies
nearer to a number of the format than that, `hw.functions.exact` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

MARGIN = 2.0**-38
"""Of `delta`, its error: float64 functions are right to 2**-50, and erfc to 2**-42 where its argument is large."""
NEAR, FAR = 2.0**-10, 4.0
"""Below and beyond which a function is written as what it comes near to, and the rest."""
LEAST, MOST, MOST_ERFC = 5e-324, 700.0, 25.0
"""What a rest is at least, and arguments beyond which exp and erfc are beyond what formats of 16 bits tell apart."""


@dataclass(frozen=True)
class Function:
    """A real function.

    Parameters
    ----------
    formula : str
        For people.
    parts : callable
        `base` and `delta` of finite x; a pole is an infinity in `base`, and what has no value is NaN.
    ends : (float, float)
        Its values at minus and plus infinity.
    odd : bool
        Whether ``f(-x) = -f(x)``.
    signed : bool
        Whether results have the sign of x; else none is below zero.
    """

    formula: str
    parts: Callable[[Floats], tuple[Floats, Floats]]
    ends: tuple[float, float]
    odd: bool = False
    signed: bool = False


def values(function: str, x: Floats) -> tuple[Floats, Floats]:
    """`base` and `delta` of a function at numbers that may be infinite or NaN.

    Returns
    -------
    Arrays of the shape of `x`. Where the value is exact, infinite or NaN, `delta` is 0.
    """
    f = FUNCTIONS[function]
    finite = np.isfinite(x)
    with np.errstate(all="ignore"):
        base, delta = f.parts(np.where(finite, x, 1.0))
    for end, value in zip((-np.inf, np.inf), f.ends, strict=True):
        base, delta = np.where(x == end, value, base), np.where(x == end, 0.0, delta)
    return np.where(np.isnan(x), np.nan, base), np.where(np.isnan(x), 0.0, delta)


def _rest(delta: Floats, sign: Floats) -> Floats:
    """A rest that is too small for a float64 is not zero."""
    return np.where(sign == 0, 0.0, np.copysign(np.maximum(np.abs(delta), LEAST), sign))


def _exp(x: Floats) -> tuple[Floats, Floats]:
    near, x = np.abs(x) < NEAR, np.clip(x, -MOST, MOST)
    return np.where(near, 1.0, 0.0), np.where(near, np.expm1(x), np.exp(x))


def _reciprocal(x: Floats) -> tuple[Floats, Floats]:
    pole = x == 0
    return np.where(pole, 1 / x, 0.0), np.where(pole, 0.0, 1 / x)


def _rsqrt(x: Floats) -> tuple[Floats, Floats]:
    without = x <= 0
    return np.where(without, 1 / np.sqrt(x), 0.0), np.where(without, 0.0, 1 / np.sqrt(x))


def _sigmoid(x: Floats) -> tuple[Floats, Floats]:
    near, far, x = np.abs(x) < NEAR, x > FAR, np.clip(x, -MOST, MOST)
    base = np.select([near, far], [0.5, 1.0], 0.0)
    return base, np.select([near, far], [np.tanh(x / 2) / 2, -special.expit(-x)], special.expit(x))


def _tanh(x: Floats) -> tuple[Floats, Floats]:
    near, far, clipped = np.abs(x) < 2.0**-6, np.abs(x) > FAR, np.clip(x, -MOST / 2, MOST / 2)
    square = np.where(near, x, 0.0) ** 2
    # The series of tanh(x) - x; what is left out is less than 2**-40 of it.
    series = -x * square * (1 / 3 - square * (2 / 15 - square * (17 / 315 - square * 62 / 2835)))
    beyond = -np.sign(x) * 2 / (np.exp(2 * np.abs(clipped)) + 1)
    base = np.select([near, far], [x, np.sign(x)], 0.0)
    return base, np.select([near, far], [_rest(series, -x), beyond], np.tanh(clipped))


def _silu(x: Floats) -> tuple[Floats, Floats]:
    near, far, clipped = np.abs(x) < NEAR, x > FAR, np.clip(x, -MOST, MOST)
    base = np.select([near, far], [x / 2, x], 0.0)
    small = _rest(x * np.tanh(clipped / 2) / 2, np.abs(x))
    return base, np.select([near, far], [small, -x * special.expit(-clipped)], clipped * special.expit(clipped))


def _gelu(x: Floats) -> tuple[Floats, Floats]:
    near, far = np.abs(x) < NEAR, x > FAR
    z = np.clip(x / np.sqrt(2.0), -MOST_ERFC, MOST_ERFC)
    base = np.select([near, far], [x / 2, x], 0.0)
    small = _rest(x * special.erf(z) / 2, np.abs(x))
    return base, np.select([near, far], [small, -x * special.erfc(z) / 2], x * special.erfc(-z) / 2)


FUNCTIONS: dict[str, Function] = {
    "exp": Function("e**x", _exp, (0.0, np.inf)),
    "rsqrt": Function("1 / sqrt(x)", _rsqrt, (np.nan, 0.0)),
    "reciprocal": Function("1 / x", _reciprocal, (-0.0, 0.0), odd=True, signed=True),
    "gelu": Function("x (1 + erf(x / sqrt(2))) / 2", _gelu, (-0.0, np.inf), signed=True),
    "silu": Function("x / (1 + e**-x)", _silu, (-0.0, np.inf), signed=True),
    "sigmoid": Function("1 / (1 + e**-x)", _sigmoid, (0.0, 1.0)),
    "tanh": Function("tanh(x)", _tanh, (-1.0, 1.0), odd=True, signed=True),
}
