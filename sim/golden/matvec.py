"""The golden matrix-vector unit: sums of a vector's products with the rows of a matrix, beat by beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.accumulators import Accumulator
from sim.golden.codes import Codes, check_codes
from sim.golden.mac import accumulator_of, check_flags
from sim.golden.products import PRODUCTS, Terms
from sim.golden.streams import StreamModel

Fields = Mapping[str, ArrayLike]
Beats = dict[str, dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class MatVec(StreamModel):
    """A matrix-vector unit.

    Parameters
    ----------
    a, b : Format
        The formats of the vector's elements, and of the matrix'.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    accumulator : Accumulator
        Takes the exact sum of a beat's products, one after the other.
    elements, lanes : int
        Sums at a time, and products a beat in each.
    folds : (int, int) or None
        Beats of a resident matrix: of rows, and of each row.
    """

    a: Format
    b: Format
    product: str
    accumulator: Accumulator
    elements: int
    lanes: int
    folds: tuple[int, int] | None = None

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        folds = (spec.neuron_folds, spec.synapse_folds) if spec.resident else None
        return cls(spec.a, spec.b, spec.product, accumulator_of(spec.mac), spec.elements, spec.lanes, folds)

    def run(self, a: Fields, w: Fields) -> Beats:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        a, w : dict
            Fields of the streams: codes ``x`` of shape (beats, lanes) and (beats, elements * lanes), flags ``last``.

        Returns
        -------
        Stream ``y``: ``x`` and ``status`` of shape (beats, elements), ``last`` of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that do not go together.
        """
        x, y = self._lanes("a", self.a, a, self.lanes), self._lanes("w", self.b, w, self.elements * self.lanes)
        y = y.reshape(len(y), self.elements, self.lanes)
        last = check_flags("last", a["last"])
        if self.folds is None:
            return self._in_step(x, y, last | check_flags("last", w["last"]))
        return self._resident(x, y, last, *self.folds)

    def error(self, a: Fields, w: Fields) -> bool:
        """Whether something ends where it should not."""
        last = check_flags("last", a["last"])
        if self.folds is None:
            return not np.array_equal(last, check_flags("last", w["last"]))
        return any(cut for *_, cut in vectors(last, self.folds[1]))

    def _in_step(self, x: Codes, y: Codes, last: NDArray[np.bool_]) -> Beats:
        """Each beat of the vector with one of the matrix."""
        if not len(x) == len(y) == len(last):
            raise ValueError(f"a and w must have as many beats, got {len(x)} and {len(y)}")
        ends = np.flatnonzero(last) + 1
        pieces = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        return self._joined([self._sums(x[piece], y[piece]) for piece in pieces], 1)

    def _resident(self, x: Codes, y: Codes, last: NDArray[np.bool_], rows: int, columns: int) -> Beats:
        """Each vector with all rows of the matrix that is there."""
        words, sums, matrix = rows * columns, [], 0
        for start, end, _ in vectors(last, columns):
            tile = y[matrix * words : (matrix + 1) * words]
            if len(tile) < words:
                raise ValueError(f"w must have {words} beats for each matrix, got {len(y)} for {matrix + 1} matrices")
            for row in range(0, words, columns):
                sums.append(self._sums(x[start:end], tile[row : row + end - start]))
            matrix += int(last[end - 1])
        return self._joined(sums, rows)

    def _sums(self, x: Codes, y: Codes) -> tuple[Codes, NDArray[np.uint8]]:
        """Codes and status of a beat of sums; 0 where one is no number."""
        state = self.accumulator.start((self.elements,))
        status = np.zeros(self.elements, dtype=np.uint8)
        for operands in zip(x, y, strict=True):
            terms = PRODUCTS[self.product](self.a, self.b, *np.broadcast_arrays(*operands))
            flags = np.bitwise_or.reduce(terms.status, axis=1)
            state = self.accumulator.add(state, Terms(terms.steps.sum(axis=1), flags, terms.lsb))
            status |= flags
        codes = self.accumulator.finish(state)
        return np.where(status, np.zeros_like(codes), codes), status

    def _joined(self, sums: list[tuple[Codes, NDArray[np.uint8]]], each: int) -> Beats:
        """Beats of sums, as one stream; every so many are the last ones of a vector."""
        empty = np.zeros((0, self.elements), dtype=np.uint8)
        codes, status = (np.stack([pair[n] for pair in sums]) if sums else empty for n in (0, 1))
        return {"y": {"x": codes, "status": status, "last": np.arange(len(codes)) % each == each - 1}}

    def _lanes(self, name: str, fmt: Format, beats: Fields, lanes: int) -> Codes:
        codes = check_codes(name, fmt, beats["x"])
        if codes.shape[1:] != (lanes,):
            raise ValueError(f"{name} must have shape (beats, {lanes}), got {codes.shape}")
        return codes


def vectors(last: NDArray[np.bool_], folds: int) -> list[tuple[int, int, bool]]:
    """Where vectors of so many beats begin and end, and whether a mark cut one short. An unfinished one is none."""
    found, start = [], 0
    for end in range(1, len(last) + 1):
        if last[end - 1] or end - start == folds:
            found.append((start, end, end - start < folds))
            start = end
    return found
