"""The golden softmax in integers: I-ViT's Shiftmax, and one whose sum takes a single pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.rows import RowBeats
from sim.golden.shiftexp import Ints, exponent_pair, int_exp_shift
from sim.golden.streams import StreamModel

N, LARGEST = 15, (1 << 31) - 1
"""I-ViT's: shifts of Shiftmax, and its numerator."""
WINDOW = 16
"""Exponents that a two-pass sum has room for."""
FAR = 1 << 20
"""An exponent beyond all others."""


@dataclass(frozen=True)
class Softmax(StreamModel):
    """A softmax of each row.

    Parameters
    ----------
    input, output : Format
        Integers; that of the output is unsigned.
    steps : int
        Steps of the input in one.
    depth : int
        Beats that are kept of a row.
    method : str
        ``shiftmax`` or ``twopass``.
    bound, numerator_bits : int
        Of two passes: a power of two that no exponential reaches, and bits of the reciprocal's numerator.
    """

    input: Format
    output: Format
    steps: int
    depth: int
    method: str
    bound: int
    numerator_bits: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, spec.steps, spec.depth, spec.method, spec.bound, spec.numerator_bits)

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : dict
            ``x``, codes of shape (beats, lanes); ``keep``, of the same shape; ``last`` of shape (beats,).

        Returns
        -------
        Stream ``y``: ``x`` of shape (beats, lanes), ``error`` and ``last``.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        rows = RowBeats.of(self.input, x, self.depth)
        codes = self._shiftmax(rows) if self.method == "shiftmax" else self._two_pass(rows)
        return {"y": rows.stream(x=np.where(rows.keep, codes, 0))}

    def _shiftmax(self, rows: RowBeats) -> Ints:
        """As I-ViT has it; its `bits` are one more than those of the output, of which it leaves the sign 0."""
        highest = np.where(rows.keep, rows.x, self.input.span.lo).max(axis=(1, 2), keepdims=True)
        e = int_exp_shift(np.minimum(rows.x - highest, 0), -self.steps, N)
        total = np.where(rows.keep, e, 0).sum(axis=(1, 2), keepdims=True)
        factor = LARGEST // np.clip(total, 1, LARGEST)
        return e * factor >> (31 - self.output.width)

    def _two_pass(self, rows: RowBeats) -> Ints:
        """The sum as ``total * 2**-least``, a beat after the other (arXiv 2001.04438, in integers)."""
        m, q = exponent_pair(rows.x, self.steps, self.bound)
        q = np.where(rows.keep, q, FAR)
        total, least = np.zeros(len(m), dtype=np.int64), np.full(len(m), FAR)
        for beat in range(m.shape[1]):
            own = q[:, beat].min(axis=1)
            behind = q[:, beat] - own[:, None]
            terms = np.where(rows.keep[:, beat] & (behind <= N), m[:, beat] << N >> np.minimum(behind, N), 0)
            # Both move to the place of the least exponent's window, which has room for all exponents in it.
            window = np.minimum(least, own) // WINDOW
            total = _moved(total, (least // WINDOW - window) * WINDOW)
            total += _moved(terms.sum(axis=1) << WINDOW - 1, own - window * WINDOW)
            least = np.minimum(least, own)
        total >>= WINDOW - 1 - least % WINDOW
        factor = ((1 << self.numerator_bits) - 1) // np.maximum(total, 1)
        shift = self.numerator_bits - N - self.output.width + q - least[:, None, None]
        return m * factor[:, None, None] >> np.minimum(shift, 62)


def _moved(value: Ints, places: Ints) -> Ints:
    """``value >> places``; 0 if these are two windows or more."""
    return np.where(places >= 2 * WINDOW, 0, value >> np.minimum(places, 2 * WINDOW))
