"""What a family's tools are asked, and how their answers are counted: one data file a family."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from hw.formats.messages import echo, nearest

CLASSES = ("lut", "carry", "ff", "dsp", "bram")


@dataclass(frozen=True)
class Flow:
    """A family's data file.

    Attributes
    ----------
    name : str
        The target's name.
    lut_kind : str
        What a LUT is there.
    device : str
        The device that designs are placed on, or set beside, if none is named.
    synthesis : tuple of str
        Yosys commands to try; the one with the fewest LUTs counts.
    dsp_flows : tuple of str
        The same, with the family's multiplier blocks; empty if it has none.
    block : str
        What a unit of them is; empty if it has none.
    untimed : dict
        Where nextpnr's MHz of a design with blocks are too many: the reason, `why`, and `unless`: the parameters of a
        block, and the values that they need to have for it to be timed. Empty if they are right.
    cells : dict
        For each of `CLASSES`, what one cell of each type counts for.
    free : frozenset of str
        Cells that count for nothing.
    place : dict or None
        How to place and route; None if no open tool can. It has the `package`, `program` and `seeds`, and may have
        `before`, Yosys commands that make the netlist ready (pads), `files` that these or the devices' options name, by
        their name, `maps`: such files that stand beside the targets' own, `larger`: the device for designs with more
        multiplier blocks than `device` has, and `extra`: the extra of macsmith that installs the package.
    text : str
        The file.
    """

    name: str
    lut_kind: str
    device: str
    synthesis: tuple[str, ...]
    dsp_flows: tuple[str, ...]
    block: str
    untimed: dict[str, Any]
    cells: dict[str, dict[str, int]]
    free: frozenset[str]
    place: dict[str, Any] | None
    text: str

    @property
    def essence(self) -> str:
        """What results are keyed by: the file, and the maps that stand beside it."""
        maps = [self.place["files"][name] for name in self.place.get("maps", ())] if self.place else []
        return "".join([self.text, *maps])

    def count(self, cells: dict[str, int]) -> dict[str, int]:
        """Resources of a netlist, from its number of cells of each type.

        Raises
        ------
        ValueError
            A type of cell is not in the file: it must not go uncounted.
        """
        known = set(self.free).union(*self.cells.values())
        if unknown := sorted(set(cells) - known):
            raise ValueError(f"target {self.name} does not say how to count cells {', '.join(unknown)}")
        return {kind: sum(count * self.cells[kind].get(cell, 0) for cell, count in cells.items()) for kind in CLASSES}


@lru_cache
def load(name: str) -> Flow:
    """The flow of a target.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if name not in measurable():
        known = measurable()
        raise ValueError(f"target {echo(name)} can't be measured; these can: {', '.join(known)}{nearest(name, known)}")
    text = _beside(f"{name}.toml")
    data = tomllib.loads(text)
    place = data.get("place")
    maps = {file: _beside(file) for file in place.get("maps", ())} if place else {}
    if place and maps:
        place = {**place, "files": place.get("files", {}) | maps}
    return Flow(
        name=data["name"],
        lut_kind=data["lut_kind"],
        device=data["device"],
        synthesis=tuple(data["synthesis"]["flows"]),
        dsp_flows=tuple(data.get("dsp", {"flows": ()})["flows"]),
        block=data.get("dsp", {}).get("block", ""),
        untimed=data.get("dsp", {}).get("untimed", {}),
        cells={kind: data["cells"][kind] for kind in CLASSES},
        free=frozenset(data["cells"]["free"]),
        place=place,
        text=text,
    )


def _beside(file: str) -> str:
    """The text of a file that several targets share."""
    return files("costmodel").joinpath("targets", file).read_text()


def measurable() -> list[str]:
    """The names of all targets that have a flow."""
    entries: Iterable[Any] = files("costmodel").joinpath("targets").iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml"))
