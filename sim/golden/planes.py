"""The golden store of codes in two planes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.codes import check_codes
from sim.golden.streams import StreamModel

Beats = list[tuple[NDArray[np.int64], int]]
"""Codes of each beat, and whether it is a frame's last."""


@dataclass(frozen=True)
class Planes(StreamModel):
    """Codes as words of low and of high parts, or back.

    Parameters
    ----------
    input : Format
        Of the codes.
    part : Format
        Of a word's lanes: a high part, or two low ones.
    lanes : int
    packs : bool
        Whether words come out.
    """

    input: Format
    part: Format
    lanes: int
    packs: bool

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.part, spec.lanes, spec.packs)

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: ``x`` of shape (beats, lanes), and ``last``.

        Returns
        -------
        Stream ``y``: ``x`` and ``last``, of such shapes. Of a frame that does not end what is known comes out.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        codes = check_codes("x", self.input if self.packs else self.part, x["x"]).astype(np.int64)
        given = list(zip(codes, np.asarray(x["last"]).tolist(), strict=True))
        made = self._pack(given) if self.packs else self._unpack(given)
        numbers = np.array([beat for beat, _ in made], dtype=np.int64).reshape(-1, self.lanes)
        return {"y": {"x": numbers, "last": np.array([last for _, last in made], dtype=np.int64)}}

    def _pack(self, given: Beats) -> Beats:
        made, bits = Beats(), self.part.width // 2
        place = 0
        while place < len(given):
            pair = given[place : place + (1 if given[place][1] else 2)]
            place += len(pair)
            if not pair[-1][1] and len(pair) == 1:
                break
            low = np.zeros(2 * self.lanes, dtype=np.int64)
            for half, (codes, _) in enumerate(pair):
                low[half * self.lanes :][: self.lanes] = codes & (1 << bits) - 1
            made.append((low[::2] | low[1::2] << bits, 0))
            made += [(codes >> bits, last) for codes, last in pair]
        return made

    def _unpack(self, given: Beats) -> Beats:
        made, bits = Beats(), self.part.width // 2
        low: list[NDArray[np.int64]] = []
        for word, last in given:
            if not low:
                parts = np.stack([word & (1 << bits) - 1, word >> bits], axis=1).ravel()
                low = [parts[: self.lanes], parts[self.lanes :]]
                continue
            made.append((low.pop(0) | word << bits, last))
            low = [] if last else low
        return made
