"""The golden dot product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import Codes, check_codes
from sim.golden.encoding import encode_steps
from sim.golden.products import Terms, find_rule


@dataclass(frozen=True)
class Dot:
    """``sum = a[0] * b[0] + ... + a[n-1] * b[n-1]``, exactly or rounded once.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    result : Format
        Of the sum; of a fixed-point format it must hold every sum.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    """

    a: Format
    b: Format
    product: str
    result: Format
    rounding: str

    def run(self, a: dict[str, ArrayLike], b: dict[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: arrays of codes `x` of shape (beats, lanes).

        Returns
        -------
        Stream ``sum``: ``x`` and ``status`` of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that differ.
        """
        codes, status = self.results(a["x"], b["x"])
        return {"sum": {"x": codes, "status": status}}

    def results(self, a: ArrayLike, b: ArrayLike) -> tuple[Codes, NDArray[np.uint8]]:
        """Codes and status of the sums over the last axis."""
        a, b = check_codes("a", self.a, a), check_codes("b", self.b, b)
        if a.shape != b.shape or a.ndim != 2:
            raise ValueError(f"a and b must have one shape (beats, lanes), got {a.shape} and {b.shape}")
        terms = find_rule(self.product)(self.a, self.b, a, b)
        total = Terms(terms.steps.sum(axis=1), np.bitwise_or.reduce(terms.status, axis=1), terms.lsb)
        if isinstance(self.result, Fixed):
            return np.asarray(encode_steps(self.result, total.steps, total.lsb)), total.status
        raise NotImplementedError
