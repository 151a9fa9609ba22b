"""The golden model of what adds sums of blocks, scaled, to floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Block, Fixed, Format
from sim.golden.accumulators import Floating
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode, decode_steps
from sim.golden.products import Terms
from sim.golden.scaled import scaled
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class BlockAdd(StreamModel):
    """``y = c + x * scale_a * scale_b``, rounded once: one step of OCP MX 1.0's DotGeneral.

    Parameters
    ----------
    a, b : Block
        The operands' block formats.
    sum_format : Fixed
        Of `x`.
    result : Format
        Of `c` and `y`.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    """

    a: Block
    b: Block
    sum_format: Fixed
    result: Format
    rounding: str

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.sum_format, spec.result, spec.rounding)

    def run(
        self, x: dict[str, ArrayLike], scale: dict[str, ArrayLike], c: dict[str, ArrayLike]
    ) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : ``x`` and, if sums have one, ``status``, of shape (beats, lanes)
        scale : ``a`` of shape (beats,), ``b`` of shape (beats, lanes)
        c : ``x`` of shape (beats, lanes)

        Returns
        -------
        Stream ``y``: ``x`` of shape (beats, lanes).
        """
        status = np.asarray(x.get("status", np.zeros(np.shape(x["x"]), dtype=np.uint8)))
        return {"y": {"x": self.add(x["x"], status, np.asarray(scale["a"])[:, None], scale["b"], c["x"])}}

    def add(self, x: ArrayLike, status: NDArray[Any], a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Codes:
        """Codes of the result, element by element; all are broadcast together.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        x, c = check_codes("x", self.sum_format, x), check_codes("c", self.result, c)
        a, b = check_codes("a", self.a.scale, a), check_codes("b", self.b.scale, b)
        sums = Terms(decode_steps(self.sum_format, x), np.asarray(status, dtype=np.uint8), self.sum_format.span.lsb)
        terms = scaled(sums, self.a.scale, self.b.scale, a, b)
        accumulator = Floating(self.result, rounding=self.rounding)
        # Adding zero makes a sum of -0, which only a caller can give, +0.
        state = np.broadcast_to(decode(self.result, c), terms.status.shape) + 0.0
        return accumulator.finish(accumulator.add(state, terms))
