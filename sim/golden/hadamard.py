"""The golden Walsh-Hadamard rotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.streams import BeatModel


def signs(lanes: int) -> NDArray[np.int64]:
    """The matrix: 1 where an even number of bits is in both numbers of row and column, else -1."""
    both = np.arange(lanes)[:, None] & np.arange(lanes)
    return 1 - 2 * (np.bitwise_count(both).astype(np.int64) & 1)


@dataclass(frozen=True)
class Hadamard(BeatModel):
    """Sums of all lanes, each with the sign that the matrix has there.

    Parameters
    ----------
    input : Format
        Of at most 32 bits, in fixed point.
    result : Fixed
        It holds every sum.
    lanes : int
    flips : bool
        Whether signs of lanes are changed before.
    """

    input: Format
    result: Fixed
    lanes: int
    flips: bool

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.result, spec.lanes, spec.flips)

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """Rotated numbers; codes ``x`` have shape (beats, lanes), and with `flips` ``flip`` (beats, lanes - 1)."""
        numbers = decode_steps(self.input, check_codes("x", self.input, x["x"])).astype(np.int64)
        if self.flips:
            numbers[:, 1:] *= 1 - 2 * np.asarray(x["flip"], dtype=np.int64)
        return encode_steps(self.result, numbers @ signs(self.lanes), self.result.span.lsb)
