"""Arrays of codes: their types and their checks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, Span
from hw.formats.messages import cut, echo

Codes = NDArray[Any]


def native(values: ArrayLike) -> NDArray[Any]:
    """The values as an array of one of numpy's own types, exactly.

    Types that numpy has learned from another library, as ml_dtypes' bfloat16, float8 or int4, become int64, float32,
    float64 or complex64, whichever is the first to hold all their values; what is no number stays as it is.
    """
    array = np.asarray(values)
    if array.dtype.isbuiltin == 2:
        own = (kind for kind in (np.int64, np.float32, np.float64, np.complex64) if np.can_cast(array.dtype, kind))
        with np.errstate(invalid="ignore"):  # of signalling NaNs
            return array.astype(next(own, array.dtype))
    return array


def check_format(fmt: object) -> None:
    """Raise TypeError unless `fmt` is a Format."""
    if not isinstance(fmt, Format):
        raise TypeError(f"fmt must be a Format, got {echo(fmt)}; parse_format makes one from its name")


def check_codes(name: str, fmt: Format, codes: ArrayLike) -> Codes:
    """`codes` as an integer array, each in range for `fmt`.

    Raises
    ------
    TypeError
        They are not integers.
    ValueError
        One is negative or too large; the message names it.
    """
    check_format(fmt)
    array = native(codes)
    if array.size == 0:
        return array.astype(code_type(fmt.width))
    if array.dtype == object:
        # Python's unbounded integers, for codes of more than 64 bits.
        if not all(isinstance(code, int) and not isinstance(code, bool) for code in array.flat):
            raise TypeError(f"{name} must be integer codes, got an array of objects")
        _check_range(name, fmt, array)
        return array.astype(code_type(fmt.width))
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integer codes, got an array of {np.asarray(codes).dtype}")
    if array.dtype.kind == "u" and 8 * array.dtype.itemsize <= fmt.width:
        return array
    _check_range(name, fmt, array)
    return array


def _check_range(name: str, fmt: Format, array: Codes) -> None:
    for extreme in (array.min(), array.max()):
        if not 0 <= int(extreme) < 1 << fmt.width:
            raise ValueError(f"{name} must be codes 0..{(1 << fmt.width) - 1} of {cut(fmt)}, got {extreme}")


def code_type(width: int) -> Any:
    """The narrowest unsigned type that holds codes of that width; object above 64 bits."""
    return next((kind for bits, kind in _UNSIGNED if width <= bits), object)


_UNSIGNED = [(8, np.uint8), (16, np.uint16), (32, np.uint32), (64, np.uint64)]


def integer_type(span: Span) -> Any:
    """int64 where it holds the span, else Python's unbounded integers."""
    return np.int64 if span.width <= 63 else object
