"""Straight lines through bounds: for each block of keys coefficients with which all of its results are near enough.

Keys of a block differ in their lowest bits, the *offset* t. Its results are ``(c0 + c1 t + k) >> s``, where k is the
key itself, scaled, or nothing: codes of floats grow with the number's logarithm, so for many functions the code of the
result and the code of x run side by side. Bounds are integers, and so are coefficients: which slopes there are for a
block is an interval, and for one of them, which constants are. Nothing is rounded, so what is found is proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FREE = 1 << 40
"""A bound that bounds nothing."""
SEEDS, SPARSE = 4, 32
"""Periods that others are compared with, and keys of a period of which one has lines of its own."""


@dataclass(frozen=True)
class Bounds:
    """Bounds of results, for each key.

    Attributes
    ----------
    low, high : int64 arrays of ``2**bits``
        `low` is `-FREE` and `high` `FREE` where any result will do.
    normal : (int, int)
        The results between which all periods are alike: those of normal floats.
    """

    low: Ints
    high: Ints
    normal: tuple[int, int] = (-FREE, FREE)

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


@dataclass(frozen=True)
class Sides:
    """Bounds of what lines make, for each key: ``2**shift`` times as fine, and without k.

    Attributes
    ----------
    shift, period : int
        s, and the bits of a key that say where in a period it is: lines of all periods are alike, as far as possible.
    pairs : list of (low, high)
        Of lines that do not run along the key, and of those that do, if any may.
    free : bool array
        Where any result will do.
    """

    shift: int
    period: int
    pairs: list[tuple[Ints, Ints]]
    free: NDArray[np.bool_]


def sides(bounds: Bounds, shift: int, key: Ints | None, period: int) -> Sides:
    """The bounds of lines with a shift; `key` is k of each key, or None if no lines may run along it."""
    free = bounds.low == -FREE
    low = np.where(free, -FREE, bounds.low << shift)
    high = np.where(free, FREE, (bounds.high + 1 << shift) - 1)
    if key is None:
        return Sides(shift, period, [(low, high)], free)
    beside = np.where(free, -FREE, low - key), np.where(free, FREE, high - key)
    if period >= bounds.bits:
        return Sides(shift, period, [(low, high), beside], free)
    return Sides(shift, period, *_folded(bounds, (low, high), beside, period))


def fit(given: Sides, offset: int) -> Lines:
    """Lines whose results are all within bounds: blocks as large as offsets are, or halves of them, and so on."""
    blocks, index = _blocks(given, offset)
    bits = len(given.free).bit_length() - 1
    # Lines that are not along the key differ from period to period.
    step, within = 1 << bits - index, max(0, given.period - bits + index) if len(given.pairs) > 1 else index
    along, least, most = (row[::step] for row in blocks)
    unused = given.free.reshape(-1, step).all(axis=1)
    slope = _periodic(least, most, np.where(unused, ANY, along), within)
    turned = slope[:, None] * (np.arange(1 << bits) & (1 << offset) - 1).reshape(-1, step)
    low, high = (np.choose(along[:, None], [pair[n].reshape(-1, step) for pair in given.pairs]) for n in (0, 1))
    least = np.where(low == -FREE, -FREE, low - turned).max(axis=1)
    most = np.where(high == FREE, FREE, high - turned).min(axis=1)
    # Of blocks whose constants are shared, all else must be the same.
    constant = _periodic(least, most, np.where(unused, ANY, 2 * (slope - slope.min()) + along), within)
    runs = _periodic(np.where(unused, 0, along), np.where(unused, 1, along), np.where(unused, ANY, 0), within)
    return Lines(offset, given.shift, index, constant, slope, runs)


def _folded(
    bounds: Bounds, own: tuple[Ints, Ints], beside: tuple[Ints, Ints], period: int
) -> tuple[list[tuple[Ints, Ints]], NDArray[np.bool_]]:
    """Bounds with those along the key the same in as many periods as may have the same lines.

    Such periods have no other lines. Keys that are free in one are as bound as in the others: so there are no lines
    through the few keys that are not.
    """
    (low, high), (lows, highs) = ([side.reshape(-1, 1 << period).copy() for side in pair] for pair in (own, beside))
    given = low > -FREE
    keys = given.sum(axis=1)
    lowest, highest = bounds.normal
    words = bounds.low.reshape(low.shape), bounds.high.reshape(low.shape)
    beyond = given & ((words[1] < lowest) | (words[0] > highest))
    alike = np.logical_not(beyond.any(axis=1))
    varying = np.flatnonzero(alike & (low.max(axis=1) > high.min(axis=1)))
    seeds = varying[np.arange(SEEDS) * len(varying) // SEEDS].tolist() if len(varying) else [0]
    chosen, least, most = max((_alike(lows, highs, alike, seed) for seed in seeds), key=lambda found: len(found[0]))
    lows[chosen], highs[chosen], low[chosen], high[chosen] = least, most, 1, 0
    # Any line runs through a key that is alone: it is a constant, which has few bits.
    alone = np.setdiff1d(np.flatnonzero(SPARSE * keys < 1 << period), chosen)
    lows[alone], highs[alone] = 1, 0
    free = ~given
    free[chosen] = least == -FREE
    return [(low.ravel(), high.ravel()), (lows.ravel(), highs.ravel())], free.ravel()


def _alike(lows: Ints, highs: Ints, alike: NDArray[np.bool_], seed: int) -> tuple[list[int], Ints, Ints]:
    """Neighbours of a period that go with it, up to the first on each side that does not; and the bounds of all."""
    chosen, count = [seed], len(lows)
    least, most = lows[seed], highs[seed]
    for step in (1, -1):
        for n in range(1, count):
            place = (seed + step * n) % count
            low, high = np.maximum(least, lows[place]), np.minimum(most, highs[place])
            if not alike[place] or place in chosen or (low > high).any():
                break
            least, most, chosen = low, high, [*chosen, place]
    return chosen, least, most


def _blocks(given: Sides, offset: int) -> tuple[Ints, int]:
    """Of each key whether its line runs along it, and the least and the most slope; and the bits that number blocks."""
    bits, pairs = len(given.free).bit_length() - 1, given.pairs
    found = np.zeros((3, len(given.free)), np.int64)
    left, finest = np.zeros(1, np.int64), min(offset, bits)
    # A key that is alone has a constant of any kind: then it is the one that others have.
    kinds = range(len(pairs)) if 2 * given.free.sum() < len(given.free) else reversed(range(len(pairs)))
    sloped = [*((along, _level) for along in kinds), *((along, _slopes) for along in reversed(range(len(pairs))))]
    for size in range(bits, -1, -1):
        cells = given.free.reshape(-1, 1 << size)[left]
        left, cells = left[~cells.all(axis=1)], cells[~cells.all(axis=1)]
        if not len(left):
            break
        finest = min(size, offset)
        for along, lines in sloped if size <= offset else [(0, _level)]:
            if not len(left) or (lines is _slopes and not size):
                continue
            least, most = lines(*(bound.reshape(-1, 1 << size)[left] for bound in pairs[along]))
            good = least <= most
            if offset < size < given.period:
                # Through a key alone there is always a constant, and no reason for it.
                good &= ~cells.any(axis=1)
            for row, values in enumerate((np.full(len(left), along), least, most)):
                found[row].reshape(-1, 1 << size)[left[good]] = values[good][:, None]
            left, cells = left[~good], cells[~good]
        left = (2 * left[:, None] + np.arange(2)).ravel()
    return found, bits - finest


def _level(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Slope 0 if it will do, else none."""
    return np.zeros(len(low), np.int64), np.where(low.max(axis=1) <= high.min(axis=1), 0, -1)


def _slopes(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The least and the most slope of lines through bounds: none rises or falls further than any two bounds let it."""
    least, most = np.full(len(low), -FREE), np.full(len(low), FREE)
    for step in range(1, low.shape[1]):
        least = np.maximum(least, -((high[:, :-step] - low[:, step:]).min(axis=1) // step))
        most = np.minimum(most, (high[:, step:] - low[:, :-step]).min(axis=1) // step)
    return least, most


def _periodic(least: Ints, most: Ints, label: Ints, within: int) -> Ints:
    """As `shared`, but first what lies at the same place of its period, of ``2**within`` entries."""
    turned = (array.reshape(-1, 1 << within).T.ravel() for array in (least, most, label))
    return shared(*turned).reshape(1 << within, -1).T.ravel()


ANY = -1
"""The label of what goes with any other."""


def shared(least: Ints, most: Ints, label: Ints) -> Ints:
    """A number for each entry of a table, within its bounds: one for both halves of a table, if there is one.

    Halves that have nothing in common, or differ in a label, have numbers of their own, and so their halves.
    """
    levels, whole = [(least, most)], np.ones(len(least), bool)
    wholes, known = [whole], label
    while len(known) > 1:
        low, high = levels[-1]
        low, high = np.maximum(low[::2], low[1::2]), np.minimum(high[::2], high[1::2])
        one, other = known[::2], known[1::2]
        alike = (one == other) | (one == ANY) | (other == ANY)
        whole = whole[::2] & whole[1::2] & alike & (low <= high)
        known = np.where(one == ANY, other, one)
        levels.append((low, high))
        wholes.append(whole)
    value = np.zeros(1, np.int64)
    given = np.zeros(1, bool)
    for (low, high), whole in zip(reversed(levels), reversed(wholes), strict=True):
        value = np.where(given | ~whole, value, roundest(low, high))
        given = given | whole
        if len(low) < len(least):
            value, given = np.repeat(value, 2), np.repeat(given, 2)
    return value


def roundest(least: Ints, most: Ints) -> Ints:
    """Of the integers from `least` to `most`, the one that ends in most zeros; `least` where there is none."""
    below = most < 0
    low, high = np.where(below, -most, least), np.where(below, -least, most)
    # Of positive numbers it is the one that ends where the highest bit changes between low - 1 and high.
    zeros = np.frexp(((low - 1) ^ high).astype(np.float64))[1] - 1
    found = high >> np.maximum(zeros, 0) << np.maximum(zeros, 0)
    found = np.where(below, -found, found)
    return np.select([least > most, (least <= 0) & (most >= 0)], [least, 0], found)
