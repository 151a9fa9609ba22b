"""How a tensor's numbers are written as codes: a format and a scale for each column, chosen on recorded numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.encoder.chain import Floats
from hw.formats import Format
from sim.golden import decode, encode
from sim.golden.codes import Codes

CLIPS = tuple(1 - step / 20 for step in range(13))
"""Shares of the largest magnitude that a scale may end at."""


@dataclass(frozen=True, eq=False)
class Written:
    """A number is ``(code - zero) * scale``.

    Attributes
    ----------
    format : Format
    scale : float64 array of shape (columns,), or (heads, 1, 1) for a matrix of each head
    zero : int
    """

    format: Format
    scale: NDArray[np.float64]
    zero: int = 0

    def codes(self, values: Floats) -> Codes:
        """Values as codes, the nearest that there are."""
        scaled = np.asarray(values, dtype=np.float64) / self.scale + self.zero
        return encode(self.format, np.clip(scaled, float(self.format.min), float(self.format.max)))

    def values(self, codes: Codes) -> NDArray[np.float64]:
        """What codes mean."""
        return np.asarray((decode(self.format, codes) - self.zero) * self.scale)


def fitted(fmt: Format, x: Floats, each: bool = True, clipped: bool = False) -> NDArray[np.float64]:
    """The scale of each column, or one for all, at which the largest magnitude is the format's.

    With `clipped` it is that share of it, of `CLIPS`, at which numbers are nearest to what codes make of them.
    """
    axis = 0 if each else None
    largest = np.abs(x).max(axis=axis, keepdims=True)
    whole = np.where(largest > 0, largest, 1.0).astype(np.float64) / float(fmt.max)
    if clipped:
        errors = np.array([_error(fmt, x, whole * share, axis) for share in CLIPS])
        whole = whole * np.array(CLIPS)[np.argmin(errors, axis=0)].reshape(whole.shape)
    return np.broadcast_to(whole, (1, x.shape[1]))[0] if x.ndim == 2 else whole


def _error(fmt: Format, x: Floats, scale: Any, axis: int | None) -> Any:
    written = Written(fmt, scale)
    return np.square(written.values(written.codes(x)) - x).sum(axis=axis)


def in_octaves(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """The next scales above, of which each is a power of two times the smallest."""
    least = scale.min()
    return np.asarray(least * 2.0 ** np.ceil(np.log2(scale / least) - 1e-9))
