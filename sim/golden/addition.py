"""Sums of float64 numbers, rounded into a format at once: without its codes, a few passes over the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed, Format, Integer, Minifloat
from sim.golden import compiled
from sim.golden.codes import Codes, code_type
from sim.golden.decoding import decode
from sim.golden.direct import minus_zero
from sim.golden.encoding import encode
from sim.golden.products import Outer
from sim.golden.rounding import ODD_BITS, add_odd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

EXPONENT = 0x7FF << 52
"""The exponent's bits of a float64: what is left is the power of two in a normal number."""
PIECE = 1 << 13
"""Numbers at a time: intermediate arrays of so many stay in the cache, and in memory that is held already."""
FIELDS = (1 << 63) - 1
"""All bits of a float64 but its sign's."""
INTEGERS = 1.5 * 2.0**52
"""A float64 that has this added, and subtracted, is the nearest integer, or the even one of two."""


@dataclass(frozen=True)
class Grid:
    """Where the values of a format lie: multiples of a step, which is a power of two and grows with the magnitude.

    Attributes
    ----------
    normal : float
        From here on the step is `scale` times the power of two in the number; below it is `least`.
    scale, least : float
    low, high : float
        The format's ends.
    saturates : bool
        Whether a finite number beyond them becomes the end.
    keeps_special : bool
        Whether infinities and NaN stay what they are.
    signed_zero : bool
        Whether a zero keeps the number's sign.
    """

    scale: float
    least: float
    normal: float
    low: float
    high: float
    saturates: bool
    keeps_special: bool
    signed_zero: bool


@lru_cache(maxsize=256)
def grid_of(fmt: Format) -> Grid | None:
    """The grid of a format; None if it has none, or one that float64 cannot round to with a step to spare."""
    if not isinstance(fmt, (Minifloat, Fixed, Integer)) or fmt.span.lsb < -900 or fmt.top > 900:
        return None
    scale, least, normal = 0.0, 2.0**fmt.span.lsb, np.inf
    if isinstance(fmt, Minifloat):
        # Without a mantissa the codes next to each other, of which one is even, are powers of two.
        if not fmt.mantissa_bits:
            return None
        if fmt.exponent_bits:
            scale, normal = 2.0**-fmt.mantissa_bits, 2.0**fmt.min_exponent
            least = least if fmt.subnormals else normal
    elif fmt.precision > ODD_BITS:
        return None
    keeps_special = isinstance(fmt, Minifloat) and fmt.signed and fmt.convention == "ieee"
    ends = float(fmt.min), float(fmt.max)
    return Grid(scale, least, normal, *ends, fmt.overflow == "sat", keeps_special, minus_zero(fmt) is not None)


def add_into(fmt: Format, rounding: str, sums: Floats, terms: Floats) -> Floats:
    """``sums + terms``, rounded once into a format.

    Parameters
    ----------
    fmt : Format
        Of at most 51 significant bits.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    sums : float64 array
        It is used up: the result may be written to it.
    terms : float64 array of the same shape
        It is not written to, and shares no memory with `sums`.

    Returns
    -------
    float64 array: ``decode(fmt, encode(fmt, sums + terms, rounding))`` of the exact sums.

    Raises
    ------
    ValueError
        A sum is NaN, and the format has no NaN.
    """
    grid = grid_of(fmt)
    if grid is None:
        with np.errstate(invalid="ignore"):
            return decode(fmt, encode(fmt, add_odd(sums, terms), rounding))
    sums = _owned(sums)
    row, term = sums.reshape(1, -1), np.ascontiguousarray(terms).reshape(1, -1)
    adder = compiled.adder(rounding, sums.size)
    with np.errstate(invalid="ignore", over="ignore"):
        # A number with -0 added is itself, -0 too.
        if adder(row, ONE, term, -0.0, grid)[1] if adder else _add(fmt, rounding, grid, row[0], term[0]):
            _encode_left(fmt, rounding, grid, row)
    return sums


def add_products(fmt: Format, rounding: str, sums: Floats, terms: Outer) -> Floats:
    """Sums and products, one after the other, rounded into a format at each addition.

    Parameters
    ----------
    fmt, rounding, sums
        As for `add_into`; `sums` of shape (n, m).
    terms : Outer

    Returns
    -------
    float64 array of shape (n, m)

    Raises
    ------
    ValueError
        A sum is NaN, and the format has no NaN.
    """
    grid = grid_of(fmt)
    adder = compiled.adder(rounding, sums.size * len(terms)) if grid else None
    if grid is None or adder is None:
        for numbers in terms:
            sums = add_into(fmt, rounding, sums, numbers.values)
        return sums
    sums, x, y = _owned(sums), np.ascontiguousarray(terms.x), np.ascontiguousarray(terms.y)
    done = 0
    while done < len(x):
        count, left = adder(sums, x[done:], y[done:], 0.0, grid)
        done += count
        if left:
            _encode_left(fmt, rounding, grid, sums)
    return sums


def codes_of(fmt: Format, values: Floats) -> Codes:
    """The codes of values that the format has, so that nothing is to be rounded."""
    if not isinstance(fmt, Minifloat) or grid_of(fmt) is None or not fmt.exponent_bits or not np.isfinite(values).all():
        return encode(fmt, values)
    bits, magnitude = np.ascontiguousarray(values).view(np.int64), np.abs(values)
    # A normal number's fields are those of float64, but for the bias and the mantissa's zeros.
    fields = ((bits & FIELDS) >> (52 - fmt.mantissa_bits)) - ((1023 - fmt.bias) << fmt.mantissa_bits)
    normal = 2.0**fmt.min_exponent
    subnormal = (np.minimum(magnitude, normal) * 2.0**-fmt.span.lsb).astype(np.int64)
    codes = np.where(magnitude < normal, subnormal, fields)
    if fmt.signed:
        codes |= (bits < 0).astype(np.int64) << (fmt.width - 1)
    return codes.astype(code_type(fmt.width)).reshape(values.shape)


ONE = np.ones((1, 1))


def _owned(sums: Floats) -> Floats:
    return sums if sums.flags.c_contiguous and sums.flags.writeable else sums.copy()


def _encode_left(fmt: Format, rounding: str, grid: Grid, sums: Floats) -> None:
    """Round what an addition has left as it was."""
    left = ~_inside(grid, sums)
    sums[left] = decode(fmt, encode(fmt, sums[left], rounding))


def _add(fmt: Format, rounding: str, grid: Grid, sums: Floats, terms: Floats) -> bool:
    """Add with numpy, in place, and say whether something is left that must be encoded."""
    round_to = _to_binary32 if (fmt, rounding) == (BINARY32, "nearest_even") else _on_grid
    left = False
    for start in range(0, sums.size, PIECE):
        piece = slice(start, start + PIECE)
        total = add_odd(sums[piece], terms[piece])
        rounded = round_to(grid, rounding, total)
        # A NaN is no lowest value that is inside.
        if not (rounded.min() >= grid.low and rounded.max() <= grid.high):
            rounded, strange = _settle(grid, rounded, total)
            left |= strange
        sums[piece] = rounded
    return left


BINARY32 = Minifloat(8, 23, "ieee")


def _to_binary32(grid: Grid, rounding: str, total: Floats) -> Floats:
    """What numpy does by itself; an overflow is its infinity."""
    return total.astype(np.float32).astype(np.float64)


def _on_grid(grid: Grid, rounding: str, total: Floats) -> Floats:
    """Numbers that were rounded to odd, on the grid; of one that is infinite or NaN, NaN."""
    power = (total.view(np.int64) & EXPONENT).view(np.float64)
    step = np.multiply(power, grid.scale)
    if grid.least < grid.normal:
        np.maximum(step, grid.least, out=step)
    else:
        np.copyto(step, grid.least, where=power < grid.normal)
    # So far from zero that float64's own steps are the grid's: what it rounds to is the nearest, or the even one.
    magic = np.multiply(step, INTEGERS, out=power)
    rounded = total + magic
    rounded -= magic
    if rounding != "nearest_even":
        rounded += STEPS[rounding](total, rounded, step, magic)
    return np.copysign(rounded, total, out=rounded) if grid.signed_zero else rounded


def _from_tie(total: Floats, nearest: Floats, step: Floats, magic: Floats) -> Floats:
    away = np.copysign(step, total)
    return np.where(2 * (total - nearest) == away, away, 0.0)


def _toward_zero(total: Floats, nearest: Floats, step: Floats, magic: Floats) -> Floats:
    return np.where(np.abs(nearest) > np.abs(total), -np.copysign(step, total), 0.0)


def _to_odd(total: Floats, nearest: Floats, step: Floats, magic: Floats) -> Floats:
    # An even multiple of the step is one of twice the step, too.
    even = (nearest + 2 * magic) - 2 * magic == nearest
    return np.where((nearest != total) & even, np.copysign(step, total - nearest), 0.0)


STEPS: dict[str, Callable[[Floats, Floats, Floats, Floats], Floats]] = {
    "nearest_away": _from_tie,
    "toward_zero": _toward_zero,
    "up": lambda total, nearest, step, magic: np.where(nearest < total, step, 0.0),
    "down": lambda total, nearest, step, magic: np.where(nearest > total, -step, 0.0),
    "odd": _to_odd,
}
"""How far a rounding ends from the nearest multiple of the step."""


def _settle(grid: Grid, rounded: Floats, total: Floats) -> tuple[Floats, bool]:
    """What is outside of the format: its end, or the number itself; and whether such a number is left to encode."""
    outside = ~((rounded >= grid.low) & (rounded <= grid.high))
    end = np.where(total > 0, grid.high, grid.low)
    ended = np.isfinite(total) & grid.saturates
    settled = np.where(outside, np.where(ended, end, total), rounded)
    return settled, not _inside(grid, settled).all()


def _inside(grid: Grid, numbers: Floats) -> Bools:
    """Whether numbers are within the format's ends, or such as it keeps."""
    return (numbers >= grid.low) & (numbers <= grid.high) | (grid.keeps_special & ~np.isfinite(numbers))
