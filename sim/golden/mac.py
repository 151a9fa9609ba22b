"""The golden multiply-accumulate: same ports and codes as the hardware, a whole run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode
from sim.golden.matmul import exact_sums
from sim.golden.products import PRODUCTS


@dataclass(frozen=True)
class Mac:
    """``acc = (0 if clear else acc) + a * b``, exactly, modulo ``2**accumulator.width``.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    accumulator : Fixed
        The format of port `acc`.
    pipeline : int
        Registers between operands and accumulator.
    """

    a: Format
    b: Format
    product: str
    accumulator: Fixed
    pipeline: int

    def run(self, a: ArrayLike, b: ArrayLike, clear: ArrayLike, en: ArrayLike) -> dict[str, NDArray[Any]]:
        """What the outputs show after each clock edge, from reset on.

        Parameters
        ----------
        a, b : integer arrays of shape (cycles,)
            Operand codes presented at each edge.
        clear, en : arrays of 0 and 1, of shape (cycles,)

        Returns
        -------
        dict with ``acc`` and ``status``, each of shape (cycles,).

        Raises
        ------
        TypeError, ValueError
            The arrays' shapes differ, or hold what is no code or no flag; the message names the port.
        """
        a, b = check_codes("a", self.a, a), check_codes("b", self.b, b)
        starts, accepted = check_flags("clear", clear), check_flags("en", en)
        shapes = [port.shape for port in (a, b, starts, accepted)]
        if len(set(shapes)) != 1 or a.ndim != 1:
            raise ValueError(f"a, b, clear and en must have one shape (cycles,), got {shapes}")
        terms = PRODUCTS[self.product](self.a, self.b, a, b)
        starts = starts[accepted]
        flags = terms.status[accepted]
        sums = segmented_sum(self._wrapping(terms.steps[accepted]), starts)
        positive = segmented_sum((flags & 1).astype(np.int64), starts) > 0
        negative = segmented_sum((flags >> 1).astype(np.int64), starts) > 0
        seen = self._seen(accepted)
        return {
            "acc": _at(self.codes(sums), seen),
            "status": _at(positive.astype(np.uint8) | negative.astype(np.uint8) << 1, seen),
        }

    def newest(self, en: ArrayLike) -> NDArray[np.int64]:
        """For each cycle, the cycle whose pair entered the accumulator last; -1 for none yet."""
        accepted = np.flatnonzero(en)
        return np.append(-1, accepted)[np.maximum(self._seen(np.asarray(en, dtype=bool)), 0)]

    def _seen(self, accepted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Pairs that have reached the accumulator after each cycle: all but those in the pipeline."""
        return np.cumsum(accepted) - self.pipeline

    def matmul(self, a: ArrayLike, b: ArrayLike) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Matrix product in this unit's arithmetic, the accumulator cleared for each element.

        Parameters
        ----------
        a : integer array of shape (n, k)
        b : integer array of shape (k, m)

        Returns
        -------
        codes of the accumulator and status, each of shape (n, m).
        """
        sums = exact_sums(self.a, self.b, a, b, self.product)
        return sums.codes(self.accumulator), sums.status

    def values(self, codes: ArrayLike) -> NDArray[np.float64]:
        """The accumulator's codes as numbers, rounded to float64 where it cannot hold them.

        Raises
        ------
        TypeError, ValueError
            They are not codes of the accumulator.
        """
        return decode(self.accumulator, codes)

    def codes(self, steps: NDArray[Any]) -> NDArray[Any]:
        """Sums in steps as codes of the accumulator: modulo ``2**width``."""
        mask = (1 << self.accumulator.width) - 1
        return steps & (mask if steps.dtype == object else np.uint64(mask))

    def _wrapping(self, steps: NDArray[Any]) -> NDArray[Any]:
        """Integers whose addition is exact modulo ``2**width``: uint64 wraps at 2**64 by itself."""
        return steps.astype(np.uint64 if self.accumulator.width <= 64 else object)


def check_flags(name: str, flags: ArrayLike) -> NDArray[np.bool_]:
    """`flags` as booleans.

    Raises
    ------
    TypeError
        They are neither booleans nor integers.
    ValueError
        One is not 0 or 1.
    """
    array = np.asarray(flags)
    if array.size and array.dtype.kind not in "biu":
        raise TypeError(f"{name} must be 0 or 1, got an array of {array.dtype}")
    if not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must be 0 or 1, got {array[(array != 0) & (array != 1)].flat[0]}")
    return array.astype(bool)


def segmented_sum(terms: NDArray[Any], starts: NDArray[np.bool_]) -> NDArray[Any]:
    """Running sums that start anew at each element where `starts` is true."""
    if terms.size == 0:
        return terms
    running = np.cumsum(terms, dtype=terms.dtype)
    start = np.maximum.accumulate(np.where(starts, np.arange(len(terms)), 0))
    return running - (running[start] - terms[start])


def _at(sequence: NDArray[Any], count: NDArray[np.int64]) -> NDArray[Any]:
    """The element that is last after `count` of them; the reset value 0 before the first."""
    padded = np.concatenate([np.zeros(1, dtype=sequence.dtype), sequence])
    return padded[np.maximum(count, 0)]
