"""The spec of the matrix product of ternary weights by table lookup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath.digits import TERNARY, Sums
from hw.formats import Format, Span
from hw.specs.grammar import Part
from hw.specs.lookup import SHAPE, TABLES, LookupSpec
from hw.specs.parts import scalar

ACTIVATIONS = scalar("x", "X", needed=True)


@dataclass(frozen=True)
class TellmeSpec(LookupSpec):
    """A product of a ternary matrix by vectors, ``y = W x``, by looking up sums of activations (arXiv 2510.15926).

    The index of a group's weights is their number in balanced ternary, ``n = w[0] + 3 w[1] + 9 w[2] + 27 w[3]``: in
    two's complement if the table is full, as sign (above) and magnitude if it is half.

    Parameters
    ----------
    x : Format
        Of the activations: without infinities and NaNs.
    group : int
        G, activations in a group: 2..4.
    tables : int
        T, tables: ``T * G`` activations are taken in a beat. 1..256.
    lookups : int
        Q, rows of weights in a beat: as many sums are looked up in each table. 1..256, and at most 4096 in all.
    entries : str
        What is in a table: a key of `hw.specs.lookup.ENTRIES`.
    storage : str
        What tables are made of: a key of `hw.specs.lookup.STORAGES`.
    banks : int
        With 2, tables in memory are filled while others are looked up.
    accumulator : str
        ``exact``: results are the sums of a beat's products. ``kulischDEPTH``: they are added to a stream `c`, in
        fixed point as wide as the exact sum of DEPTH products; beyond them it wraps.
    pipeline : int
        Registers between indices and results, 0..99, the first of them behind the lookup.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    x: Format
    group: int
    tables: int
    lookups: int
    entries: str = "half"
    storage: str = "lutram"
    banks: int = 1
    accumulator: str = "exact"
    pipeline: int = None  # type: ignore[assignment]

    unit: ClassVar[str] = "tellme"
    example: ClassVar[str] = "tellme/int8/g3/t8/q16/half/lutram/kulisch4608/p1"
    parts: ClassVar[tuple[Part, ...]] = (ACTIVATIONS, *SHAPE, *TABLES)

    def __post_init__(self) -> None:
        self._check()

    __hash__ = LookupSpec.__hash__

    @property
    def weights(self) -> Span:
        return Span(-1, 1, 0)

    @property
    def table(self) -> Sums:
        return Sums(TERNARY, self.group, self.entries == "half")
