"""How a tensor's numbers are written as codes: a format and a scale for each column, chosen on recorded numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.encoder.chain import Floats
from hw.formats import Format
from sim.golden import decode, encode
from sim.golden.codes import Codes


@dataclass(frozen=True, eq=False)
class Written:
    """A number is what its code is, times a scale.

    Attributes
    ----------
    format : Format
    scale : float64 array of shape (columns,), or (heads, 1, 1) for a matrix of each head
    """

    format: Format
    scale: NDArray[np.float64]

    def codes(self, values: Floats) -> Codes:
        """Values as codes, the nearest that there are."""
        scaled = np.asarray(values, dtype=np.float64) / self.scale
        return encode(self.format, np.clip(scaled, float(self.format.min), float(self.format.max)))

    def values(self, codes: Codes) -> NDArray[np.float64]:
        """What codes mean."""
        return np.asarray(decode(self.format, codes) * self.scale)


def reach(fmt: Format, product: str) -> float:
    """The largest number that operands of products by that rule may have.

    A rule that is not exact gives numbers of the format itself, and a product of two must be within it.
    """
    return float(fmt.max) if product == "exact" else math.sqrt(float(fmt.max))


def fitted(most: float, x: Floats, each: bool = True) -> NDArray[np.float64]:
    """The scale of each column of a matrix, or one for all, by which the largest magnitude is that."""
    largest = np.abs(x).max(axis=0 if each else None, keepdims=True).astype(np.float64)
    scale = np.where(largest > 0, largest, 1.0) / most
    return np.broadcast_to(scale, (1, x.shape[1]))[0]


def in_octaves(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """The next scales above, of which each is a power of two times the smallest."""
    least = scale.min()
    return np.asarray(least * 2.0 ** np.ceil(np.log2(scale / least) - 1e-9))
