"""Which signed digits of numbers are not zero, by arithmetic on whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import check_choice
from hw.formats.messages import echo

Ints = NDArray[np.int64]
PLACES, LARGEST = 62, 1 << 58


def _naf(numbers: Ints) -> Ints:
    # Thrice a number differs from it, a place higher, where its non-adjacent form has a digit.
    return (numbers ^ 3 * numbers) >> 1


def _booth(numbers: Ints) -> Ints:
    # By the number a place lower: 1 where a bit differs from the one below, 2 where it does not but from the one above.
    even = sum(1 << place for place in range(0, PLACES, 2))
    differs = numbers ^ numbers << 1
    ones = differs & even
    return ones | (differs & ~(ones << 1) & (even << 1))


NONZERO = {"naf": _naf, "booth": _booth}


def nonzero_digits(recoding: str, numbers: ArrayLike) -> Ints:
    """The digits of numbers that are not zero, as bits: that of place 0 is the lowest.

    Parameters
    ----------
    recoding : str
        ``naf``, the non-adjacent form, or ``booth``: digits -2 to 2 of radix 4, of which one of two is one of one a
        place higher.
    numbers : integer array
        Of magnitudes up to 2**58.

    Raises
    ------
    TypeError, ValueError
        There is no such recoding; `numbers` are no integers, or too large.
    """
    check_choice("recoding", recoding, NONZERO)
    given: NDArray[Any] = np.asarray(numbers)
    if given.dtype.kind not in "iu":
        raise TypeError(f"numbers must be integers, got {echo(given.dtype.name)}")
    if given.size and max(-int(given.min()), int(given.max())) > LARGEST:
        raise ValueError(
            f"numbers must have magnitudes up to 2**58, got {echo(int(np.abs(given.astype(object)).max()))}"
        )
    return NONZERO[recoding](given.astype(np.int64))


def count_digits(recoding: str, numbers: ArrayLike) -> Ints:
    """How many digits of each number are not zero; as `nonzero_digits`."""
    return np.bitwise_count(nonzero_digits(recoding, numbers)).astype(np.int64)
