"""Beats of a stream as rows of numbers, side by side, as far as a memory keeps them; and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode_steps


@dataclass(frozen=True)
class RowBeats:
    """Rows of beats.

    Attributes
    ----------
    x : int64 array of shape (rows, beats, lanes)
        Numbers; 0 behind the end of a row that is shorter than others.
    keep : bool array of the same shape
        Whether they count.
    is_beat : bool array of shape (rows, beats)
        Whether the row has it.
    error : bool array of shape (rows,)
        The row was cut, or has no number.
    """

    x: NDArray[np.int64]
    keep: NDArray[np.bool_]
    is_beat: NDArray[np.bool_]
    error: NDArray[np.bool_]

    @classmethod
    def of(cls, fmt: Format, beats: Mapping[str, ArrayLike], depth: int) -> Self:
        """The rows that end among `beats`, each cut behind `depth` of them.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        numbers = decode_steps(fmt, check_codes("x", fmt, beats["x"])).astype(np.int64)
        flags = np.asarray(beats["keep"]).astype(bool)
        ends = np.flatnonzero(np.asarray(beats["last"])) + 1
        lengths = np.diff(ends, prepend=0)
        most = int(min(depth, lengths.max(initial=1)))
        place = np.arange(most)
        is_beat = place < lengths[:, None]
        at = np.where(is_beat, (ends - lengths)[:, None] + place, 0)
        if not len(numbers):
            numbers, flags = (np.zeros((1, *values.shape[1:]), values.dtype) for values in (numbers, flags))
        keep = flags[at] & is_beat[..., None]
        error = (lengths > depth) | ~keep.any(axis=(1, 2))
        return cls(np.where(is_beat[..., None], numbers[at], 0), keep, is_beat, error)

    def stream(self, **results: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The fields of a stream of results: of shape (rows, beats, lanes) each, and what is said of the rows."""
        fields = {name: codes[self.is_beat] for name, codes in results.items()}
        last = np.diff(self.is_beat.astype(np.int64), axis=1, append=0) < 0
        error = np.broadcast_to(self.error[:, None], self.is_beat.shape)
        return fields | {"error": error[self.is_beat].astype(np.int64), "last": last[self.is_beat].astype(np.int64)}
