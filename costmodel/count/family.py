"""How a family's synthesis maps, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Rows:
    """What becomes of a sum that is written as an operator.

    Attributes
    ----------
    places, luts, carries : int
        Places of a cell; LUTs and cells of class ``carry`` that it counts for.
    least : int
        Places that a row has at least to become cells.
    takes : str
        What goes in: ``plain``, ``inverted`` or ``halves``.
    """

    places: int
    luts: int
    carries: int
    least: int
    takes: str


@dataclass(frozen=True)
class Ram:
    """What holds words.

    Attributes
    ----------
    cell : str
        Its type.
    cost : int
        Of one, when synthesis chooses.
    shapes : tuple of (int, int)
        Words and bits of a word that one can hold.
    """

    cell: str
    cost: int
    shapes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Family:
    """How a family maps.

    Attributes
    ----------
    name : str
    luts : tuple of float
        The area of a LUT of one input, of two, and so on.
    cells : tuple of int
        How many of the family's LUTs it is.
    rows : Rows
    control : str
        What wins where a register has an enable and a reset: ``reset`` or ``enable``; or ``none``, where a register
        has no reset that waits for the clock.
    compared : int
        Bits of a number that a LUT compares with a constant.
    shifts : int
        Length of a shift register that becomes LUTs, at least; 0 where none does.
    folds : bool
        Whether carries of constants are taken away, and LUTs that carry chains have made are joined with others.
    joins : bool
        Whether multiplexers beside the LUTs make one of more inputs.
    rams : dict of str to Ram
        ``luts`` and ``block``, if it has them.
    """

    name: str
    luts: tuple[float, ...]
    cells: tuple[int, ...]
    rows: Rows
    control: str
    compared: int
    shifts: int
    folds: bool
    joins: bool
    rams: dict[str, Ram]


@cache
def family(name: str, wide: bool = False) -> Family:
    """How a target maps; `wide` with the multiplexers beside its LUTs, if its flows try both."""
    table = tomllib.loads(files("costmodel.count").joinpath("families.toml").read_text())
    entry = table[name]
    found = {**table.get(entry.get("like", ""), {}), **entry}
    if wide:
        found |= found["wide"]
    return Family(
        name,
        tuple(found["luts"]),
        tuple(found["cells"]),
        Rows(**found["rows"]),
        found["control"],
        found["compared"],
        found["shifts"],
        found.get("folds", False),
        "wide" in found,
        {
            name: Ram(ram["cell"], ram["cost"], tuple((words, bits) for words, bits in ram["shapes"]))
            for name, ram in found.get("rams", {}).items()
        },
    )
