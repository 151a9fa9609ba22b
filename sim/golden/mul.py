"""The golden multiplier: same ports and codes as the hardware, a whole run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.encodings import Flagged, Unpacked
from hw.formats import Fixed, Format
from sim.golden.codes import Codes
from sim.golden.encoding import encode_steps
from sim.golden.flagged import multiply_flagged
from sim.golden.pairwise import Pairwise
from sim.golden.parts import product_parts
from sim.golden.products import find_rule, multiply


@dataclass(frozen=True)
class Mul(Pairwise):
    """``p = a * b``, exactly or rounded once.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    result : Format
        Of port `p`; of a fixed-point format it must hold every product, and one in parts those of the operands.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    pipeline : int
        Registers between operands and product.
    """

    a: Format
    b: Format
    product: str
    result: Format
    rounding: str
    pipeline: int

    port: ClassVar[str] = "p"

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.product, spec.result, spec.rounding, spec.pipeline)

    def results(self, a: ArrayLike, b: ArrayLike) -> tuple[Codes, NDArray[np.uint8]]:
        """Codes and status of the products of codes; of an unpacked one that is no number the code is -1."""
        if isinstance(self.result, Flagged):
            codes = multiply_flagged(self.result, np.asarray(a), np.asarray(b))
            return codes, np.zeros(codes.shape, dtype=np.uint8)
        terms = find_rule(self.product)(self.a, self.b, a, b)
        if isinstance(self.result, Unpacked):
            parts = product_parts(self.a, self.b, np.asarray(a), np.asarray(b), self.result)
            return np.where(terms.status == 0, parts, -1), terms.status
        if isinstance(self.result, Fixed):
            return np.asarray(encode_steps(self.result, terms.steps, terms.lsb)), terms.status
        return np.asarray(multiply(self.a, self.b, a, b, self.result, self.product, self.rounding)), terms.status
