"""Projects of designs: on a board or a bare device, alone or with what tests them there, down to a bitstream.

spec, board ──design──► Project ──rtl_gen.projects.write──► texts
                                ──costmodel.bitstreams.build──► bitstream, MHz
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hw
from costmodel import bitstreams
from costmodel.confirm import deeper
from costmodel.devices import Device, parse_device, places
from costmodel.targets import load
from hw.arith.schedule import TooDeep
from hw.formats import Fixed, Integer
from hw.formats.messages import cut, echo
from hw.onboard.bridge import Bridge
from hw.onboard.selftest import SelfTest
from hw.onboard.uart import divider
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.gemm import GemmSpec
from hw.specs.gemm_registers import ID, gemm_registers
from hw.timing.delays import is_known
from rtl_gen import Emitted, emit, projects
from rtl_gen.boards import Board
from rtl_gen.boards.constraints import Clocked
from rtl_gen.boards.top import CLOCK, LED, RESET, RX, TX, Edge, Port, around, bare
from rtl_gen.cells import cell_models
from rtl_gen.emit import verilog_around
from rtl_gen.onboard import driver
from rtl_gen.projects import Project
from rtl_gen.projects.bench import testbench
from rtl_gen.steps import say
from sim import selftest
from sim.golden.frames import slot_bytes

BAUD = 115_200
QUICK_CYCLES = 8
"""Of a bit on the serial line of a bench, which nobody reads."""
PATIENCE = 4
"""Registers that are added, one after the other, where a placed design is too slow."""
ROLES = {"clk": CLOCK, "rst": RESET}
VENDORS = {"xc7": "vivado", "xcup": "vivado", "intelalm": "quartus"}
"""Whose projects are written where no open tool places."""


@dataclass(frozen=True)
class Place:
    """Where a project is for: a family, a device, a board; and the clock that is asked for, if one is."""

    target: hw.Target
    device: Device | None
    board: Board | None
    mhz: float | None

    @property
    def clock(self) -> float | None:
        """MHz that a design must reach."""
        return self.mhz if self.mhz is not None else self.board.mhz if self.board else None

    @property
    def room(self) -> Device:
        """The device, if need be that of the family's own file."""
        return self.device or parse_device(load(self.target.name).device)


def place_of(
    targets: Sequence[str], devices: Sequence[str], board: Board | None, mhz: float | None, usual: str = "generic"
) -> Place:
    """The place that is asked for: a board implies a device, and a device a family.

    Raises
    ------
    ValueError
        Two of them disagree, or `mhz` is less than the board's clock.
    """
    if board is not None:
        if devices and devices[0] != board.device:
            raise ValueError(f"board {board.name} and device {cut(devices[0])} disagree: the board has {board.device}")
        device = parse_device(board.device)
        if targets and hw.parse_target(targets[0]) != device.target:
            raise ValueError(
                f"board {board.name} and target {cut(targets[0])} disagree: its family is {device.target.name}"
            )
        if mhz is not None and mhz < board.mhz:
            raise ValueError(f"mhz must be at least {board.mhz:g}, the clock of board {board.name}, got {mhz:g}")
        devices = [board.device]
    ((target, found),) = places(targets, devices, usual)
    return Place(target, found, board, mhz)


def piped(spec: hw.Spec, place: Place) -> hw.Spec:
    """The design with the fewest registers that are predicted to reach the place's clock, where that is known."""
    if place.clock is None or not is_known(place.target.name) or not can_predict(spec):
        return spec
    return hw.pipeline_for(spec, place.target, place.clock)


def can_predict(spec: hw.Spec) -> bool:
    """Whether what a design is made of has delays that are known."""
    return not spec.protection and not getattr(spec, "form", "").startswith("dsp")


def alone(spec: hw.Spec, place: Place, prefix: str = "", benched: bool = False) -> Project:
    """A unit with its ports at a board's pins, or at pins for the tools to choose; with a bench, if it may have one.

    Raises
    ------
    ValueError
        The board has too few pins, or there is none and the tools choose no pins.
    """
    emitted = emit(spec, place.target, prefix)
    ports = [
        Port(each["name"], each["direction"] == "input", each["width"], ROLES.get(each["name"], ""))
        for each in emitted.manifest["ports"]
    ]
    sources = {f"{emitted.name}.v": emitted.verilog}
    edge = (
        edged(place.board, place, emitted.name, ports, emitted) if place.board else bare(emitted.name, ports, place.mhz)
    )
    project = bitstreams.project_of(spec, emitted, sources, edge, place.target, place.device, place.board)
    return replace(project, bench=bench(spec, emitted, place)) if benched else project


def bench(spec: hw.Spec, emitted: Emitted, place: Place) -> dict[str, str]:
    """A self-checking bench, by file: the unit's self-test, and what runs it; none of a unit that has no self-test.

    Nor of one made of a family's cells, for which a simulator would need models.
    """
    if cell_models(place.target):
        return {}
    try:
        test = selftest.plan(spec, emitted)
    except ValueError:
        return {}
    module, head = f"{emitted.name}_selftest", "".join(f"// {line}\n" for line in _header(emitted, place))
    around_unit = verilog_around(SelfTest(test, QUICK_CYCLES, pause=4), module, emitted.verilog)
    return {f"{module}.v": f"{head}\n{around_unit}", f"{emitted.name}_tb.sv": testbench(emitted.name, head)}


@dataclass(frozen=True)
class Tested:
    """A unit's self-test for a board.

    Attributes
    ----------
    project : Project
    test : Test
        What it does, and the signature that it must leave.
    module, verilog : str
        The self-test's, with all that is in it.
    cycles : int
        Of a bit on its serial line.
    """

    project: Project
    test: Any
    module: str
    verilog: str
    cycles: int


def tested(spec: hw.Spec, place: Place, prefix: str = "", baud: int = BAUD) -> Tested:
    """A unit with patterns, a checker, lights and a serial line.

    Raises
    ------
    ValueError
        There is no board, or it has no LED or no serial line; the unit has no self-test; or the clock makes no `baud`.
    """
    board = needed(place, "selftest")
    emitted = emit(spec, place.target, prefix)
    test = selftest.plan(spec, emitted)
    cycles = divider(board.mhz, baud)
    component = SelfTest(test, cycles, leds=min(2, len(board.leds)) or 1)
    module = f"{emitted.name}_selftest"
    ports = [Port("passed", False, 1, LED), Port("failed", False, 1, LED), Port("tx", False, 1, TX)]
    project, verilog = _within(component, module, ports, spec, emitted, place)
    return Tested(project, test, module, verilog, cycles)


def _within(
    component: hw.Unit, module: str, ports: Sequence[Port], spec: hw.Spec, emitted: Emitted, place: Place
) -> tuple[Project, str]:
    """The project of a board with a design in what has these ports beside clock and reset; and the Verilog of both."""
    assert place.board is not None
    text = "".join(f"// {line}\n" for line in _header(emitted, place)) + "\n"
    text += verilog_around(component, module, emitted.verilog)
    sources = {f"{emitted.name}.v": emitted.verilog, f"{module}.v": text}
    clocked = [Port("clk", True, 1, CLOCK), Port("rst", True, 1, RESET), *ports]
    edge = edged(place.board, place, module, clocked, emitted)
    project = bitstreams.project_of(spec, emitted, sources, edge, place.target, place.device, place.board)
    return project, emitted.verilog + text


@dataclass(frozen=True)
class Bridged:
    """A core with a bridge to a serial line.

    Attributes
    ----------
    project : Project
    module, verilog : str
        The bridge's, with the core in it.
    cycles : int
        Of a bit on the line.
    files : dict of str to str
        What a host needs: the driver, and what it is told of the core.
    """

    project: Project
    module: str
    verilog: str
    cycles: int
    files: dict[str, str]


def bridged(spec: hw.Spec, place: Place, prefix: str = "", baud: int = BAUD) -> Bridged:
    """A GEMM core behind a serial line.

    Raises
    ------
    ValueError
        The design is no GEMM core, there is no board, it has no serial line, or its clock makes no `baud`.
    """
    if not isinstance(spec, GemmSpec) or isinstance(spec, BlockGemmSpec):
        raise ValueError(f"--uart must have a GEMM core, such as {GemmSpec.example}, got {cut(spec.name)}")
    board = needed(place, "uart")
    emitted = emit(spec, place.target, prefix)
    pins = {each["name"]: (each["direction"] == "input", each["width"]) for each in emitted.manifest["ports"]}
    cycles = divider(board.mhz, baud)
    module = f"{emitted.name}_uart"
    ports = [
        Port("idle", False, 1, LED),
        Port("heard", False, 1, LED),
        Port("rx", True, 1, RX),
        Port("tx", False, 1, TX),
    ]
    project, verilog = _within(Bridge(spec, emitted.name, pins, cycles), module, ports, spec, emitted, place)
    files = {
        "driver.py": Path(driver.__file__).read_text(),
        "core.json": json.dumps(about(spec, baud), indent=1) + "\n",
    }
    return Bridged(project, module, verilog, cycles, files)


def about(spec: GemmSpec, baud: int = BAUD) -> dict[str, Any]:
    """What a driver has to know of a core."""
    registers = {
        register.name: {
            "address": register.address,
            "parts": {part.name: [part.low, part.width] for part in register.parts},
        }
        for register in gemm_registers(spec)
    }

    def slot(fmt: Any) -> dict[str, Any]:
        signed = isinstance(fmt, (Integer, Fixed)) and fmt.span.signed
        return {"bits": fmt.width, "slot": slot_bytes(fmt), "signed": bool(signed)}

    names = {"a": "s_axis_a", "b": "s_axis_b", "p": "s_axis_p"}
    return {
        "name": spec.name,
        "baud": baud,
        "id": ID,
        "flow": spec.flow,
        "kept": spec.kept,
        "rows": spec.rows,
        "columns": spec.columns,
        "height": spec.height,
        "a_bits": spec.a.width,
        "b_bits": spec.b.width,
        "word_bytes": {key: spec.stream_widths[name] // 8 for key, name in names.items() if name in spec.stream_widths},
        "parameters": {name: slot(fmt) for name, fmt in spec.parameters.items()},
        "result": slot(spec.result),
        "registers": registers,
    }


def edged(board: Board, place: Place, module: str, ports: Sequence[Port], emitted: Emitted) -> Edge:
    """A board's edge around a module; tools are told of the clock that is asked for, if one is."""
    edge = around(board, module, ports, _header(emitted, place))
    return replace(edge, clock=Clocked(edge.clock.port, place.mhz)) if edge.clock and place.mhz else edge


def needed(place: Place, option: str) -> Board:
    """The board of a place; ValueError if there is none for an option that needs one."""
    if place.board is None:
        raise ValueError(f"--{option} needs --board, which has a clock, lights and a serial line")
    return place.board


def _header(emitted: Emitted, place: Place) -> list[str]:
    where = place.board.title if place.board else place.target.title
    return [*emitted.owner.header, f"For {where}."]


def built(project: Project, place: Place, tools: str = "wheel") -> bitstreams.Built:
    """Its bitstream; as `costmodel.bitstreams.build`."""
    return bitstreams.build(project, place.room, tools)


def is_fast(found: bitstreams.Built, place: Place) -> bool:
    """Whether a placed design reaches the clock that it is for."""
    return place.clock is None or found.mhz is None or found.mhz >= place.clock


def built_fast(
    make: Any, spec: hw.Spec, place: Place, tools: str = "wheel", deepen: bool = True
) -> tuple[Any, bitstreams.Built]:
    """The first design that reaches the place's clock when it is placed: the given one, or with more registers.

    Parameters
    ----------
    make : callable
        Gives a `Project`, or what has one as its `project`, for a spec.
    spec : Spec
    place : Place
    tools : str
    deepen : bool
        Whether registers may be added.

    Raises
    ------
    ValueError
        None reaches it: what was reached is said.
    ToolError
        A tool is missing or failed.
    """
    best, tried = 0.0, 0
    while True:
        made = make(spec)
        found = built(getattr(made, "project", made), place, tools)
        if is_fast(found, place):
            return made, found
        best = max(best, found.mhz or 0.0)
        say(f"macsmith: {spec} is placed at {math.floor(found.mhz or 0)} MHz")
        known = is_known(place.target.name) and can_predict(spec)
        following = None if not deepen else deeper(spec, place.target) if known else more(spec)
        tried += 1
        if following is None or tried > PATIENCE:
            raise ValueError(
                f"{cut(spec.name)} must reach {place.clock:g} MHz on {(place.board or place.room).title}, "
                f"and is placed at {math.floor(best)}"
            )
        spec = following


def more(spec: hw.Spec) -> hw.Spec | None:
    """With one register more in the first field that has any; None if the logic has no use for it."""
    for field in spec.depths:
        fields: dict[str, Any] = {field: getattr(spec, field) + 1}
        try:
            found = replace(spec, **fields)
            hw.build(found)
        except (ValueError, TooDeep):
            continue
        return found
    return None


def kind_of(place: Place) -> str:
    """Whose project is written if nobody says."""
    return VENDORS.get(place.target.name, "open")


def info(project: Project, kind: str, names: Sequence[str], found: bitstreams.Built | None, **more: Any) -> str:
    """What a project's folder says of itself: whose it is, and what came of it."""
    said = {
        "name": project.spec.name,
        "macsmith": project.emitted.manifest["macsmith"],
        "target": project.target.name,
        "project": kind,
        "board": project.board.name if project.board else None,
        "device": project.device,
        "top": project.top,
        "mhz": project.edge.clock.mhz if project.edge.clock else None,
        "placed_mhz": round(found.mhz, 2) if found and found.mhz else None,
        "cells": found.counts if found else None,
        "bitstream": sorted(found.files) if found else [],
        **more,
        "files": sorted(names),
    }
    return json.dumps(said, indent=2) + "\n"


def texts(project: Project, kind: str) -> dict[str, str]:
    """The texts of a project."""
    if kind not in projects.PROJECTS:
        raise ValueError(f"project must be one of {', '.join(projects.PROJECTS)}, got {echo(kind)}")
    return projects.write(kind, project)
