"""Numbers of 8 or 4 bits as nibbles of lanes, and the golden model of the dot product that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed
from sim.golden.codes import Codes
from sim.golden.encoding import encode_steps
from sim.golden.streams import StreamModel

NIBBLES = 4
WIDTHS = {0: (8, 8), 1: (8, 4), 2: (8, 8), 3: (4, 4)}
"""Bits of a and w by the mode."""


def numbers_a_lane(mode: int) -> int:
    """How many numbers of each operand a lane has in a mode."""
    a, w = WIDTHS[mode]
    return 64 // (a * w)


def nibbles(codes: ArrayLike, width: int, mode: int) -> NDArray[np.int64]:
    """Numbers in two's complement as a beat has them.

    Parameters
    ----------
    codes : integer array of shape (..., lanes * numbers a lane)
    width : int
        Of the numbers: 8 or 4.
    mode : int
        Of the beats.

    Returns
    -------
    Integer array of shape (..., lanes * 4); what is left of a lane is zero.
    """
    given = np.asarray(codes, dtype=np.int64)
    split = (given[..., None] >> np.arange(0, width, 4) & 15).reshape(*given.shape[:-1], -1)
    lanes = split.reshape(*given.shape[:-1], -1, numbers_a_lane(mode) * width // 4)
    filled = np.concatenate([lanes, np.zeros((*lanes.shape[:-1], NIBBLES - lanes.shape[-1]), np.int64)], axis=-1)
    return filled.reshape(*given.shape[:-1], -1)


@dataclass(frozen=True)
class Subword(StreamModel):
    """Sums of products of as many bits as each beat says.

    Parameters
    ----------
    lanes : int
    result : Fixed
        It holds every sum.
    """

    lanes: int
    result: Fixed

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.lanes, spec.result)

    def run(self, a: Mapping[str, ArrayLike], w: Mapping[str, ArrayLike]) -> dict[str, dict[str, Codes]]:
        """The sums of the products of each beat.

        Parameters
        ----------
        a, w : dict
            ``x``, nibbles of shape (beats, 4 * lanes); of a ``mode`` of shape (beats,): a key of `WIDTHS`.

        Returns
        -------
        Stream ``sum``: ``x`` of shape (beats,).
        """
        mode = np.asarray(a["mode"])
        sums = np.zeros(len(mode), np.int64)
        for each, widths in WIDTHS.items():
            chosen = mode == each
            x, y = (
                _numbers(np.asarray(stream["x"])[chosen], width, numbers_a_lane(each))
                for stream, width in zip((a, w), widths, strict=True)
            )
            sums[chosen] = (x * y).sum(axis=(1, 2))
        return {"sum": {"x": encode_steps(self.result, sums, 0)}}


def _numbers(x: NDArray[Any], width: int, count: int) -> NDArray[np.int64]:
    """The first numbers of each lane, of shape (beats, lanes, numbers)."""
    digits = width // 4
    lanes = x.astype(np.int64).reshape(len(x), x.shape[1] // NIBBLES, NIBBLES)[:, :, : count * digits]
    codes = lanes.reshape(*lanes.shape[:2], count, digits) @ (16 ** np.arange(digits))
    return codes - (codes >> width - 1 << width)
