"""Codes in memory: bits one after the other, or five trits to a byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, check_int, parse_scalar
from hw.formats.messages import cut
from sim.golden.codes import Codes, check_codes, check_format, code_type

TRITS = 5
"""3**5 = 243 fit in a byte."""


def pack_bits(fmt: Format, codes: ArrayLike) -> NDArray[np.uint8]:
    """Codes as bytes: the first code in the lowest bits of the first byte, the rest of the last byte zero.

    Parameters
    ----------
    fmt : Format
        Of at most 64 bits.
    codes : integer array of shape (n,)

    Returns
    -------
    uint8 array of shape (ceil(n * width / 8),)
    """
    array = _row(fmt, codes)
    bits = array.astype(np.uint64)[:, None] >> np.arange(fmt.width, dtype=np.uint64) & np.uint64(1)
    return np.packbits(bits.astype(np.uint8).ravel(), bitorder="little")


def unpack_bits(fmt: Format, data: ArrayLike, count: int) -> Codes:
    """The first `count` codes of what `pack_bits` made.

    Raises
    ------
    TypeError, ValueError
        `data` is no array of bytes, or shorter than `count` codes.
    """
    _check_packable(fmt)
    octets = _bytes(data)
    check_int("count", count, 0, 8 * octets.size // fmt.width)
    bits = np.unpackbits(octets, bitorder="little")[: count * fmt.width].reshape(count, fmt.width)
    weights = np.uint64(1) << np.arange(fmt.width, dtype=np.uint64)
    return (bits * weights).sum(axis=1, dtype=np.uint64).astype(code_type(fmt.width))


def pack_trits(codes: ArrayLike) -> NDArray[np.uint8]:
    """Codes of `ternary`, five to a byte: ``sum((value + 1) * 3**i)``, the first the lowest; -1 fills the last.

    Parameters
    ----------
    codes : integer array of shape (n,)

    Returns
    -------
    uint8 array of shape (ceil(n / 5),), each 0..242.
    """
    ternary = parse_scalar("ternary")
    array = _row(ternary, codes)
    digits = np.array([1, 2, 1, 0])[array]
    padded = np.zeros(-(-len(digits) // TRITS) * TRITS, dtype=np.int64)
    padded[: len(digits)] = digits
    return (padded.reshape(-1, TRITS) @ 3 ** np.arange(TRITS)).astype(np.uint8)


def unpack_trits(data: ArrayLike, count: int) -> Codes:
    """The first `count` codes of what `pack_trits` made.

    Raises
    ------
    TypeError, ValueError
        `data` is no array of bytes, has one above 242, or is shorter than `count` trits.
    """
    octets = _bytes(data)
    if octets.size and octets.max() > 242:
        raise ValueError(f"data must be bytes 0..242 of five trits, got {octets.max()}")
    check_int("count", count, 0, TRITS * octets.size)
    digits = octets[:, None] // 3 ** np.arange(TRITS) % 3
    return np.array([3, 0, 1], dtype=np.uint8)[digits.ravel()[:count]]


def _row(fmt: Format, codes: ArrayLike) -> Codes:
    _check_packable(fmt)
    array = check_codes("codes", fmt, codes)
    if array.ndim != 1:
        raise ValueError(f"codes must have shape (n,), got {array.shape}")
    return array


def _check_packable(fmt: Format) -> None:
    check_format(fmt)
    if fmt.width > 64:
        raise ValueError(f"fmt must have at most 64 bits, got {cut(fmt)} of {fmt.width}")


def _bytes(data: ArrayLike) -> NDArray[np.uint8]:
    array = np.asarray(data)
    if array.dtype != np.uint8 or array.ndim != 1:
        raise TypeError(f"data must be a uint8 array of shape (n,), got {array.dtype} of shape {array.shape}")
    return array
