"""Somebody's own Verilog in place of a design's: the same ports, the same bench."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from hw.formats.messages import cut, echo
from rtl_gen import Emitted, yosys
from rtl_gen.convention import AXI, PLAIN, Convention
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError

LOOP = re.compile(r"found logic loop in module .*?:\n((?:    .*\n)*)")
LINE = re.compile(r"source: design\.v:(\d+)")
"""How Yosys begins to tell of a loop, and of each line of Verilog that is in it."""
LINES = 4
"""That a message has, at most."""

Ports = dict[str, tuple[str, int]]
"""Direction and width, by name."""


def read(path: Path | str, design: Emitted) -> Emitted:
    """The Verilog of a file, as what is to be verified in place of `design`.

    Its module is the one of the design's name or, whatever that is called, the only one.

    Raises
    ------
    OSError
        The file can't be read.
    ToolError
        It is no Verilog.
    ValueError
        It has no such module, or that has other ports.
    """
    path = Path(path)
    verilog = path.read_bytes().decode(errors="replace")
    modules = _read(path)
    name = design.name if design.name in modules else next(iter(modules), "")
    if not modules or (name != design.name and len(modules) > 1):
        raise ValueError(
            f"{cut(path)} must have a module {design.name}, or a single one, got {', '.join(modules) or 'none'}"
        )
    wanted = {port["name"]: (port["direction"], port["width"]) for port in design.manifest["ports"]}
    _check(f"module {cut(name)} of {cut(path)}", modules[name], wanted)
    theirs = design.altered(verilog)
    return Emitted(name, theirs.verilog, {**theirs.manifest, "module": name})


def convention_of(path: Path | str) -> Convention:
    """What clock and reset are in a file of Verilog.

    The manifest beside it says so, if it is one of `macsmith generate`; else it has AXI's if a module has ports of
    these names, and the usual ones if not.

    Raises
    ------
    OSError
        The file can't be read.
    ToolError
        It is no Verilog.
    """
    path = Path(path)
    try:
        return Convention.of(json.loads(path.with_suffix(".json").read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    modules = _read(path).values()
    return AXI if any({AXI.clock, AXI.reset} <= set(ports) for ports in modules) else PLAIN


def _read(path: Path) -> dict[str, Ports]:
    """The modules of a file."""
    try:
        return _modules(path.read_bytes().decode(errors="replace"))
    except ToolError as error:
        raise ToolError(f"{cut(path)} can't be read: {error}") from error


def loop(design: Emitted) -> str:
    """Where a loop of logic without a register is, as Yosys finds it; empty if there is none, or it can't tell.

    A loop is no fault by itself: it may be of wires that never depend on each other at the same time.
    """
    with scratch() as folder:
        (folder / "design.v").write_text(design.verilog)
        top = f"hierarchy -top {design.name}"
        try:
            yosys.run(["read_verilog -sv design.v", top, "proc", "flatten", "tee -o check.txt check"], folder)
        except ToolError:
            return ""
        found = LOOP.search((folder / "check.txt").read_text())
    if not found:
        return ""
    lines = sorted(set(map(int, LINE.findall(found[1]))))
    more = ", ..." if len(lines) > LINES else ""
    return f"in line {', '.join(map(str, lines[:LINES]))}{more}" if lines else "somewhere"


@lru_cache(maxsize=4)
def _modules(verilog: str) -> dict[str, Ports]:
    """The ports of each module of a text."""
    with scratch() as folder:
        (folder / "design.v").write_text(verilog)
        # Their bodies are left out, for only the simulator has to understand these.
        yosys.run(["read_verilog -sv -lib design.v", "write_json ports.json"], folder)
        found: dict[str, Any] = json.loads((folder / "ports.json").read_text())["modules"]
    return {
        name: {port: (wires["direction"], len(wires["bits"])) for port, wires in module["ports"].items()}
        for name, module in found.items()
    }


def _check(whose: str, ports: Ports, wanted: Ports) -> None:
    """Raise ValueError unless ports are those that are wanted."""
    for name in [*wanted, *(name for name in ports if name not in wanted)]:
        right, there = (_said(side.get(name)) for side in (wanted, ports))
        if right != there:
            raise ValueError(f"{whose} must have {right} {echo(name)}, got {there}")


def _said(port: tuple[str, int] | None) -> str:
    return "no port" if port is None else f"{port[0]} of {port[1]} bit{'s' * (port[1] > 1)}"
