"""A play's codes as arrays: plays have lists, and making an array of a million numbers takes longer than counting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CAUSE = "cause"
"""What a play's cycles are the results of, beside its ports."""


def codes(play: Any, name: str) -> NDArray[Any]:
    """The codes of a port of a `Play`, or its `CAUSE`; made once."""
    known: dict[str, NDArray[Any]] = play.arrays
    if name not in known:
        of = {CAUSE: play.cause} | play.expected | play.inputs
        known[name] = plain(of[name])
    return known[name]


def plain(numbers: Any) -> NDArray[Any]:
    """Numbers as int64 if they fit, else as Python's."""
    try:
        return np.asarray(numbers, dtype=np.int64)
    except OverflowError:
        return np.asarray(numbers, dtype=object)
