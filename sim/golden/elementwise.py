"""The golden model of operations on vectors, lane by lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.add import Add
from sim.golden.codes import check_codes
from sim.golden.mul import Mul
from sim.golden.pairwise import Pairwise
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Elementwise(StreamModel):
    """Sums or products of codes.

    Parameters
    ----------
    a, b : Format
    lane : Pairwise
        The model of one lane.
    """

    a: Format
    b: Format
    lane: Pairwise

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, (Add if spec.operation == "add" else Mul).of(spec.lane))

    def run(self, a: Mapping[str, ArrayLike], b: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        a : dict
            ``x``, codes of shape (beats, lanes); ``last`` of shape (beats,).
        b : dict
            ``x``, codes of shape (beats, lanes).

        Returns
        -------
        Stream ``y``: ``x`` and ``status`` of the shape of ``x``, and ``last``.

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that differ.
        """
        x, y = check_codes("a", self.a, a["x"]), check_codes("b", self.b, b["x"])
        if x.shape != y.shape:
            raise ValueError(f"a and b must have one shape (beats, lanes), got {x.shape} and {y.shape}")
        codes, status = self.lane.results(x, y)
        return {"y": {"x": codes, "status": status, "last": np.asarray(a["last"])}}
