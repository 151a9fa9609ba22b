"""The golden block dot product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Block, Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode
from sim.golden.dot import codes_of_sums, exact_sums
from sim.golden.products import Numbers, Terms, scaled_status
from sim.golden.scaled import scaled
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class BlockDot(StreamModel):
    """``sum = scale_a * scale_b * (a[0] * b[0] + ... + a[n-1] * b[n-1])``, exactly or rounded once.

    It is OCP MX 1.0's Dot, of one pair of blocks: the scales multiply the sum, by the rules of IEEE 754 if that is an
    infinity or NaN.

    Parameters
    ----------
    a, b : Block
        The operands' block formats.
    result : Format
        Of the sum; of a fixed-point format it must hold every sum.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    keeps_scale : bool
        Whether the number is the sum of products alone, and the sum of the scales' codes goes beside it.
    """

    a: Block
    b: Block
    result: Format
    rounding: str
    keeps_scale: bool

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.result, spec.rounding, spec.keeps_scale and spec.is_exact)

    def run(self, a: dict[str, ArrayLike], b: dict[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: codes `x` of shape (beats, lanes), `scale` of shape (beats,).

        Returns
        -------
        Stream ``sum``: ``x``, ``scale``, the sum of the scales' codes, and ``status``, of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that differ.
        """
        x, y = check_codes("a", self.a.element, a["x"]), check_codes("b", self.b.element, b["x"])
        first, second = check_codes("a", self.a.scale, a["scale"]), check_codes("b", self.b.scale, b["scale"])
        if x.shape != y.shape or x.ndim != 2 or first.shape != (len(x),) or second.shape != (len(x),):
            raise ValueError(
                "a and b must have elements of one shape (beats, lanes) and scales of shape (beats,), "
                f"got {x.shape}, {y.shape}, {first.shape} and {second.shape}"
            )
        total = exact_sums(self.a.element, self.b.element, x, y, "exact")
        status = scaled_status(total.steps, total.status, decode(self.a.scale, first), decode(self.b.scale, second))
        if self.keeps_scale:
            product: Terms | Numbers = Terms(total.steps, status, total.lsb)
        else:
            product = scaled(total, self.a.scale, self.b.scale, first, second)
        codes = codes_of_sums(self.result, product, self.rounding)
        return {"sum": {"x": codes, "scale": first.astype(np.int64) + second, "status": status}}
