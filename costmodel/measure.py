"""The truth about cost: Yosys counts, nextpnr times."""

from __future__ import annotations

import hashlib
import json
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import hw
from costmodel import nextpnr, yosys
from costmodel.harness import harness
from costmodel.levels import levels
from costmodel.targets import Flow, load
from hw.formats.messages import echo
from rtl_gen import Emitted, emit
from rtl_gen.files import code_digest
from rtl_gen.tools import ToolError, package_version

NO_TOOL = "no open place and route for this family"


@dataclass(frozen=True)
class Cost:
    """What a design takes of a device.

    Attributes
    ----------
    spec, target : str
        What was measured, on what.
    lut, carry, ff, dsp, bram : int
        Cells after synthesis, of the unit alone, without the harness.
    lut_kind : str
        What a LUT is there.
    levels : int
        Levels of logic of the unit, as `costmodel.levels` counts them.
    fmax : float or None
        MHz between registers, median of the seeds; None where it was not placed.
    fmax_seeds : list of float
        MHz of each seed: their spread is the noise of placement.
    unplaced : str
        Why there is no `fmax`; empty if there is.
    flow : str
        The Yosys command that did best.
    digest : str
        SHA-256 of the Verilog.
    versions : dict
        The tools.
    """

    spec: str
    target: str
    lut: int
    carry: int
    ff: int
    dsp: int
    bram: int
    lut_kind: str
    levels: int
    fmax: float | None
    fmax_seeds: list[float]
    unplaced: str
    flow: str
    digest: str
    versions: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Design:
    """Verilog to measure, whoever wrote it.

    Attributes
    ----------
    name : str
        For people.
    verilog : str
        Has the module of the manifest.
    manifest : dict
        Its `module` and `ports`, as `rtl_gen.emit` lists them.
    dsp : bool
        Whether multiplier blocks may be used.
    prepare : tuple of str
        Yosys commands for the module before synthesis.
    timed : bool
        Whether it is placed, to know its MHz.
    """

    name: str
    verilog: str
    manifest: dict[str, Any]
    dsp: bool = False
    prepare: tuple[str, ...] = ()
    timed: bool = True

    @classmethod
    def of(cls, spec: hw.Spec, emitted: Emitted, timed: bool = True) -> Design:
        """The design of a spec."""
        dsp = getattr(spec, "form", "") == "dsp"
        return cls(spec.name, emitted.verilog, emitted.manifest, dsp, timed=timed)


def measure_key(emitted: Emitted, target: hw.Target, timed: bool = True) -> str:
    """A hash of all that a measurement of a spec depends on: Verilog, harness, flow, tool versions."""
    return design_key(emitted.digest + ("" if timed else " not placed"), target)


def design_key(text: str, target: hw.Target) -> str:
    """A hash of all that a measurement depends on; `text` stands for the design."""
    flow = load(target.name)
    code = code_digest(__name__, "costmodel.harness", "costmodel.levels", "costmodel.yosys")
    return hashlib.sha256("\0".join([text, code, flow.text, json.dumps(_versions(flow))]).encode()).hexdigest()


def measure(spec: hw.Spec, target: hw.Target, timed: bool = True) -> Cost:
    """Synthesise a design, and place and route it where an open tool can.

    Parameters
    ----------
    spec : Spec
        The design.
    target : Target
        One that has a data file in ``costmodel/targets``.
    timed : bool
        Whether it is placed, to know its MHz; of a large design that takes long.

    Raises
    ------
    ValueError
        The target can't be measured.
    ToolError
        A tool is missing or failed.
    """
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    load(target.name)
    return measure_design(Design.of(spec, emit(spec, target), timed), target)


def measure_design(design: Design, target: hw.Target) -> Cost:
    """Measure Verilog on a target, as `measure` does; the same errors."""
    flow = load(target.name)
    commands = flow.dsp_flows if design.dsp else flow.synthesis
    if not commands:
        raise ValueError(f"target {target.name} has no multiplier blocks to measure {design.name} with")
    versions, unplaced = _versions(flow), _unplaced(flow)
    with tempfile.TemporaryDirectory(prefix="macsmith-") as temporary:
        folder = Path(temporary)
        (folder / "design.v").write_text(design.verilog + harness(design.manifest))
        for name, text in (flow.place or {}).get("files", {}).items():
            (folder / name).write_text(text)
        trials = [_synthesise(flow, command, design, f"trial{index}", folder) for index, command in enumerate(commands)]
        best = min(range(len(trials)), key=lambda index: (trials[index]["lut"], trials[index]["carry"]))
        depth = _levels(flow, design, f"trial{best}", folder)
        speeds = [] if unplaced or not design.timed else _speeds(flow, f"trial{best}", folder)
    if not speeds and design.timed:
        unplaced = unplaced or "placed, but nextpnr found no path to time"
    return Cost(
        spec=design.name,
        target=target.name,
        **trials[best],
        lut_kind=flow.lut_kind,
        levels=depth,
        fmax=statistics.median(speeds) if speeds else None,
        fmax_seeds=speeds,
        unplaced=unplaced,
        flow=commands[best],
        digest=hashlib.sha256(design.verilog.encode()).hexdigest(),
        versions=versions,
    )


def _versions(flow: Flow) -> dict[str, str]:
    """The tools' versions; a place and route that is an extra may be absent."""
    versions = {"pyosys": package_version("pyosys")}
    if flow.place:
        try:
            versions[flow.place["package"]] = package_version(flow.place["package"])
        except ToolError:
            if "extra" not in flow.place:
                raise
            versions[flow.place["package"]] = "absent"
    return versions


def _unplaced(flow: Flow) -> str:
    """Why nothing can be placed on a family; empty if it can."""
    if flow.place is None:
        return NO_TOOL
    if _versions(flow)[flow.place["package"]] == "absent":
        return f"not placed: pip install 'macsmith[{flow.place['extra']}]'"
    return ""


def _synthesise(flow: Flow, command: str, design: Design, name: str, folder: Path) -> dict[str, int]:
    """Resources of the unit; its netlist, and that of the unit in the harness, go to files."""
    module = design.manifest["module"]
    yosys.run(
        [
            "read_verilog design.v",
            "hierarchy -top harness",
            "proc",
            *(f"{step} {module}" for step in design.prepare),
            # What the unit instantiates becomes part of it: not every family's flow would do that.
            f"flatten -noscopeinfo {module}",
            # Yosys reads Verilog anew when it meets the family's cells, and forgets what was done to it.
            "write_rtlil design.il",
            "design -reset",
            "read_rtlil design.il",
            # The unit stays a module of its own until it is counted: none of its logic can move out.
            f"setattr -mod -set keep_hierarchy 1 {module}",
            f"{command} -top harness",
            f"tee -o {name}.stat stat -json",
            f"select {module}",
            f"write_json -selected {name}.unit.json",
            "select -clear",
            f"setattr -mod -unset keep_hierarchy {module}",
            "flatten",
            "opt_clean",
            *(flow.place or {}).get("before", ()),
            f"write_json {name}.json",
        ],
        folder,
    )
    statistics_ = json.loads((folder / f"{name}.stat").read_text())
    return flow.count(statistics_["modules"][f"\\{module}"]["num_cells_by_type"])


def _levels(flow: Flow, design: Design, name: str, folder: Path) -> int:
    modules = json.loads((folder / f"{name}.unit.json").read_text())["modules"]
    return levels(modules[design.manifest["module"]], flow)


def _speeds(flow: Flow, name: str, folder: Path) -> list[float]:
    """MHz that nextpnr achieves with each seed; none if it finds nothing to time."""
    assert flow.place is not None
    speeds = [_place(flow.place, f"{name}.json", seed, folder) for seed in flow.place["seeds"]]
    return [speed for speed in speeds if speed is not None] if None not in speeds else []


def _place(place: dict[str, Any], netlist: str, seed: int, folder: Path) -> float | None:
    """MHz that nextpnr achieves with a seed; None if it finds no path between registers."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    options = ["--json", netlist, "--report", report.name, "--seed", str(seed), "--timing-allow-fail", "-q"]
    nextpnr.run(place["package"], place["program"], [*place["options"], *options], folder)
    clocks = json.loads(report.read_text())["fmax"]
    return min((clock["achieved"] for clock in clocks.values()), default=None)
