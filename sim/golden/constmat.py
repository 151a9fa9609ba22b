"""The golden matrix of constants by vectors."""

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


@dataclass(frozen=True)
class ConstMat(BeatModel):
    """Each row's sum of products.

    Parameters
    ----------
    input, weights : Format
    codes : tuple of tuple of int
        Of the matrix, row after row.
    result : Fixed
        It holds every sum.
    """

    input: Format
    weights: Format
    codes: tuple[tuple[int, ...], ...]
    result: Fixed

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.weights, spec.codes, spec.result)

    @property
    def matrix(self) -> NDArray[Any]:
        """The constants in steps of their format."""
        return decode_steps(self.weights, np.array(self.codes))

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """Sums of all rows; codes ``x`` have shape (beats, columns)."""
        numbers, matrix = decode_steps(self.input, check_codes("x", self.input, x["x"])), self.matrix
        # 64 bits hold every part of a sum that they hold if all its products had one sign.
        if len(numbers) and not self._fits():
            numbers, matrix = numbers.astype(object), matrix.astype(object)
        return encode_steps(self.result, numbers @ matrix.T, self.input.span.lsb + self.weights.span.lsb)

    def _fits(self) -> bool:
        largest = max(-self.input.span.lo, self.input.span.hi)
        return largest * max(int(abs(row).sum()) for row in self.matrix.astype(object)) < 1 << 62
