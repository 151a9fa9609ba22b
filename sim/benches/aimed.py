"""Stimulus by working backwards: from the result that is wanted to an operand that gives it, or nearly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.coverage.classes import examples
from sim.golden.codes import Codes
from sim.golden.decoding import decode
from sim.golden.encoding import encode

BEYOND = 16
"""Powers of two beyond either end of a format's range."""
HUGE, TINY = 2.0**400, 2.0**-400


def wanted(fmt: Format, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Results that are hard to round into a format.

    Half of them are in its range, half of these near zero, and most of them halfway to the next number or just beside
    that; the others are beyond the largest or below the smallest, by every factor.
    """
    low = min(fmt.width, 6)
    codes = np.where(rng.random(count) < 0.5, rng.integers(0, 1 << low, count), rng.integers(0, 1 << fmt.width, count))
    with np.errstate(invalid="ignore"):
        here, above = (decode(fmt, at & ((1 << fmt.width) - 1)) for at in (codes, codes + 1))
        between = here + (above - here) * rng.choice([0, 0.5, 0.5, 0.5 - 2.0**-20, 0.5 + 2.0**-20], count)
    least, most = ends(fmt)
    factor = rng.choice([-1.0, 1.0], count) * rng.uniform(0.5, 2, count) * 2.0 ** rng.integers(0, BEYOND, count)
    kind = rng.integers(0, 4, count)
    # Beside infinity, and between the highest number and the lowest, there is nothing.
    inside = (kind < 2) & np.isfinite(between)
    return np.where(inside, between, np.where(kind % 2, most * factor, least / factor))


def ends(fmt: Format) -> tuple[float, float]:
    """The least and the most of the finite numbers above zero."""
    least = encode(fmt, [TINY], "up")
    most = encode(fmt, [HUGE], "toward_zero")
    return float(decode(fmt, least)[0]), float(decode(fmt, most)[0])


def nearest(fmt: Format, numbers: ArrayLike) -> Codes:
    """The codes of the finite values nearest to numbers; of NaN and infinity too there is one."""
    most = ends(fmt)[1]
    return encode(fmt, np.clip(np.nan_to_num(numbers), -most, most))


def factors(a: Format, b: Format, products: ArrayLike, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Codes of factors, the first by chance, whose products are near these numbers."""
    products = np.asarray(products, dtype=np.float64)
    x = rng.integers(0, 1 << a.width, products.shape)
    values = decode(a, x)
    usable = np.isfinite(values) & (values != 0)
    one = nearest(a, np.ones(products.shape))
    x = np.where(usable, x, one)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return x, nearest(b, products / decode(a, x))


def far(a: Format, b: Format, count: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Codes of factors whose products are near the least and the most that there are, of either sign."""
    either = rng.random(count) < 0.5
    codes = []
    for fmt in (a, b):
        every = examples(fmt)
        values = np.abs(decode(fmt, every))
        number = np.isfinite(values) & (values > 0)
        few = np.sort(values[number])
        small, large = every[number & (values <= few[min(3, len(few) - 1)])], every[number & (values >= few[-2:].min())]
        codes.append(np.where(either, rng.choice(small, count), rng.choice(large, count)))
    return codes[0], codes[1]


def shared(a: Format, b: Format, products: ArrayLike, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Codes of positive factors that share the exponents of these products between them."""
    products = np.nan_to_num(np.abs(np.asarray(products, dtype=np.float64)), posinf=HUGE)
    first = nearest(a, np.clip(np.sqrt(products) * 2.0 ** rng.integers(-8, 9, products.shape), *ends(a)))
    return first, nearest(b, np.clip(products / decode(a, first), *ends(b)))
