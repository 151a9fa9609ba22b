"""Where exact results lie between a format's numbers, and in which part of its range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import frexp

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed, Format, Integer, Minifloat, Span
from sim.coverage.classes import least_of
from sim.coverage.point import NONE, VALUES, Point, point
from sim.coverage.tried import Tried
from sim.golden.products import Numbers, Terms
from sim.golden.rounding import floats_of_steps

WHERE = ("exact", "below the tie", "tie, even one below", "tie, even one above", "above the tie")
"""The number below is the one that is nearer zero."""
RANGE = (
    *("below the least, above 0", "below the least, below 0", "subnormal", "subnormal, rounded", "normal"),
    *("carry into the exponent", "beyond the highest", "beyond the lowest"),
)
AWAY: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]] = {
    "nearest_even": lambda rest, _: rest >= 0.5,  # of a significand of ones, which is odd
    "nearest_away": lambda rest, _: rest >= 0.5,
    "up": lambda rest, values: (rest > 0) & (values > 0),
    "down": lambda rest, values: (rest > 0) & (values < 0),
}
"""Which numbers go from a significand of ones to the next power of two, by rounding; by others none does."""

Values = Callable[[Tried], NDArray[np.float64]]
"""Exact results, as float64 that was rounded to odd: any rounding of it to few bits is that of the result. NaN where
there is none."""


@dataclass(frozen=True)
class Reach:
    """What exact results there can be, as the formats say.

    Attributes
    ----------
    span : Span
        All are within it, and its ends are results, or nearly.
    bits : int
        Significant bits of a result, at most.
    least : float
        The magnitude of one that is near zero.
    parts : int
        How many numbers alike a result is the sum of.
    """

    span: Span
    bits: int
    least: float
    parts: int = 1

    @classmethod
    def sums(cls, span: Span, parts: int) -> Reach:
        """Of sums of so many numbers: any multiple of the finest step."""
        return cls(span, span.width, 2.0 ** max(span.lsb, -1000), parts)

    @classmethod
    def products(cls, a: Format, b: Format, span: Span) -> Reach:
        """Of products of numbers of two formats."""
        return cls(span, a.precision + b.precision, least_of(a) * least_of(b))

    @property
    def most(self) -> Fraction:
        return max(-self.span.lo, self.span.hi) * Fraction(2) ** self.span.lsb

    @property
    def fine(self) -> Fraction:
        """The largest magnitude at which there are multiples of the finest step: one part is as fine as it may be."""
        return self.most * max(1, self.parts - 1) / self.parts


def values_of(terms: Terms | Numbers) -> NDArray[np.float64]:
    """Terms as `Values`."""
    values = terms.values if isinstance(terms, Numbers) else floats_of_steps(terms.steps, terms.lsb)
    return np.where(terms.status == 0, values, np.nan)


@dataclass(frozen=True)
class Grid:
    """A format as steps that double with each power of two."""

    fmt: Format

    @property
    def normal(self) -> float:
        """The least normal number."""
        fmt = self.fmt
        return 2.0**fmt.min_exponent if isinstance(fmt, Minifloat) and fmt.exponent_bits else 2.0**fmt.span.lsb

    @property
    def least(self) -> float:
        """The least number above zero."""
        fmt = self.fmt
        return self.normal if isinstance(fmt, Minifloat) and not fmt.subnormals else 2.0**fmt.span.lsb

    def step(self, exponents: NDArray[np.int32]) -> NDArray[np.int32]:
        """The exponents of the steps of numbers below ``2**exponents`` and not below half of that."""
        return np.maximum(exponents - self.fmt.precision, self.fmt.span.lsb)

    def where(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How many steps numbers are, whole ones and the rest."""
        size = np.abs(values)
        steps = np.ldexp(size, -self.step(np.frexp(size)[1]))
        whole = np.floor(steps)
        return whole, steps - whole


def rounding(name: str, fmt: Format, mode: str, exact: Values, reach: Reach, about: str = VALUES) -> list[Point]:
    """Where results lie between two numbers of the format that they are rounded into, and in which part of its range.

    Parameters
    ----------
    name : str
        Of what is rounded.
    fmt : Format
        An integer, fixed point or a minifloat.
    mode : str
        A key of `hw.formats.ROUNDINGS`.
    exact : callable
        From what was tried to the exact results.
    reach : Reach
    about : str
        As of `Point`.
    """
    if not isinstance(fmt, (Minifloat, Integer, Fixed)):
        return []
    grid, key = Grid(fmt), f"places {name}"

    def places(tried: Tried) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return tried.once(key, lambda: located(grid, mode, exact(tried)))

    where, parts = reachable(grid, mode, reach)
    return [
        point(f"rounding of {name}", WHERE, lambda tried: places(tried)[0], where, about),
        point(f"range of {name}", RANGE, lambda tried: places(tried)[1], parts, about),
    ]


def located(grid: Grid, mode: str, values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The bins of `WHERE` and of `RANGE` that exact results fall into."""
    fmt = grid.fmt
    known = np.isfinite(values)
    values = np.where(known, values, 0.0)
    size = np.abs(values)
    whole, rest = grid.where(values)
    odd = np.fmod(whole, 2) == 1
    where = np.select([rest == 0, rest < 0.5, rest > 0.5], [0, 1, 4], np.where(odd, 3, 2))
    above, below = values > float(fmt.max), values < float(fmt.min)
    under = (size < grid.least) & (size > 0)
    carried = np.zeros(size.shape, dtype=bool)
    if isinstance(fmt, Minifloat) and mode in AWAY:
        carried = (whole == 2.0**fmt.precision - 1) & AWAY[mode](rest, values)
    subnormal = size < grid.normal
    parts = np.select(
        [above, below, under, subnormal, carried],
        [6, 7, np.where(values > 0, 0, 1), np.where(rest > 0, 3, 2), 5],
        4,
    )
    # Without subnormals what is below the least is not on the grid.
    inside = known & ~above & ~below & (~under | (grid.least < grid.normal) | (grid.least == 2.0**fmt.span.lsb))
    return np.where(inside, where, NONE), np.where(known & (size > 0), parts, NONE)


def reachable(grid: Grid, mode: str, reach: Reach) -> tuple[list[int], list[int]]:
    """The bins of `WHERE` and of `RANGE` that results can fall into.

    Results have places below a number's last one if they are large, where steps are large, or if a format's least
    number is not as small as they may be: one place makes ties, two all others.
    """
    fmt, lsb = grid.fmt, reach.span.lsb
    most = min(reach.fine, max(fmt.max, -fmt.min))
    top = frexp(most)[1]
    step = max(top - fmt.precision, fmt.span.lsb)
    # Numbers of a float take more bits the larger they are; those of fixed point have all the same place.
    large = min(step - lsb, reach.bits - fmt.precision) if isinstance(fmt, Minifloat) else step - lsb
    # A carry needs all of the binade below a power of two.
    full = top - 1 - fmt.precision - lsb
    small = fmt.span.lsb - lsb if reach.least < grid.normal and grid.least < grid.normal else -1
    small = min(small, reach.bits - 1)
    below_zero, above_zero = reach.span.lo < 0, reach.span.hi > 0
    places = max(large, small)
    where = [0, *([2, 3] if places >= 1 and fmt.precision > 1 else []), *([1, 4] if places >= 2 else [])]
    signs = {"up": above_zero, "down": below_zero}
    under, unsigned = reach.least < grid.least, fmt.span.lo >= 0
    parts = [
        (0, under and above_zero),
        (1, under and below_zero and not unsigned),
        (2, reach.least < grid.normal and grid.least < grid.normal),
        (3, small >= 1),
        (4, reach.most >= grid.normal),
        (5, isinstance(fmt, Minifloat) and min(large, full) >= 1 and mode in AWAY and signs.get(mode, True)),
        (6, reach.span.hi * Fraction(2) ** lsb > fmt.max),
        (7, reach.span.lo * Fraction(2) ** lsb < fmt.min),
    ]
    return where, [number for number, is_possible in parts if is_possible]
