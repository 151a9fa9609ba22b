"""Sums of products, exactly, by float64 matrix products that are proved to be exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed, Format, Integer
from hw.formats.messages import cut, echo
from sim.golden.codes import Codes, code_type
from sim.golden.decoding import CHUNK, decode
from sim.golden.products import status
from sim.golden.rounding import nearest_float

FLOAT_BITS = 53
"""Sums of whole numbers stay exact in float64, in any order, while they stay below 2**53."""
TILE = 1 << 19
"""Numbers of an operand at a time: four megabytes, to need little besides the result."""


@dataclass
class Sums:
    """Sums of products, exactly: of every element, the sum of its `parts`, each times its power of two.

    Attributes
    ----------
    parts : list of (integer array, int)
        Whole numbers, int64 or Python's, and the exponents of their units, ascending.
    status : uint8 array
        Of each sum: bit 0 if a term is +infinity, bit 1 if one is -infinity, both if one is NaN or both kinds occur.
    lsb : int
        The finest exponent that the formats give: every sum is a multiple of ``2**lsb``.
    """

    parts: list[tuple[NDArray[Any], int]]
    status: NDArray[np.uint8]
    lsb: int

    def steps(self) -> NDArray[Any]:
        """The sums in units of ``2**lsb``: int64 if 62 bits hold them, else Python's integers."""
        total: Any = None
        for numbers, exponent in self.parts:
            shift = exponent - self.lsb
            if numbers.dtype != object and (shift > 61 or np.abs(numbers).max(initial=0) >> (61 - shift)):
                numbers = numbers.astype(object)
            part = numbers << shift if shift else numbers
            total = part if total is None else total + part
        return np.asarray(total)

    def codes(self, fmt: Fixed | Integer) -> Codes:
        """The sums as codes of a fixed-point format with steps of ``2**lsb`` or finer: modulo ``2**width``."""
        if not isinstance(fmt, (Fixed, Integer)):
            raise TypeError(f"fmt must be Fixed or Integer, got {echo(fmt)}")
        if fmt.span.lsb > self.lsb:
            raise ValueError(f"fmt must have steps of 2^{self.lsb} or finer, got {cut(fmt)}")
        kind, steps = code_type(fmt.width), replace(self, lsb=fmt.span.lsb).steps()
        mask = (1 << fmt.width) - 1
        if kind is object or steps.dtype == object:
            return (steps.astype(object) & mask).astype(kind)
        return (steps.view(np.uint64) & np.uint64(mask)).astype(kind)

    def values(self) -> NDArray[np.float64]:
        """The finite sums, rounded to the nearest float64; infinities beyond its range."""
        if len(self.parts) == 1 and self.parts[0][0].dtype != object and abs(self.parts[0][1]) < 900:
            numbers, exponent = self.parts[0]
            return np.ldexp(numbers.astype(np.float64), exponent)
        steps = self.steps()
        return np.array([nearest_float(int(step), self.lsb) for step in steps.flat]).reshape(steps.shape)


@dataclass(frozen=True)
class Factor:
    """A matrix of finite float64 numbers, made tile by tile, of which is known how many bits they have.

    Attributes
    ----------
    tile : callable
        Some of its rows, by a slice: a float64 array.
    rows, depth : int
        Its shape.
    lsb, top : int
        All are multiples of ``2**lsb``, and below ``2**top`` in magnitude.
    precision : int
        Bits of a significand: a number has no ones farther below its first.
    """

    tile: Callable[[slice], NDArray[np.float64]]
    rows: int
    depth: int
    lsb: int
    top: int
    precision: int = FLOAT_BITS

    @property
    def bits(self) -> int:
        """Bits that hold every number."""
        return self.top - self.lsb

    def tiles(self, numbers: int) -> Iterator[slice]:
        """Slices of rows with about so many numbers."""
        height = max(1, numbers // max(1, self.depth))
        return (slice(start, min(start + height, self.rows)) for start in range(0, self.rows, height))

    def tighten(self) -> Factor:
        """The same with the closest `lsb` and `top` that a look at the extremes gives."""
        largest, smallest = 0.0, np.inf
        for rows in self.tiles(TILE // 16):
            magnitude = np.abs(self.tile(rows))
            largest = max(largest, float(magnitude.max(initial=0.0)))
            smallest = min(smallest, float(magnitude.min(where=magnitude > 0, initial=np.inf)))
        if largest == 0:
            return replace(self, top=self.lsb + 1)
        lowest = int(np.frexp(smallest)[1]) - self.precision
        return replace(self, lsb=max(self.lsb, lowest), top=int(np.frexp(largest)[1]))


def fits_float64(x: Factor, y: Factor) -> bool:
    """Whether float64 holds every number, and neither products nor sums can leave its range of exponents."""
    depth_bits = max(x.depth, y.depth).bit_length()
    return max(x.precision, y.precision) <= FLOAT_BITS and x.lsb + y.lsb > -900 and x.top + y.top + depth_bits < 900


def dot(x: Factor, y: Factor) -> list[tuple[NDArray[Any], int]]:
    """``x @ y.T``, exactly, by as few float64 matrix products as hold every sum.

    A product of float64 matrices is exact, whatever order it adds in, while every sum of magnitudes is
    a whole number below ``2**53`` of some unit. Where the numbers have too many bits for that they
    are cut into pieces of fewer bits, and each pair of pieces is multiplied.

    Parameters
    ----------
    x, y : Factor
        Of shapes (n, k) and (m, k); `fits_float64` is true of them.

    Returns
    -------
    list of (int64 array of shape (n, m), int)
        Whose sum, each times two to its exponent, is the product; by ascending exponents.
    """
    # k products of numbers below 2**i and 2**j stay below k * 2**(i + j).
    room = FLOAT_BITS - max(0, x.depth - 1).bit_length()
    if x.bits + y.bits > room:
        x, y = x.tighten(), y.tighten()
    x_count, y_count = _cuts(x.bits, y.bits, room)
    parts: dict[int, NDArray[np.int64]] = {}
    for columns in y.tiles(TILE):
        y_pieces = list(_pieces(y, columns, y_count))
        for rows in x.tiles(TILE // 8):
            for x_piece, x_unit in _pieces(x, rows, x_count):
                for y_piece, y_unit in y_pieces:
                    sums = x_piece @ y_piece.T
                    sums *= 2.0 ** -(x_unit + y_unit)
                    unit = x_unit + y_unit
                    if unit not in parts:
                        parts[unit] = np.zeros((x.rows, y.rows), dtype=np.int64)
                    parts[unit][rows, columns] += sums.astype(np.int64)
    return [(parts[unit], unit) for unit in sorted(parts)] or [
        (np.zeros((x.rows, y.rows), dtype=np.int64), x.lsb + y.lsb)
    ]


def as_integers(whole: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers as integers, in their own place, for there may be many."""
    integers = whole.view(np.int64)
    for start in range(0, len(whole), 32):
        piece = slice(start, start + 32)
        integers[piece] = whole[piece].astype(np.int64)
    return integers


def _cuts(x_bits: int, y_bits: int, room: int) -> tuple[int, int]:
    """Into how many pieces to cut each side, so that a piece of each fits in `room` bits together."""
    counts = []
    for x_count in range(1, x_bits + 1):
        left = room - ceil(x_bits / x_count)
        if left > 0:
            counts.append((x_count, ceil(y_bits / min(left, y_bits))))
    return min(counts, key=lambda count: count[0] * count[1])


def _pieces(x: Factor, rows: slice, count: int) -> Iterator[tuple[NDArray[np.float64], int]]:
    """A tile as a sum of `count` matrices of few bits, and the exponent of the lowest bit of each."""
    width = ceil(x.bits / count)
    rest = x.tile(rows)
    for i in reversed(range(1, count)):
        shift = x.lsb + i * width
        piece = np.trunc(rest * 2.0**-shift) * 2.0**shift
        rest = rest - piece
        yield piece, shift
    yield rest, x.lsb


def factor_of(fmt: Format, codes: Codes, clean: bool, transposed: bool = False) -> Factor:
    """The values of codes with the bits that the format gives them; unless `clean`, zeros for infinities and NaN."""
    kept = _as_they_are if clean else finite

    def tile(rows: slice) -> NDArray[np.float64]:
        # Columns of codes are gathered faster than columns of numbers.
        return kept(decode(fmt, codes[:, rows])).T if transposed else kept(decode(fmt, codes[rows]))

    rows, depth = codes.shape[::-1] if transposed else codes.shape
    return Factor(tile, rows, depth, fmt.span.lsb, fmt.top, fmt.precision)


def all_finite(fmt: Format, codes: Codes) -> bool:
    """Whether no code is an infinity or NaN."""
    if not fmt.has_special:
        return True
    flat = codes.reshape(-1)
    pieces = (flat[i : i + CHUNK] for i in range(0, flat.size, CHUNK))
    return all(np.isfinite(decode(fmt, piece)).all() for piece in pieces)


def _as_they_are(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x


def finite(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers, with zeros for infinities and NaN."""
    return x if np.isfinite(x).all() else np.where(np.isfinite(x), x, 0.0)


def leading_power(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power of two in each normal float64 number, with its sign; 0 for 0."""
    # Without the fraction's bits the number is its power of two.
    return (x.view(np.int64) & ~((1 << 52) - 1)).view(np.float64)


def status_of_sums(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The status of every sum of ``x @ y``: which kinds of specials occur among its terms."""
    flags = np.zeros((x.shape[0], y.shape[1]), dtype=np.uint8)
    for k in range(x.shape[1]):
        if not (np.isfinite(x[:, k]).all() and np.isfinite(y[k]).all()):
            flags |= status(x[:, k, None], y[None, k])
    return flags
