"""What Yosys makes of designs on a family: their cells, counted, and netlists to place."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from costmodel.harness import harness
from costmodel.levels import levels
from costmodel.targets import CLASSES, Flow
from rtl_gen import yosys

COUNTS: dict[str, Any] = {**dict.fromkeys(CLASSES, int), "levels": int, "untimed": int}
"""What `synthesise` finds of a design: cells by class, levels of logic, and blocks that nextpnr can't time."""
VERILOG = "design.v"


def write(designs: Sequence[Any], folder: Path) -> None:
    """Put designs, of distinct modules, into a frame in a file of `folder`, where `synthesise` finds them."""
    text = "".join(design.verilog for design in designs)
    (folder / VERILOG).write_text(text + harness([design.manifest for design in designs]))


def synthesise(
    designs: Sequence[Any], flow: Flow, command: str, folder: Path, name: str, placed: bool = True
) -> list[dict[str, int]]:
    """What each design takes by one of a family's flows, by `COUNTS`.

    Each stays a module of its own until it is counted, so that they do not know of each other: what is found is what
    runs of their own find, in less time.

    Parameters
    ----------
    designs : sequence of Design
        Those that `write` has put there.
    flow, command : Flow and str
        The family's, and the Yosys command of it.
    folder, name : Path and str
        Where files are, and what those of this run begin with.
    placed : bool
        Whether there is to be ``NAME.json``, the netlist of all in their frame, to be placed.

    Raises
    ------
    ToolError
        Yosys is missing or failed.
    ValueError
        There is a cell that the family's file does not know.
    """
    yosys.run([*_counting(designs, command, name), *(_netlist(designs, flow, name) if placed else ())], folder)
    modules, stat = read(folder / f"{name}.units.json")["modules"], read(folder / f"{name}.stat")["modules"]
    return [_found(modules[module], stat[f"\\{module}"], flow) for module in _modules(designs)]


def _found(netlist: dict[str, Any], stat: dict[str, Any], flow: Flow) -> dict[str, int]:
    counts = flow.count(stat["num_cells_by_type"])
    return {**counts, "levels": levels(netlist, flow), "untimed": untimed(netlist, flow)}


def untimed(netlist: dict[str, Any], flow: Flow) -> int:
    """Multiplier blocks of a netlist that nextpnr takes to be faster than they are."""
    blocks = [cell for cell in netlist["cells"].values() if flow.untimed and cell["type"] in flow.cells["dsp"]]
    needed = flow.untimed.get("unless", {})
    timed = [
        bool(needed) and all(str(cell["parameters"].get(name, "0"))[-1] == value for name, value in needed.items())
        for cell in blocks
    ]
    return timed.count(False)


def read(path: Path) -> Any:
    """What a tool has written as JSON; tools do not look whether the disk had room."""
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise OSError(errno.ENOSPC, f"{path.name} could not be written whole: is the disk full?") from error


def _modules(designs: Sequence[Any]) -> list[str]:
    return [design.manifest["module"] for design in designs]


def _counting(designs: Sequence[Any], command: str, name: str) -> list[yosys.Command]:
    """What Yosys does: the units' cells and netlists go to files."""
    modules = _modules(designs)
    return [
        f"read_verilog {VERILOG}",
        "hierarchy -top harness",
        "proc",
        *(f"{before} {design.manifest['module']}" for design in designs for before in design.prepare),
        # What a unit instantiates becomes part of it: not every family's flow would do that.
        *(f"flatten -noscopeinfo {module}" for module in modules),
        # Yosys reads Verilog anew when it meets the family's cells, and forgets what was done to it.
        f"write_rtlil {name}.il",
        "design -reset",
        f"read_rtlil {name}.il",
        # A unit stays a module of its own until it is counted: none of its logic can move out.
        *(f"setattr -mod -set keep_hierarchy 1 {module}" for module in modules),
        f"{command} -top harness",
        f"tee -o {name}.stat stat -json",
        f"select {' '.join(modules)}",
        f"write_json -selected {name}.units.json",
        "select -clear",
    ]


def _netlist(designs: Sequence[Any], flow: Flow, name: str) -> list[yosys.Command]:
    """What it does then: the units become one with their frame, and that goes to a file."""
    return [
        *(f"setattr -mod -unset keep_hierarchy {module}" for module in _modules(designs)),
        "flatten",
        "opt_clean",
        *(flow.place or {}).get("before", ()),
        # An older nextpnr takes what names a scope for a cell to place.
        f"write_json -noscopeinfo {name}.json",
    ]
