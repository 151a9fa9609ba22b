"""The spec of a store of codes in two planes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from hw.formats import Format, Integer, check_choice, check_int
from hw.formats.messages import cut
from hw.specs.base import check_format
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import scalar, word
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

LOW_BITS: dict[int, int] = {3: 1, 6: 2, 12: 4}
"""Bits of the low plane, by a code's: the other plane has twice as many, so that both fill words of powers of two."""
WAYS: dict[str, str] = {"pack": "codes become words", "unpack": "words become codes"}


@dataclass(frozen=True)
class PlanesSpec(StreamSpec):
    """Codes of 3, 6 or 12 bits in memory words that none of them straddles: FP6 as 4 + 2 bits (arXiv 2312.08583).

    Of two beats of codes come three words, equally wide: the low bits of all, the high bits of the first beat, and
    those of the second. A frame of an odd number of beats ends with two words, the first of them filled up with zeros.

    Parameters
    ----------
    input : Format
        Of 3, 6 or 12 bits: 2 + 1, 4 + 2 or 8 + 4.
    lanes : int
        Codes in a beat, 1..1024, and so high parts in a word.
    way : str
        A key of `WAYS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    input: Format
    lanes: int
    way: str = "pack"

    unit: ClassVar[str] = "planes"
    example: ClassVar[str] = "planes/e3m2/n8/unpack"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (scalar("input", "FORMAT", needed=True), LANES, word("way", "WAY"))

    def __post_init__(self) -> None:
        check_format("input", self.input)
        if self.input.width not in LOW_BITS:
            raise ValueError(f"input must have 3, 6 or 12 bits, got {cut(self.input)} of {self.input.width}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("way", self.way, WAYS)

    __hash__ = StreamSpec.__hash__

    @property
    def depths(self) -> dict[str, int]:
        """There is nothing to be cut."""
        return {}

    @property
    def low_bits(self) -> int:
        """Bits of a code in the low plane."""
        return LOW_BITS[self.input.width]

    @property
    def part(self) -> Format:
        """A lane of a word: the high part of a code, or two low ones."""
        return Integer(2 * self.low_bits, signed=False)

    @property
    def latency(self) -> int:
        """Cycles from the beat that completes a word, or codes, to these."""
        return 1

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(2 * self.lanes, 3), "results")

    @property
    def _codes(self) -> Beat:
        return {"x": Field(self.input, self.lanes), "last": Field(FLAG)}

    @property
    def _words(self) -> Beat:
        return {"x": Field(self.part, self.lanes), "last": Field(FLAG)}

    @property
    def packs(self) -> bool:
        return self.way == "pack"

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"x": self._codes if self.packs else self._words}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": self._words if self.packs else self._codes}

    @staticmethod
    def words(beats: Any) -> Any:
        """Words of a frame of so many beats of codes."""
        return beats + (beats + 1) // 2

    def cycles(self, beats: Any = 1, frames: Any = 1) -> Any:
        """For so many frames of so many beats of codes each: one for each word, and the latency."""
        beats, frames = sizes(beats=beats, frames=frames)
        return frames * self.words(beats) + 1

    def work(self, beats: Any = 1, frames: Any = 1) -> Any:
        """A code in each lane."""
        beats, frames = sizes(beats=beats, frames=frames)
        return frames * beats * self.lanes

    def moved(self, beats: Any = 1, frames: Any = 1) -> dict[str, Any]:
        """Three words for two beats of codes."""
        beats, frames = sizes(beats=beats, frames=frames)
        codes, words = frames * beats, frames * self.words(beats)
        return {"x": codes, "y": words} if self.packs else {"x": words, "y": codes}
