"""Complex numbers with weights among the fourth roots of unity: swaps and negations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, FourthRoots
from sim.golden.codes import Codes, check_codes, native
from sim.golden.matmul import exact_sums
from sim.golden.sums import Sums

ROOTS = FourthRoots()


def check_root_codes(name: str, codes: ArrayLike) -> Codes:
    """`codes` as an integer array of 0..3."""
    array = native(codes)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integer codes, got an array of {array.dtype}")
    if array.size and not 0 <= int(array.min()) <= int(array.max()) <= 3:
        raise ValueError(f"{name} must be codes 0..3 of roots4, got {array.min()}..{array.max()}")
    return array.astype(np.uint8)


def decode_roots(codes: ArrayLike) -> NDArray[np.complex128]:
    """The value of each code of `roots4`."""
    table = np.array([complex(*value) for value in ROOTS.values])
    return table[check_root_codes("codes", codes)]


def encode_roots(values: ArrayLike) -> Codes:
    """The codes of the nearest roots; of two as near, that of the lower code: 1, -1, i, -i.

    Raises
    ------
    TypeError, ValueError
        Values that are no numbers, or NaN.
    """
    array = native(values)
    if array.dtype.kind not in "fiuc":
        raise TypeError(f"values must be numbers, got an array of {array.dtype}")
    if np.isnan(array).any():
        raise ValueError("values must not be NaN: roots4 has no code for it")
    array = array.astype(np.complex128)
    real, imaginary = array.real, array.imag
    across = np.abs(imaginary) > np.abs(real)
    return np.where(across, np.where(imaginary < 0, 3, 2), np.where(real < 0, 1, 0)).astype(np.uint8)


def roots_matmul(a_format: Format, real: ArrayLike, imaginary: ArrayLike, weights: ArrayLike) -> tuple[Sums, Sums]:
    """``(real + i imaginary) @ weights`` with weights among the fourth roots, exactly.

    Parameters
    ----------
    a_format : Format
    real, imaginary : integer arrays of shape (n, k)
        Codes of `a_format`.
    weights : integer array of shape (k, m)
        Codes of `roots4`.

    Returns
    -------
    Sums of the real and of the imaginary part, each of shape (n, m).

    Raises
    ------
    TypeError, ValueError
        Codes that are none, or shapes that do not go together.
    """
    codes = check_root_codes("weights", weights)
    part = ROOTS.part
    # Ternary's codes are 0, 1 and 3.
    parts = np.array(ROOTS.values) & 3
    w_real, w_imaginary = (parts[codes, i].astype(np.uint8) for i in (0, 1))
    minus_imaginary = (4 - w_imaginary.astype(np.int64)) % 4
    real, imaginary = check_codes("real", a_format, real), check_codes("imaginary", a_format, imaginary)
    if real.ndim != 2 or real.shape != imaginary.shape or codes.ndim != 2 or codes.shape[0] != real.shape[1]:
        shapes = f"{real.shape}, {imaginary.shape} and {codes.shape}"
        raise ValueError(f"real, imaginary and weights must have shapes (n, k), (n, k) and (k, m), got {shapes}")
    stacked = np.concatenate([real, imaginary], axis=1)
    return (
        exact_sums(a_format, part, stacked, np.concatenate([w_real, minus_imaginary])),
        exact_sums(a_format, part, stacked, np.concatenate([w_imaginary, w_real])),
    )
