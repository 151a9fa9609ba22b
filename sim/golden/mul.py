"""The golden multiplier: same ports and codes as the hardware, a whole run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import check_codes
from sim.golden.encoding import encode_steps
from sim.golden.mac import check_flags
from sim.golden.products import find_rule, multiply


@dataclass(frozen=True)
class Mul:
    """``p = a * b``, exactly or rounded once.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    result : Format
        Of port `p`; of a fixed-point format it must hold every product.
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

    def run(self, a: ArrayLike, b: ArrayLike, en: ArrayLike | None = None) -> dict[str, NDArray[Any]]:
        """What the outputs show after each clock edge, or, without a pipeline, for each pair.

        Parameters
        ----------
        a, b : integer arrays of shape (cycles,)
            Operand codes presented at each edge.
        en : array of 0 and 1, of shape (cycles,)
            By default ones.

        Returns
        -------
        dict with ``p`` and ``status``, each of shape (cycles,); -1 where no product is shown yet.

        Raises
        ------
        TypeError, ValueError
            The arrays' shapes differ, or hold what is no code or no flag; the message names the port.
        """
        a, b = check_codes("a", self.a, a), check_codes("b", self.b, b)
        accepted = check_flags("en", np.ones(len(a), dtype=bool) if en is None else en)
        if len({a.shape, b.shape, accepted.shape}) != 1 or a.ndim != 1:
            raise ValueError(f"a, b and en must have one shape (cycles,), got {[a.shape, b.shape, accepted.shape]}")
        codes, status = self.products(a, b)
        newest = self.newest(accepted)
        wide = object if self.result.width > 63 else np.int64
        outputs = {"p": codes.astype(wide), "status": status.astype(np.int64)}
        return {port: np.where(newest < 0, -1, values[newest]) for port, values in outputs.items()}

    def products(self, a: ArrayLike, b: ArrayLike) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Codes and status of the products of codes."""
        terms = find_rule(self.product)(self.a, self.b, a, b)
        if isinstance(self.result, Fixed):
            return np.asarray(encode_steps(self.result, terms.steps, terms.lsb)), terms.status
        return np.asarray(multiply(self.a, self.b, a, b, self.result, self.product, self.rounding)), terms.status

    def newest(self, en: ArrayLike) -> NDArray[np.int64]:
        """For each cycle, the cycle whose product is shown; -1 for none yet."""
        enabled = np.asarray(en, dtype=bool)
        accepted = np.flatnonzero(enabled)
        if not self.pipeline:
            return np.arange(len(enabled))
        return np.append(-1, accepted)[np.maximum(np.cumsum(enabled) - self.pipeline + 1, 0)]
