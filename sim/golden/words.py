"""Beats of fields as words of a stream: what is wider than a word takes several, the lowest bits first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def to_words(positions: Mapping[str, Any], fields: Mapping[str, ArrayLike], width: int, lanes: int) -> NDArray[Any]:
    """Beats, each as words.

    Parameters
    ----------
    positions : dict of str to Position
        Where each field lies: its first code at bit ``offset``, and each after it ``step`` bits above the one before.
    fields : dict of str to array
        Codes of shape (beats,), or (beats, lanes of the field).
    width, lanes : int
        Bits of a code in a word, and how many there are.

    Returns
    -------
    Codes of shape (words, lanes).

    Raises
    ------
    ValueError
        A field is missing or unknown, has another shape, or a code that has no room.
    """
    if set(fields) != set(positions):
        raise ValueError(f"fields must be {', '.join(positions)}, got {', '.join(fields) or 'none'}")
    counts = {name: len(np.asarray(codes)) for name, codes in fields.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"fields must have one number of beats, got {counts}")
    total: Any = np.zeros(next(iter(counts.values())), dtype=object)
    for name, position in positions.items():
        codes = np.asarray(fields[name]).astype(object).reshape(len(total), -1)
        if codes.shape[1] != position.lanes:
            raise ValueError(f"{name} must have shape (beats, {position.lanes}), got {np.shape(fields[name])}")
        if codes.size and not 0 <= codes.min() <= codes.max() < 1 << position.format.width:
            raise ValueError(f"{name} must be codes of {position.format}, got {codes.min()}..{codes.max()}")
        for lane in range(position.lanes):
            total = total + codes[:, lane] * (1 << position.offset + lane * position.step)
    each = -(-bits_of(positions) // (width * lanes))
    shifts = width * np.arange(each * lanes, dtype=object)
    return ((total[:, None] >> shifts) & ((1 << width) - 1)).astype(np.int64).reshape(-1, lanes)


def from_words(positions: Mapping[str, Any], words: NDArray[Any], width: int) -> dict[str, NDArray[Any]]:
    """The fields of beats that are such words: codes of shape (beats, lanes of the field)."""
    lanes = words.shape[1]
    each = -(-bits_of(positions) // (width * lanes))
    shifts = width * np.arange(each * lanes, dtype=object)
    total = (words.reshape(-1, each * lanes).astype(object) << shifts).sum(axis=1)
    found = {}
    for name, position in positions.items():
        places = position.offset + position.step * np.arange(position.lanes, dtype=object)
        codes = (total[:, None] >> places) & ((1 << position.format.width) - 1)
        found[name] = codes.astype(np.int64)
    return found


def bits_of(positions: Mapping[str, Any]) -> int:
    """Bits of a beat, with those that fill its last field up."""
    return max(position.offset + position.lanes * position.step for position in positions.values())
