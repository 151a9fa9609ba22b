"""The golden addition to exponents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode
from sim.golden.encoding import encode
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Expadd(StreamModel):
    """Numbers times powers of two.

    Parameters
    ----------
    input, output : Format
        The second has every number of the first times every power.
    """

    input: Format
    output: Format

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output)

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : dict
            ``x``, codes of shape (beats, lanes); ``k``, powers of that shape, or of shape (beats,) for all lanes;
            ``last`` of shape (beats,).

        Returns
        -------
        Stream ``y``: ``x`` and ``last``, of the same shapes.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        numbers = decode(self.input, check_codes("x", self.input, x["x"]))
        powers = np.asarray(x["k"], dtype=np.int64).reshape(len(numbers), -1)
        return {"y": {"x": encode(self.output, np.ldexp(numbers, powers)), "last": np.asarray(x["last"])}}
