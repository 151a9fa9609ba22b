"""Straight lines through bounds: for each block of keys the coefficients with which all of its results are near enough.

Keys of a block differ in their lowest bits, the *offset* t. Its results are ``(c0 + c1 t + k) >> s``, where k is the key
itself, scaled, or nothing: codes of floats grow with the number's logarithm, so for many functions the code of the result
and the code of x run side by side. Bounds are integers, and so are coefficients: which slopes there are for a block is an
interval, and for one of them, which constants are. Nothing is rounded, so what is found is proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FREE = 1 << 40
"""A bound that bounds nothing."""


@dataclass(frozen=True)
class Bounds:
    """Bounds of results, for each key.

    Attributes
    ----------
    low, high : int64 arrays of ``2**bits``
        `low` is `-FREE` and `high` `FREE` where any result will do.
    """

    low: Ints
    high: Ints

    @property
    def bits(self) -> int:
        return len(self.low).bit_length() - 1


@dataclass(frozen=True)
class Lines:
    """Lines by the number of a block.

    Attributes
    ----------
    offset : int
        Bits of t.
    shift : int
        s.
    index : int
        Bits of the key, from the top, that number the blocks. They may reach into t.
    constant, slope, along : int64 arrays of ``2**index``
        c0, c1, and whether k is added.
    """

    offset: int
    shift: int
    index: int
    constant: Ints
    slope: Ints
    along: Ints

    @cached_property
    def zeros(self) -> int:
        """Zeros in which all slopes end."""
        together = int(np.bitwise_or.reduce(self.slope))
        return (together & -together).bit_length() - 1 if together else 0

    @cached_property
    def slope_width(self) -> int:
        """Bits of a slope, in two's complement and without these zeros; none if there is no slope."""
        low, high = int(self.slope.min()) >> self.zeros, int(self.slope.max()) >> self.zeros
        return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1 if low or high else 0


def fit(bounds: Bounds, offset: int, shift: int, coarse: int, key: Ints | None) -> Lines:
    """Lines whose results are all within bounds: blocks as large as offsets are, or halves of them, and so on.

    Parameters
    ----------
    bounds : Bounds
    offset, shift : int
        As `Lines` has them.
    coarse : int
        Slopes are multiples of ``2**coarse``, if that will do.
    key : int64 array or None
        k of each key, if there are lines along it.
    """
    count = len(bounds.low)
    low = np.where(bounds.low == -FREE, -FREE, bounds.low << shift)
    high = np.where(bounds.high == FREE, FREE, (bounds.high + 1 << shift) - 1)
    free = bounds.low == -FREE
    along = None if key is None else (np.where(free, -FREE, low - key), np.where(free, FREE, high - key))
    found = np.zeros((3, count), np.int64)
    open_ = ~free
    offsets = np.arange(count) & (1 << offset) - 1
    finest = offset
    for size in range(offset, -1, -1):
        blocks = np.flatnonzero(open_.reshape(-1, 1 << size).any(axis=1))
        if not len(blocks):
            break
        finest = size
        for lo, hi, adds in [(low, high, 0)] + ([(*along, 1)] if along else []):
            blocks = _settle(blocks, size, lo, hi, adds, offsets, None, found, open_)
        for lo, hi, adds in ([(*along, 1)] if along else []) + [(low, high, 0)]:
            if size:
                blocks = _settle(blocks, size, lo, hi, adds, offsets, coarse, found, open_)
    table = _filled(found[:, :: 1 << finest], free.reshape(-1, 1 << finest).all(axis=1))
    return Lines(offset, shift, bounds.bits - finest, *table)


def _settle(
    blocks: Ints,
    size: int,
    low: Ints,
    high: Ints,
    adds: int,
    offsets: Ints,
    coarse: int | None,
    found: Ints,
    open_: NDArray[np.bool_],
) -> Ints:
    """Enter the lines of blocks that have one, without a slope if `coarse` is None; the blocks that have none."""
    if not len(blocks):
        return blocks
    lo, hi, t = (array.reshape(-1, 1 << size)[blocks] for array in (low, high, offsets))
    slope = np.zeros(len(blocks), np.int64)
    if coarse is not None:
        least, most = _slopes(lo, hi)
        slope = roundest(least, most, coarse)
    # A slope that is none leaves no constant either.
    turned = slope[:, None] * t
    least, most = (
        np.where(lo == -FREE, -FREE, lo - turned).max(axis=1),
        np.where(hi == FREE, FREE, hi - turned).min(axis=1),
    )
    good = least <= most
    constant = _runs(least, most, slope)
    for row, values in enumerate((constant, slope, np.full(len(blocks), adds))):
        found[row].reshape(-1, 1 << size)[blocks[good]] = values[good][:, None]
    open_.reshape(-1, 1 << size)[blocks[good]] = False
    return blocks[~good]


def _slopes(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The least and the most slope of lines through bounds: none rises or falls further than any two bounds let it."""
    least, most = np.full(len(low), -FREE), np.full(len(low), FREE)
    for step in range(1, low.shape[1]):
        least = np.maximum(least, -((high[:, :-step] - low[:, step:]).min(axis=1) // step))
        most = np.minimum(most, (high[:, step:] - low[:, :-step]).min(axis=1) // step)
    return least, most


def roundest(least: Ints, most: Ints, coarse: int = 0) -> Ints:
    """Of the integers from `least` to `most`, one that ends in as many zeros as possible; `least` where there is none."""
    found, done = least.copy(), np.zeros(len(least), bool)
    for zeros in range(40, -1, -1):
        if zeros < coarse and zeros:
            continue
        rounded = -(-least >> zeros) << zeros
        fits = (rounded <= most) & ~done
        found, done = np.where(fits, rounded, found), done | fits
    return found


def _runs(least: Ints, most: Ints, slope: Ints) -> Ints:
    """Constants, the same for as many neighbours as there is one for."""
    found, start = np.zeros(len(least), np.int64), 0
    low, high = -FREE, FREE
    starts = [0]
    for n, (a, b, c) in enumerate(zip(least.tolist(), most.tolist(), slope.tolist(), strict=True)):
        lower, upper = max(low, a), min(high, b)
        if lower > upper or c != slope[start]:
            starts.append(n)
            start, lower, upper = n, a, b
        low, high = lower, upper
    lows = np.maximum.reduceat(least, starts) if len(least) else least
    highs = np.minimum.reduceat(most, starts) if len(least) else most
    lengths = np.diff([*starts, len(least)])
    found[:] = np.repeat(roundest(lows, highs), lengths)
    return found


def _filled(table: Ints, free: NDArray[np.bool_]) -> Ints:
    """Blocks that are free have what their neighbours have, those that differ in few of the lowest bits first."""
    table, free = table.copy(), free.copy()
    size = 1
    while size < len(free) and free.any():
        halves = free.reshape(-1, 2, size)
        words = table.reshape(3, -1, 2, size)
        for here, other in ((0, 1), (1, 0)):
            take = halves[:, here].all(axis=1) & ~halves[:, other].all(axis=1)
            words[:, take, here] = words[:, take, other]
            halves[take, here] = False
        size *= 2
    return table
