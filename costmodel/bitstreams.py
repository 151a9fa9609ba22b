"""From Verilog to a bitstream: which programs a family takes, what they are told, and what they make of a project."""

from __future__ import annotations

import os
import re
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel import nextpnr
from costmodel.devices import TOTALS, Device
from costmodel.synthesis import read
from costmodel.targets import Flow, load
from hw.formats.messages import cut
from hw.specs.base import uses_blocks
from rtl_gen import Emitted, process, yosys
from rtl_gen.boards import Board
from rtl_gen.boards.constraints import CONSTRAINTS
from rtl_gen.boards.top import Edge
from rtl_gen.files import cache_folder
from rtl_gen.projects import Project, Tool
from rtl_gen.projects import write as write_project
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, last_error, package_version

REPORT = "report.json"
CAUSE = re.compile(r"(?m)^ERROR: (.*)$")


@dataclass(frozen=True)
class Packer:
    """How a family's bitstreams are made, as ``data/bitstreams.toml`` says it."""

    place: tuple[str, ...]
    free: tuple[str, ...]
    package: str
    program: str
    plain: str
    pack: tuple[str, ...]
    bitstream: tuple[str, ...]


@dataclass(frozen=True)
class Built:
    """What came of a project.

    Attributes
    ----------
    files : dict of str to bytes
        The bitstream, and what else people load.
    mhz : float or None
        That the clock reaches, as placed; None without a clock.
    counts : dict of str to int
        Cells, by class.
    """

    files: dict[str, bytes]
    mhz: float | None
    counts: dict[str, int]


@lru_cache
def packers() -> dict[str, Packer]:
    """By the target's name."""
    data = tomllib.loads(files("costmodel").joinpath("data", "bitstreams.toml").read_text())
    return {name: _packer(table) for name, table in data.items()}


def _packer(table: Mapping[str, Any]) -> Packer:
    lists = {key: tuple(table.get(key, ())) for key in ("place", "free", "pack", "bitstream")}
    return Packer(**lists, package=table["package"], program=table["program"], plain=table["plain"])


def project_of(
    spec: hw.Spec,
    emitted: Emitted,
    sources: Mapping[str, str],
    edge: Edge,
    target: hw.Target,
    device: Device | None,
    board: Board | None,
) -> Project:
    """A design at a place, with all that tools are told there.

    Parameters
    ----------
    spec, emitted : Spec and Emitted
        The unit.
    sources : dict of str to str
        All Verilog but the top's, by file.
    edge : Edge
        The top.
    target, device, board
        The place; a board is one of the device's.

    Raises
    ------
    ValueError
        No board says where pins are, and the family's tools choose none.
    """
    named = {**sources, **({f"{edge.module}.v": edge.verilog} if edge.verilog else {})}
    part = board.part if board else ""
    where = device.name if device else target.name
    script: list[str] = []
    tools: list[Tool] = []
    extra: dict[str, str] = {}
    flow = None if target is hw.GENERIC else load(target.name)
    if flow is not None and flow.place is not None:
        packer = packers()[target.name]
        if board is None and not packer.free:
            raise ValueError(f"project must have a board on {target.name}, whose tools choose no pins; take --board")
        options = _options(flow, device, board)
        if options:
            script, extra = _script(spec, flow, edge.module, list(named)), _maps(flow)
            tools = _tools(flow, packer, edge, options, board)
    return Project(spec, emitted, named, edge, target, where, part, board, tuple(script), tuple(tools), extra)


def _options(flow: Flow, device: Device | None, board: Board | None) -> tuple[str, ...]:
    """nextpnr's, for device and package."""
    if board is not None:
        return board.place
    from costmodel.devices import parse_device

    return (device or parse_device(flow.device)).options


def _maps(flow: Flow) -> dict[str, str]:
    """Files that Yosys reads while it makes the netlist ready."""
    place = flow.place or {}
    said = " ".join(place.get("before", ()))
    return {name: text for name, text in place.get("files", {}).items() if name in said.split()}


def _script(spec: hw.Spec, flow: Flow, top: str, sources: list[str]) -> list[str]:
    """What Yosys is told: `costmodel.synthesis` says why it goes by way of RTLIL."""
    flows = flow.dsp_flows if uses_blocks(getattr(spec, "form", "")) else flow.synthesis
    return [
        f"read_verilog {' '.join(sources)}",
        f"hierarchy -top {top}",
        "proc",
        "flatten -noscopeinfo",
        f"write_rtlil {top}.il",
        "design -reset",
        f"read_rtlil {top}.il",
        f"{flows[0]} -top {top}",
        f"tee -o {top}.stat.json stat -json",
        *(flow.place or {}).get("before", ()),
        f"write_json -noscopeinfo {top}.json",
    ]


def _tools(flow: Flow, packer: Packer, edge: Edge, options: tuple[str, ...], board: Board | None) -> list[Tool]:
    """What follows Yosys."""
    assert flow.place is not None
    words = {"top": edge.module, "family": board.family if board else ""}
    place, pack, made = (
        tuple(text.format(**words) for text in texts) for texts in (packer.place, packer.pack, packer.bitstream)
    )
    mhz = ("--freq", f"{edge.clock.mhz:g}") if edge.clock else ()
    netlist = f"{edge.module}.json"
    arguments = (*options, *mhz, "--json", netlist, *place, "--report", REPORT)
    # What it writes for the packer is the last that it is told of.
    placed = place[-1].rpartition("=")[2]
    wheel = flow.place["program"]
    return [
        Tool("NEXTPNR", wheel.removeprefix("yowasp-"), wheel, arguments, (netlist,), (placed,)),
        Tool("PACK", packer.plain, packer.program, pack, (placed,), made),
    ]


def check_tools(target: hw.Target, tools: str = "wheel") -> None:
    """Raise ToolError unless all that makes a bitstream for a target is there; the message names the extra."""
    flow = load(target.name)
    if flow.place is None:
        raise ToolError(f"no open tool makes a bitstream for {target.title}: take --no-build")
    package_version("pyosys")
    try:
        nextpnr.find(flow.place, tools)
        package_version(packers()[target.name].package)
    except ToolError as error:
        if "extra" not in flow.place or tools == "native":
            raise
        extra = flow.place["extra"]
        raise ToolError(f"{error}; or `pip install 'macsmith[{extra}]'`; --no-build writes the project alone") from None


def build(project: Project, device: Device, tools: str = "wheel") -> Built:
    """Make a project's bitstream.

    Parameters
    ----------
    project : Project
        One that open tools build.
    device : Device
        Its device, which has so many cells.
    tools : str
        Whose nextpnr it is.

    Raises
    ------
    ValueError
        The device has too few cells: how many are missing is said.
    ToolError
        A tool is missing or failed.
    """
    check_tools(project.target, tools)
    flow, (place, pack) = load(project.target.name), project.tools
    with scratch() as folder:
        for name, text in write_project("open", project).items():
            (folder / name).write_text(text)
        with step(f"Yosys, {project.top} for {project.where}"):
            yosys.run(list(project.script), folder)
        counts = _counts(folder / f"{project.top}.stat.json", flow)
        check_room(project, counts, device)
        with step(f"nextpnr, {project.top} on {project.where}") as at:
            # Whether it is fast enough is said with the numbers.
            found = nextpnr.find(flow.place or {}, tools)
            nextpnr.run(found, [*place.arguments, "--timing-allow-fail"], folder, at.at)
        speeds = [clock["achieved"] for clock in read(folder / REPORT)["fmax"].values()]
        with step(f"the bitstream of {project.top}"):
            _pack(packers()[project.target.name], list(pack.arguments), folder)
        made = {name: (folder / name).read_bytes() for name in pack.makes}
    return Built(made, min(speeds) if speeds else None, counts)


def _counts(path: Path, flow: Flow) -> dict[str, int]:
    """Cells of a netlist that may have pads, which are no matter of the device's totals."""
    cells = read(path)["design"]["num_cells_by_type"]
    known = set().union(*flow.cells.values())
    return flow.count({name: count for name, count in cells.items() if name in known})


def check_room(project: Project, counts: Mapping[str, int], device: Device) -> None:
    """Raise ValueError unless a device has all cells that a netlist takes."""
    cells = {kind: counts[kind] for kind in TOTALS}
    if lacks := device.lacks(cells):
        takes = ", ".join(f"{n} {kind.upper()}" for kind, n in cells.items() if n > getattr(device, kind))
        raise ValueError(
            f"{cut(project.spec.name)} takes {takes} on {project.where}, whose {device.name} has too few: "
            f"{lacks} are missing"
        )


def _pack(packer: Packer, arguments: list[str], folder: Path) -> None:
    """Run a packer: of a wheel, a program that is compiled at its first use, or a script."""
    program = Path(sysconfig.get_path("scripts"), packer.program)
    kept = cache_folder() / f"{packer.program}-{package_version(packer.package)}"
    with process.place(), scratch(kept.parent) as compiled:
        # As nextpnr: what is compiled gets its name when it is whole, so that nobody reads half of it.
        cache = kept if kept.exists() else compiled / "compiled"
        environment = {**os.environ, "YOWASP_CACHE_DIR": str(cache)}
        done = process.run([program, *arguments], folder, environment=environment)
        if done.returncode != 0:
            how = process.how_it_ended(done.returncode)
            raise ToolError(f"{packer.program} failed with {how}: {last_error(done.stdout + done.stderr)}")
        if cache != kept and cache.exists() and not kept.exists():
            try:
                cache.rename(kept)
            except OSError:
                # Another process was first; its work is as good.
                if not kept.exists():
                    raise


def ending(target: hw.Target) -> str:
    """Of a family's file of constraints."""
    return CONSTRAINTS[target.name][0]
