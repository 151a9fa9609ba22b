"""The golden Walsh-Hadamard rotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.streams import StreamModel


def signs(lanes: int) -> NDArray[np.int64]:
    """The matrix: 1 where an even number of bits is in both numbers of row and column, else -1."""
    both = np.arange(lanes)[:, None] & np.arange(lanes)
    return 1 - 2 * (np.bitwise_count(both).astype(np.int64) & 1)


@dataclass(frozen=True)
class Hadamard(StreamModel):
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

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : dict
            ``x``, codes of shape (beats, lanes); with `flips` ``flip``, of shape (beats, lanes - 1); ``last`` of shape
            (beats,).

        Returns
        -------
        Stream ``y``: ``x`` and ``last``, of the same shapes.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        numbers = decode_steps(self.input, check_codes("x", self.input, x["x"])).astype(np.int64)
        if self.flips:
            numbers[:, 1:] *= 1 - 2 * np.asarray(x["flip"], dtype=np.int64)
        codes = encode_steps(self.result, numbers @ signs(self.lanes), self.result.span.lsb)
        return {"y": {"x": codes, "last": np.asarray(x["last"])}}
