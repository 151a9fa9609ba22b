"""Encoding by table: what every value becomes, looked up by the bits of it that decide.

The tables are made by `encode_directly`, so they hold for every format and rounding alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from sim.golden.codes import code_type
from sim.golden.decoding import CHUNK, TABLE_WIDTH
from sim.golden.direct import encode_directly, minus_zero
from sim.golden.ladder import ladder
from sim.golden.rounding import Rounding

MAX_INDEX_BITS = 22
"""About so many bits index a table at most: 4 million entries."""


@dataclass(frozen=True)
class FloatTable:
    """What every float32 becomes, by its upper bits: sign, exponent and as many of the significand as
    decide. Of the bits below it matters only whether there is a one; that is put into the last bit.

    Attributes
    ----------
    shift : int
        Bits of a float32 below the index.
    codes : integer array
        By index.
    """

    shift: int
    codes: NDArray[Any]

    def lookup(self, x: NDArray[Any], out: NDArray[Any]) -> bool:
        """Write the codes of float32 numbers to `out`; true."""
        index = _jammed(x.view(np.uint32), self.shift)
        np.take(self.codes, index.astype(np.intp), out=out, mode="clip")
        return True


def to_float32_odd(x: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """Numbers rounded to odd in float32, or None if one is out of its normal range."""
    jammed = _jammed(x.view(np.uint64), 29)
    jammed <<= np.uint64(29)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        narrow = jammed.view(np.float64).astype(np.float32)
    # Without the sign, and less the smallest normal number, whose exponent field is 1, all that is not
    # normal lies at the end of the unsigned numbers.
    magnitude = narrow.view(np.uint32) << np.uint32(1)
    magnitude -= np.uint32(1 << 24)
    if magnitude.max() < 0xFE000000:
        return narrow
    return narrow if np.all((magnitude < 0xFE000000) | (x == 0)) else None


@dataclass(frozen=True)
class FixedTable:
    """What every float32 becomes, by its value in fixed point, for formats of a small range.

    Added to ``1.5 * 2**top`` a value stands in fixed point in a float64's significand. Of what is
    there below a quarter of the format's step it matters only whether there is anything.

    Attributes
    ----------
    top : int
        ``2**(top - 1)`` is beyond the format's range.
    lsb : int
        Exponent of an index's unit.
    codes : integer array
        By index.
    special : bool
        Whether the format has infinities or NaN; they are not in the table.
    minus_zero : int or None
        The code of -0; the fixed point has no such thing.
    """

    top: int
    lsb: int
    codes: NDArray[Any]
    special: bool
    minus_zero: int | None

    def lookup(self, x: NDArray[Any], out: NDArray[Any]) -> bool:
        """Write the codes of float32 numbers to `out`; false if they are not to be found here."""
        if self.special and not np.isfinite(x).all():
            return False
        end = 2.0 ** (self.top - 1) - 2.0**self.lsb
        fixed = np.clip(x.astype(np.float64), -end, end)
        fixed += 1.5 * 2.0**self.top
        index = _jammed(fixed.view(np.uint64), 52 - self.top + self.lsb)
        index &= np.uint64(len(self.codes) - 1)
        np.take(self.codes, index.view(np.int64), out=out, mode="clip")
        if self.minus_zero is not None:
            zero = out == 0
            if zero.any():
                out[zero & np.signbit(x)] = self.minus_zero
        return True


def look_up(table: FloatTable | FixedTable, x: NDArray[Any], out: NDArray[Any]) -> bool:
    """Write the codes of float32 or float64 numbers to `out`; false if the table cannot tell them."""
    if x.dtype == np.float64:
        narrow = to_float32_odd(x)
        return narrow is not None and table.lookup(narrow, out)
    return table.lookup(x, out)


def _jammed(bits: NDArray[Any], shift: int) -> NDArray[Any]:
    """Unsigned integers shifted right, the last bit set if a one was lost."""
    below = bits.dtype.type((1 << shift) - 1)
    jammed = bits & below
    jammed += below
    jammed |= bits
    jammed >>= bits.dtype.type(shift)
    return jammed


def find_table(fmt: Format, rounding: str, size: int) -> FloatTable | FixedTable | None:
    """The table, if there can be one and it is there or worth its making for so many values."""
    plan = None if rounding == "stochastic" or fmt.width > TABLE_WIDTH else _plan(fmt, rounding)
    if plan is None:
        return None
    make, index_bits = plan
    if (fmt, rounding) not in _built and size < 1 << max(0, index_bits - 4):
        return None
    _built.add((fmt, rounding))
    return make(fmt, rounding)


_built: set[tuple[Format, str]] = set()


@lru_cache(maxsize=256)
def _plan(fmt: Format, rounding: str) -> tuple[Callable[[Format, str], FloatTable | FixedTable], int] | None:
    """How to make a table of few enough bits, and how many they are."""
    shift = _shift(fmt)
    if shift is not None and 32 - shift <= MAX_INDEX_BITS:
        return _float_table, 32 - shift
    # What is too small for the fixed point rounds as zero does; but only to nearest.
    if rounding.startswith("nearest") and abs(fmt.span.lsb) < 100 and fmt.span.width < MAX_INDEX_BITS:
        return _fixed_table, _fixed_top(fmt) - fmt.span.lsb + 2
    return None


def _fixed_top(fmt: Format) -> int:
    """The exponent of a power of two that is more than twice what the format holds, and a step or two."""
    return (max(-fmt.span.lo, fmt.span.hi) + 4).bit_length() + fmt.span.lsb + 1


@lru_cache(maxsize=16)
def _fixed_table(fmt: Format, rounding: str) -> FixedTable:
    top, lsb = _fixed_top(fmt), fmt.span.lsb - 2
    every = np.ldexp(np.arange(1 << (top - lsb), dtype=np.float64) - (1 << (top - lsb - 1)), lsb)
    return FixedTable(top, lsb, _encode_all(fmt, every, rounding), fmt.has_special, minus_zero(fmt))


@lru_cache(maxsize=64)
def _float_table(fmt: Format, rounding: str) -> FloatTable:
    shift = _shift(fmt)
    assert shift is not None
    every = np.arange(1 << (32 - shift), dtype=np.uint32) << np.uint32(shift)
    return FloatTable(shift, _encode_all(fmt, every.view(np.float32), rounding))


def _encode_all(fmt: Format, values: NDArray[Any], rounding: str) -> NDArray[Any]:
    codes = np.empty(values.size, dtype=code_type(fmt.width))
    with np.errstate(invalid="ignore"):  # of float32's signalling NaNs
        for start in range(0, values.size, CHUNK):
            piece = slice(start, start + CHUNK)
            codes[piece] = encode_directly(fmt, values[piece].astype(np.float64), Rounding(rounding))
    return codes


@lru_cache(maxsize=256)
def _shift(fmt: Format) -> int | None:
    """How many low bits of a float32 never decide alone; None if its values are no float32 numbers."""
    values = ladder(fmt).values
    deciding = np.concatenate([values, (values[1:] + values[:-1]) / 2])
    # Between what is beyond float32's range, or below its smallest number, it never has to decide.
    deciding = deciding[(np.abs(deciding) < 2.0**128) & (np.abs(deciding) >= 2.0**-149)]
    with np.errstate(over="ignore"):
        narrow = deciding.astype(np.float32)
    if narrow.size == 0 or not np.array_equal(narrow, deciding):
        return None
    bits = narrow.view(np.uint32)
    zeros = int(np.log2((bits & -bits.astype(np.int64)).min()))
    # One bit above the index's last decides; the last says whether there is anything below.
    return zeros - 1 if zeros > 0 else None
