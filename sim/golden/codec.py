"""Codes to values and back, vectorised, for any format of at most 16 bits."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, Span

Codes = NDArray[Any]
TABLE_WIDTH = 16


def check_format(fmt: object) -> None:
    """Raise TypeError unless `fmt` is a Format."""
    if not isinstance(fmt, Format):
        raise TypeError(f"fmt must be a Format, got {fmt!r}; parse_format makes one from its name")


def check_codes(name: str, fmt: Format, codes: ArrayLike) -> Codes:
    """`codes` as an integer array, each in range for `fmt`.

    Raises
    ------
    TypeError
        They are not integers.
    ValueError
        One is negative or too large; the message names it.
    """
    array = np.asarray(codes)
    if array.size == 0:
        return array.astype(np.uint16)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integer codes, got an array of {array.dtype}")
    for extreme in (array.min(), array.max()):
        if not 0 <= int(extreme) < 1 << fmt.width:
            raise ValueError(f"{name} must be codes 0..{(1 << fmt.width) - 1} of {fmt}, got {extreme}")
    return array


def integer_type(span: Span) -> Any:
    """int64 where it holds the span, else Python's unbounded integers."""
    return np.int64 if span.width <= 63 else object


@lru_cache(maxsize=64)
def _values(fmt: Format) -> NDArray[np.float64]:
    if fmt.width > TABLE_WIDTH:
        raise ValueError(f"formats of at most {TABLE_WIDTH} bits have tables, got {fmt} of {fmt.width}")
    # Every value is exact: 16 significant bits at most, exponents within 2**8.
    return np.array([float(fmt.decode(code)) for code in range(1 << fmt.width)])


@lru_cache(maxsize=64)
def _steps(fmt: Format) -> NDArray[Any]:
    unit = Fraction(2) ** fmt.span.lsb
    values = [fmt.decode(code) for code in range(1 << fmt.width)]
    steps = [int(value / unit) if isinstance(value, Fraction) else 0 for value in values]
    return np.array(steps, dtype=integer_type(fmt.span))


def decode(fmt: Format, codes: ArrayLike) -> NDArray[np.float64]:
    """The value of each code.

    Parameters
    ----------
    fmt : Format
        A format of at most 16 bits.
    codes : array of integers
        Any shape.

    Returns
    -------
    float64 array of that shape, exact; the sign of a zero code is lost.
    """
    check_format(fmt)
    return _values(fmt)[check_codes("codes", fmt, codes)]


def decode_steps(fmt: Format, codes: ArrayLike) -> NDArray[Any]:
    """The value of each code in units of ``2**fmt.span.lsb``, exact; 0 for infinities and NaN."""
    return _steps(fmt)[check_codes("codes", fmt, codes)]


@lru_cache(maxsize=64)
def _encoder(fmt: Format) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Where rounding steps from each finite value to the next, and those values' codes."""
    values = _values(fmt)
    # Of two codes with one value, the lower is the one without a sign: +0.
    finite, codes = np.unique(values[np.isfinite(values)], return_index=True)
    codes = np.flatnonzero(np.isfinite(values))[codes]
    ties = (finite[:-1] + finite[1:]) / 2
    # A tie goes to the even code: to the upper neighbour exactly if the lower one's code is odd.
    steps = np.where(codes[:-1] & 1, np.nextafter(ties, -np.inf), ties)
    return steps, codes


def encode(fmt: Format, values: ArrayLike) -> Codes:
    """The code of the nearest value, ties to the even code.

    Parameters
    ----------
    fmt : Format
        A format of at most 16 bits.
    values : array of floats
        Any shape. A finite value beyond the range, were it rounded as if there were more of it,
        becomes what the format's `overflow` says. An infinity gives the format's infinity; if there
        is none, it overflows too.

    Returns
    -------
    uint8 or uint16 array of that shape. A result of zero keeps the value's sign if the format can.

    Raises
    ------
    TypeError
        `fmt` is not a Format, or `values` are not real numbers of a numpy type.
    ValueError
        A value is NaN and the format has no NaN.
    """
    check_format(fmt)
    given = np.asarray(values)
    if given.dtype.kind not in "fiu":
        raise TypeError(f"values must be real numbers, got an array of {given.dtype}")
    array = given.astype(np.float64)
    steps, codes = _encoder(fmt)
    result = codes[np.searchsorted(steps, array, side="left")]
    result = np.where((result == 0) & np.signbit(array), _negative_zero(fmt), result)
    for value, where in _exceptions(fmt, array):
        if not np.any(where):
            continue
        code = _code_of(fmt, value)
        if code is not None:
            result = np.where(where, code, result)
        elif np.isnan(value):
            raise ValueError(f"values must not be NaN: {fmt} has no code for it")
    return np.asarray(result, dtype=np.uint8 if fmt.width <= 8 else np.uint16)


def _exceptions(fmt: Format, array: NDArray[np.float64]) -> list[tuple[float, Any]]:
    """Where a value is to become an infinity or NaN, if the format has it. Later ones win."""
    infinite = [(np.inf, np.isposinf(array)), (-np.inf, np.isneginf(array))]
    found: list[tuple[float, Any]] = [*infinite, (np.nan, np.isnan(array))]
    if fmt.overflow != "sat":
        beyond = np.abs(array) > _last_rounded_down(fmt)
        if fmt.overflow == "inf":
            found += [(np.inf, beyond & (array > 0)), (-np.inf, beyond & (array < 0))]
        else:
            found += [(np.nan, beyond), *infinite]
    return found


@lru_cache(maxsize=64)
def _last_rounded_down(fmt: Format) -> float:
    """The largest magnitude that still rounds to the highest finite value, were there one more above it."""
    _, codes = _encoder(fmt)
    finite = _values(fmt)[codes]
    tie = finite[-1] + (finite[-1] - finite[-2]) / 2
    return float(np.nextafter(tie, 0) if codes[-1] & 1 else tie)


@lru_cache(maxsize=64)
def _code_of(fmt: Format, special: float) -> int | None:
    """The first code that means an infinity or NaN, or None."""
    table = _values(fmt)
    matching = np.flatnonzero(np.isnan(table) if np.isnan(special) else table == special)
    return int(matching[0]) if matching.size else None


@lru_cache(maxsize=64)
def _negative_zero(fmt: Format) -> int:
    """The zero code with the sign bit, where there is one; else 0."""
    sign = 1 << (fmt.width - 1)
    return sign if _values(fmt)[sign] == 0 else 0
