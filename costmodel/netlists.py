"""The second level of verification: what a family's synthesis makes of a design, simulated with its cells' models.

The netlist is the one whose cells `costmodel.measure` counts: that of the flow with the fewest LUTs. It is played what
the design's Verilog is played, and has to show the same. Models are Yosys's, and ours of blocks that have none there.
Where a memory or a multiplier block has no model at all, the netlist is made anew without blocks of that kind, and the
verdict says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hw
from costmodel.measure import Design
from costmodel.synthesis import read, synthesise, write
from costmodel.targets import Flow, load
from hw.formats.messages import echo
from rtl_gen import Emitted, cells, emit, yosys
from rtl_gen.files import code_digest
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, package_folder, package_version
from sim.runner import SEED
from sim.verify import NETLIST, Verdict, verify, verify_key

CELLS: dict[str, tuple[str, ...]] = {
    "ecp5": ("ecp5/cells_sim.v",),
    "gatemate": ("gatemate/cells_sim.v",),
    "gowin": ("gowin/cells_sim.v",),
    "ice40": ("ice40/cells_sim.v",),
    "ice40up": ("ice40/cells_sim.v",),
    "intelalm": ("intel_alm/common/alm_sim.v", "intel_alm/common/dff_sim.v", "intel_alm/common/dsp_sim.v"),
    "machxo2": ("lattice/cells_sim_xo2.v",),
    "nexus": ("nexus/cells_sim.v",),
    "xc7": ("xilinx/cells_sim.v",),
    "xcup": ("xilinx/cells_sim.v",),
}
"""Files under Yosys's share folder with a model of each cell that a family's synthesis writes, but for some blocks."""
SIMULATED = CELLS | {
    # Without the empty DP16KD of cells_sim.v, which would stand in the way of ours.
    "ecp5": ("ecp5/common_sim.vh", "ecp5/ccu2c_sim.vh"),
    "intelalm": (*CELLS["intelalm"], "intel_alm/common/mem_sim.v"),
}
"""The files that a simulator reads in their place."""
WITHOUT = {"dsp": "multiplier blocks", "bram": "block RAMs"}
"""Hard blocks, by their class of cells, that a netlist can do without."""
MODULE = re.compile(r"(?ms)^module\s+(\w+)\b.*?^endmodule")
ASIDE = re.compile(r"(?s)\bspecify\b.*?\bendspecify\b|//[^\n]*|/\*.*?\*/|\(\*.*?\*\)|`[^\n]*")
"""What says nothing of what a module does: times, comments, attributes, directives."""
DECLARED = ("parameter", "localparam", "input", "output", "inout", "wire", "reg", "endmodule")
BLOCK = re.compile(r'\(\* ram_style = "block" \*\)\s*')
"""What asks for a memory of hard blocks."""


@dataclass(frozen=True)
class Mapped:
    """What synthesis made of a design.

    Attributes
    ----------
    flow : str
        The Yosys command.
    module : dict
        The unit's module alone, as Yosys's JSON has it.
    """

    flow: str
    module: dict[str, Any]

    @property
    def types(self) -> set[str]:
        """The kinds of its cells."""
        return {cell["type"] for cell in self.module["cells"].values()}

    def verilog(self, name: str, target: hw.Target) -> str:
        """The same as Verilog, for a simulator that has the models of `simulated`."""
        module = {**self.module, "cells": known(self.module["cells"], models_of(target)[1])}
        with scratch() as folder:
            (folder / "mapped.json").write_text(json.dumps({"modules": {name: module}}))
            yosys.run(["read_json mapped.json", "write_verilog -noattr mapped.v"], folder)
            return (folder / "mapped.v").read_text()


def mapped(design: Design, flow: Flow) -> Mapped:
    """What synthesis makes of a unit, alone, by the flow with the fewest LUTs.

    Raises
    ------
    ValueError
        The family has no multiplier blocks to make it of.
    ToolError
        Yosys is missing or failed.
    """
    commands = flow.dsp_flows if design.dsp else flow.synthesis
    if not commands:
        raise ValueError(f"target {flow.name} has no multiplier blocks to make {design.name} of")
    trials = []
    with scratch() as folder:
        write([design], folder)
        for number, command in enumerate(commands):
            (counts,) = synthesise([design], flow, command, folder, f"trial{number}", placed=False)
            netlist = read(folder / f"trial{number}.units.json")["modules"][design.manifest["module"]]
            trials.append((counts["lut"], counts["carry"], number, Mapped(command, netlist)))
    return min(trials, key=lambda trial: trial[:3])[3]


def models_of(target: hw.Target) -> tuple[list[Path], list[Path]]:
    """Verilog files with models of a family's cells: Yosys's, and ours of those that have none there."""
    share, ours = package_folder("pyosys") / "share", Path(cells.__file__).with_name("models")
    return [share / name for name in CELLS[target.name]], [ours / name for name in cells.OWN.get(target.name, ())]


def simulated(target: hw.Target) -> list[Path]:
    """The files that a simulator takes cells from."""
    share = package_folder("pyosys") / "share"
    return [*(share / name for name in SIMULATED[target.name]), *models_of(target)[1]]


def known(made: Mapping[str, Any], ours: Sequence[Path]) -> dict[str, Any]:
    """A netlist's cells, each with those parameters that our model of it has, if there is one.

    The others say nothing of the logic of what macsmith uses.
    """
    texts = {match[1]: match[0] for path in ours for match in MODULE.finditer(path.read_text())}

    def kept(cell: Mapping[str, Any]) -> dict[str, Any]:
        text = texts.get(cell["type"])
        return {name: x for name, x in cell["parameters"].items() if text is None or re.search(rf"\b{name}\b", text)}

    return {name: {**cell, "parameters": kept(cell)} for name, cell in made.items()}


def unmodelled(types: Collection[str], flow: Flow, models: Sequence[Path]) -> dict[str, list[str]]:
    """Of cells that are hard blocks, by their class, those of which no file says what they do."""
    known = {match[1] for path in models for match in MODULE.finditer(path.read_text()) if _behaves(match[0])}
    found = {kind: sorted(set(types) & set(flow.cells[kind]) - known) for kind in WITHOUT}
    return {kind: names for kind, names in found.items() if names}


def _behaves(module: str) -> bool:
    """Whether a module has more than ports, parameters and times."""
    _header, *statements = ASIDE.sub("", module).split(";")
    return any(not statement.split()[0].startswith(DECLARED) for statement in statements if statement.strip())


def verify_netlist(
    spec: hw.Spec,
    target: hw.Target,
    *,
    emitted: Emitted | None = None,
    folder: Path | str | None = None,
    shape: Mapping[str, int] | None = None,
    seed: int = SEED,
    play: str | None = None,
) -> Verdict:
    """Simulate what a family's synthesis makes of a design, and compare it with the golden model, code by code.

    Parameters
    ----------
    spec, target, emitted, folder, shape, seed, play
        As of `sim.verify.verify`; the target is one that has a data file in ``costmodel/targets``.

    Returns
    -------
    Verdict
        Its `level` says of which family the netlist is, by what flow, and which hard blocks it is without; its `digest`
        is that of the netlist.

    Raises
    ------
    TypeError, ValueError
        As of `sim.verify.verify`; or the target has no flow, or no multiplier blocks for a design that asks for them.
    ToolError
        A tool is missing or failed.
    """
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    check_mapped(target)
    flow, emitted = load(target.name), emitted or emit(spec, target)
    design, models = Design.of(spec, emitted, timed=False), simulated(target)
    with step(f"synthesis of {spec} for {target.name}"):
        made = mapped(design, flow)
        if missing := unmodelled(made.types, flow, models):
            made = mapped(*without(missing, design, flow))
        if left := unmodelled(made.types, flow, models):
            names = [name for of_kind in left.values() for name in of_kind]
            raise ToolError(f"{spec} for {target.name} can't be simulated: {', '.join(names)} has no model")
    lacks = [f"without {WITHOUT[kind]}: {', '.join(names)} has no model" for kind, names in missing.items()]
    return verify(
        spec,
        target,
        emitted=emitted.altered(made.verilog(emitted.name, target)),
        folder=folder,
        shape=shape,
        seed=seed,
        play=play,
        ours=False,
        cells=models,
        level="; ".join([f"{NETLIST} of {target.name} by {made.flow}", *lacks]),
    )


def check_mapped(target: hw.Target) -> None:
    """Raise ValueError unless a target is a family that designs are synthesised for."""
    if target.name not in CELLS:
        raise ValueError(
            f"level {NETLIST} must have a family to synthesise for (--target {', '.join(CELLS)}), got {target.name}"
        )


def without(kinds: Collection[str], design: Design, flow: Flow) -> tuple[Design, Flow]:
    """A design, and how it is made without hard blocks of those kinds."""
    if "bram" in kinds:
        design = replace(design, verilog=BLOCK.sub("", design.verilog))
        lean, blocks = (tuple(f"{each} -nobram" for each in of) for of in (flow.synthesis, flow.dsp_flows))
        flow = replace(flow, synthesis=lean, dsp_flows=blocks)
    return (replace(design, dsp=False) if "dsp" in kinds else design), flow


def netlist_key(
    emitted: Emitted,
    target: hw.Target,
    shape: Mapping[str, int] | None = None,
    seed: int = SEED,
    play: str | None = None,
) -> str:
    """A hash of all that a netlist's verdict depends on: what the Verilog's does, synthesis, and the cells' models."""
    check_mapped(target)
    flow = load(target.name)
    code = code_digest(__name__, "costmodel.harness", "costmodel.synthesis", "rtl_gen.yosys")
    models = [hashlib.sha256(path.read_bytes()).hexdigest() for path in simulated(target)]
    parts = [verify_key(emitted, shape, seed, play), flow.essence, code, *models]
    return hashlib.sha256("\0".join([*parts, f"pyosys {package_version('pyosys')}"]).encode()).hexdigest()
