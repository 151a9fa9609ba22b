"""The golden systolic array: matrix products tile by tile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.golden.codes import Codes, check_codes
from sim.golden.mac import Mac, check_flags
from sim.golden.pe import state_of
from sim.golden.products import PRODUCTS
from sim.golden.streams import StreamModel
from sim.golden.terms import find_products

Fields = dict[str, ArrayLike]
Beats = dict[str, dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Array(StreamModel):
    """A systolic array.

    Parameters
    ----------
    mac : Mac
        What each of its elements does.
    rows, columns : int
    flow : str
        ``os``, ``ws`` or ``is``: what stays, the output, b or a.
    """

    mac: Mac
    rows: int
    columns: int
    flow: str

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        # Behind an edge that looks codes up elements have other formats, but the same values.
        return cls(replace(Mac.of(spec.pe.mac), a=spec.a, b=spec.b), spec.rows, spec.columns, spec.flow)

    def run(self, a: Fields, b: Fields, c: Fields | None = None) -> Beats:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        a, b, c : dict
            Fields of the streams: codes ``x`` of shape (beats, lanes), flags ``last`` and, of c, ``status``, as the
            spec's docstring says; c only where an operand stays.

        Returns
        -------
        Stream ``sum``: ``x`` and ``status`` of shape (beats, columns), ``last`` of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that do not go together.
        """
        if self.flow == "os":
            return self._from_pairs(a, b)
        assert c is not None
        return self._with_resident(b, a, c) if self.flow == "is" else self._with_resident(a, b, c)

    def error(self, a: Fields, b: Fields) -> bool:
        """Whether the last beats of a and b do not come together."""
        return not np.array_equal(check_flags("last", a["last"]), check_flags("last", b["last"]))

    def _from_pairs(self, a: Fields, b: Fields) -> Beats:
        x, y = self._lanes("a", a, self.rows), self._lanes("b", b, self.columns)
        flags = [check_flags("last", beats["last"]) for beats in (a, b)]
        if len({len(part) for part in (x, y, *flags)}) > 1:
            raise ValueError(f"a and b must have as many beats, got {len(x)} and {len(y)}")
        ends = np.flatnonzero(flags[0] | flags[1]) + 1
        tiles = [self.mac.matmul(x[start:end].T, y[start:end]) for start, end in pairwise([0, *ends])]
        nothing = self.mac.matmul(x[:0, :0], y[:0])
        codes, status = (np.concatenate(parts) for parts in zip(nothing, *tiles, strict=True))
        return {"sum": {"x": codes, "status": status, "last": np.arange(len(codes)) % self.rows == self.rows - 1}}

    def _with_resident(self, moving: Fields, resident: Fields, c: Fields) -> Beats:
        """Each beat of `moving`, times the tile that is resident then, is added to one of `c`."""
        names = ("a", "b") if self.flow == "ws" else ("b", "a")
        x, y = self._lanes(names[0], moving, self.rows), self._lanes(names[1], resident, self.columns)
        last = check_flags("last", moving["last"])
        before = check_codes("c", self.mac.accumulator.format, c["x"])
        if before.shape != (len(x), self.columns):
            raise ValueError(f"c must have shape {(len(x), self.columns)}, got {before.shape}")
        tile = np.append([0], np.cumsum(last))[:-1]
        if (tile.max(initial=-1) + 1) * self.rows > len(y):
            raise ValueError(f"{names[1]} must have {self.rows} beats for each of {tile[-1] + 1} tiles, got {len(y)}")
        tiles = y[: len(y) // self.rows * self.rows].reshape(-1, self.rows, self.columns)
        state, status = state_of(self.mac.accumulator, before), np.zeros(before.shape, dtype=np.uint8)
        if "status" in c:
            status |= np.asarray(c["status"], dtype=np.uint8)
        for k in range(self.rows):
            pair = np.broadcast_arrays(x[:, k, None], tiles[tile, k])
            operands = pair if self.flow == "ws" else pair[::-1]
            terms = find_products(PRODUCTS[self.mac.product], self.mac.a, self.mac.b, *operands)
            status |= terms.status
            state = self.mac.accumulator.add(state, terms)
        return {"sum": {"x": self.mac.accumulator.finish(state), "status": status, "last": last}}

    def _lanes(self, name: str, beats: Fields, lanes: int) -> Codes:
        codes = check_codes(name, self.mac.a if name == "a" else self.mac.b, beats["x"])
        if codes.shape[1:] != (lanes,):
            raise ValueError(f"{name} must have shape (beats, {lanes}), got {codes.shape}")
        return codes
