"""The spec of the matrix product of ternary weights by table lookup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath.digits import TERNARY, Sums
from hw.formats import Format, Span, parse_scalar
from hw.specs.lookup import LookupSpec, parse_build, parse_shape


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
        Registers between indices and results, 0..4, the first of them behind the lookup.

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
    pipeline: int = 1

    unit: ClassVar[str] = "tellme"
    layout: ClassVar[str] = (
        "tellme/X/gGROUP/tTABLES/qLOOKUPS/ENTRIES/STORAGE[:BANKS]/ACCUMULATOR/pSTAGES, for example "
        "tellme/int8/g3/t8/q16/half/lutram/kulisch4608/p1"
    )

    def __post_init__(self) -> None:
        self._check()

    __hash__ = LookupSpec.__hash__

    @property
    def name(self) -> str:
        return f"tellme/{self.x}/{self._shape_parts}/{self._build_parts}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 4 <= len(parts) <= 8:
            raise ValueError("it must have 4 to 8 parts after the unit")
        values: dict[str, Any] = parse_shape(parts[1:4]) | parse_build(parts[4:])
        return cls(parse_scalar(parts[0]), **values)

    @property
    def weights(self) -> Span:
        return Span(-1, 1, 0)

    @property
    def table(self) -> Sums:
        return Sums(TERNARY, self.group, self.entries == "half")
