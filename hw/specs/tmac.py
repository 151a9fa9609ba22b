"""The spec of the matrix product of weights of few bits by table lookup, bit plane by bit plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath.digits import BITS, SIGNS, Sums
from hw.formats import Bipolar, Format, Integer, Span, check_choice
from hw.formats.messages import cut
from hw.specs.base import check_format
from hw.specs.grammar import Part
from hw.specs.lookup import SHAPE, TABLES, LookupSpec
from hw.specs.parts import operands, word

MAX_BITS = 4
PLANES = {
    "parallel": "a beat has the indices of all planes",
    "serial": "a beat has those of one plane, the lowest first",
}


@dataclass(frozen=True)
class TmacSpec(LookupSpec):
    """A product of a matrix of 1 to 4 bits by vectors, ``y = W x``, by looking up sums (arXiv 2407.00088).

    Each bit of the weights is a plane, and counts as a power of two. The index of a group in a plane is its weights'
    bits, the first weight's lowest. A full table has all sums of bits, 0 or 1, and for bipolar weights of signs. A
    half one has those of signs, +1 or -1, where the last is positive; then the index of a group whose last bit is
    zero has all bits inverted but the last, and the last bit of every index is inverted: a sign.

    Parameters
    ----------
    w : Format
        Of the weights: two's complement, unsigned or bipolar integers of 1 to 4 bits.
    x : Format
        Of the activations: without infinities and NaNs.
    group, tables, lookups, entries, storage, banks, accumulator, pipeline
        As for `TellmeSpec`.
    order : str
        A key of `PLANES`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    w: Format
    x: Format
    group: int
    tables: int
    lookups: int
    order: str = "parallel"
    entries: str = "full"
    storage: str = "lutram"
    banks: int = 1
    accumulator: str = "exact"
    pipeline: int = None  # type: ignore[assignment]

    unit: ClassVar[str] = "tmac"
    example: ClassVar[str] = "tmac/int4xint8/g4/t4/q16/parallel/full/lutram/kulisch4608/p1"
    parts: ClassVar[tuple[Part, ...]] = (operands("w", "x", "WxX"), *SHAPE, word("order", "ORDER"), *TABLES)

    def __post_init__(self) -> None:
        check_format("w", self.w)
        if not isinstance(self.w, (Integer, Bipolar)) or self.w.bits > MAX_BITS:
            raise ValueError(f"w must be an integer format of 1..{MAX_BITS} bits, got {cut(self.w)}")
        check_choice("order", self.order, PLANES)
        self._check()

    __hash__ = LookupSpec.__hash__

    @property
    def weights(self) -> Span:
        return self.w.span

    @property
    def table(self) -> Sums:
        half = self.entries == "half"
        return Sums(SIGNS if half or isinstance(self.w, Bipolar) else BITS, self.group, half)

    @property
    def planes(self) -> int:
        return self.w.width

    @property
    def planes_a_beat(self) -> int:
        return 1 if self.order == "serial" else self.planes

    @property
    def negative_top(self) -> bool:
        return isinstance(self.w, Integer) and self.w.signed

    @property
    def whole_weight(self) -> int | None:
        # A bit is half of one more than its sign: twice a weight is that of the signs plus that of all ones.
        if self.table.digits != SIGNS or isinstance(self.w, Bipolar):
            return None
        return -1 if self.negative_top else (1 << self.planes) - 1
