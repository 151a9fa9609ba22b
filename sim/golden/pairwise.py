"""What golden models of units of two operands without a state share: results in step with the clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.codes import Codes, check_codes
from sim.golden.mac import check_flags


class Pairwise(ABC):
    """A model with operands `a` and `b`, and one result.

    Attributes
    ----------
    port : str
        Of the result.
    a, b, result : Format
    pipeline : int
        Registers between operands and result.
    """

    port: ClassVar[str]
    a: Format
    b: Format
    result: Format
    pipeline: int

    @abstractmethod
    def results(self, a: ArrayLike, b: ArrayLike) -> tuple[Codes, NDArray[np.uint8]]:
        """Codes and status of the results of operand codes."""

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
        dict with the result's port and ``status``, each of shape (cycles,); -1 where no result is shown yet.

        Raises
        ------
        TypeError, ValueError
            The arrays' shapes differ, or hold what is no code or no flag; the message names the port.
        """
        a, b = check_codes("a", self.a, a), check_codes("b", self.b, b)
        accepted = check_flags("en", np.ones(len(a), dtype=bool) if en is None else en)
        if len({a.shape, b.shape, accepted.shape}) != 1 or a.ndim != 1:
            raise ValueError(f"a, b and en must have one shape (cycles,), got {[a.shape, b.shape, accepted.shape]}")
        codes, status = self.results(a, b)
        newest = self.newest(accepted)
        wide = object if self.result.width > 63 else np.int64
        outputs = {self.port: codes.astype(wide), "status": status.astype(np.int64)}
        return {port: np.where(newest < 0, -1, values[newest]) for port, values in outputs.items()}

    def newest(self, en: ArrayLike) -> NDArray[np.int64]:
        """For each cycle, the cycle whose result is shown; -1 for none yet."""
        enabled = np.asarray(en, dtype=bool)
        accepted = np.flatnonzero(enabled)
        if not self.pipeline:
            return np.arange(len(enabled))
        return np.append(-1, accepted)[np.maximum(np.cumsum(enabled) - self.pipeline + 1, 0)]
