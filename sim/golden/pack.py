"""The golden model of several products in one multiplier: the products, each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.mul import Mul


@dataclass(frozen=True)
class Pack:
    """Exact products of pairs of operands.

    Parameters
    ----------
    operands : dict of str to Format
        The input ports.
    products : dict of str to (str, str)
        The output ports, and which two operands each is the product of.
    result : Fixed
        Of every output; it must hold every product.
    pipeline : int
        Registers between operands and products.
    """

    operands: dict[str, Format]
    products: dict[str, tuple[str, str]]
    result: Fixed
    pipeline: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.operands, spec.products, spec.port_formats["p0"], spec.pipeline)

    def run(self, en: ArrayLike | None = None, **codes: ArrayLike) -> dict[str, NDArray[Any]]:
        """What the outputs show after each clock edge, or, without a pipeline, for each set of operands.

        Parameters
        ----------
        en : array of 0 and 1, of shape (cycles,)
            By default ones.
        **codes : integer arrays of shape (cycles,)
            Operand codes presented at each edge, by port.

        Returns
        -------
        dict of ports, each of shape (cycles,); -1 where no product is shown yet.

        Raises
        ------
        TypeError, ValueError
            Ports are missing or unknown, or as `sim.golden.Mul.run`.
        """
        if set(codes) != set(self.operands):
            raise ValueError(f"operands must be {', '.join(self.operands)}, got {', '.join(codes) or 'none'}")
        return {port: self._mul(a, b).run(codes[a], codes[b], en)["p"] for port, (a, b) in self.products.items()}

    def newest(self, en: ArrayLike) -> NDArray[np.int64]:
        """For each cycle, the cycle whose products are shown; -1 for none yet."""
        a, b = self.products["p0"]
        return self._mul(a, b).newest(en)

    def _mul(self, a: str, b: str) -> Mul:
        return Mul(self.operands[a], self.operands[b], "exact", self.result, "nearest_even", self.pipeline)
