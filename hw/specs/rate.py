"""How much a unit makes in a cycle."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hw.formats import check_choice
from hw.formats.messages import echo

WORK: dict[str, str] = {
    "products": "products of two numbers, each of which enters a sum if the unit has sums",
    "results": "numbers that come out of a unit that has no products of two operands: sums, codes",
}


@dataclass(frozen=True)
class Rate:
    """What a unit makes in each cycle in which nothing waits and no memory is filled.

    Products are those of the matrices: of a unit with tables those for which its lookups stand.

    Parameters
    ----------
    count : Fraction or int
        More than 0; less than 1 where something takes several cycles.
    of : str
        A key of `WORK`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    count: Fraction
    of: str = "products"

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, (int, Fraction)):
            raise TypeError(f"count must be an int or a Fraction, got {echo(self.count)}")
        if self.count <= 0:
            raise ValueError(f"count must be more than 0, got {echo(self.count)}")
        check_choice("of", self.of, WORK)
        object.__setattr__(self, "count", Fraction(self.count))
