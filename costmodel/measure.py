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
from costmodel.targets import Flow, load
from rtl_gen import Emitted, emit
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version


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
    fmax : float or None
        MHz between registers, median of the seeds; None where there is no open place and route.
    fmax_seeds : list of float
        MHz of each seed: their spread is the noise of placement.
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
    fmax: float | None
    fmax_seeds: list[float]
    flow: str
    digest: str
    versions: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure_key(emitted: Emitted, target: hw.Target) -> str:
    """A hash of all that a measurement depends on: Verilog, harness, flow, tool versions."""
    flow = load(target.name)
    parts = [
        emitted.digest,
        code_digest(__name__, "costmodel.harness", "costmodel.yosys"),
        flow.text,
        json.dumps(_versions(flow)),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def measure(spec: hw.Spec, target: hw.Target) -> Cost:
    """Synthesise a design, and place and route it where an open tool can.

    Parameters
    ----------
    spec : Spec
        The design.
    target : Target
        One that has a data file in ``costmodel/targets``.

    Raises
    ------
    ValueError
        The target can't be measured.
    ToolError
        A tool is missing or failed.
    """
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {target!r}")
    flow, emitted = load(target.name), emit(spec, target)
    versions = _versions(flow)
    with tempfile.TemporaryDirectory(prefix="macsmith-") as temporary:
        folder = Path(temporary)
        (folder / "design.v").write_text(emitted.verilog + harness(emitted.manifest))
        trials = [_synthesise(flow, command, emitted.name, folder) for command in flow.synthesis]
        best = min(range(len(trials)), key=lambda index: (trials[index]["lut"], trials[index]["carry"]))
        (folder / f"{best}.json").rename(folder / "netlist.json")
        speeds = [_place(flow.place, seed, folder) for seed in flow.place["seeds"]] if flow.place else []
    return Cost(
        spec=spec.name,
        target=target.name,
        **trials[best],
        lut_kind=flow.lut_kind,
        fmax=statistics.median(speeds) if speeds else None,
        fmax_seeds=speeds,
        flow=flow.synthesis[best],
        digest=emitted.digest,
        versions=versions,
    )


def _versions(flow: Flow) -> dict[str, str]:
    packages = ["pyosys"] + ([flow.place["package"]] if flow.place else [])
    return {package: package_version(package) for package in packages}


def _synthesise(flow: Flow, command: str, module: str, folder: Path) -> dict[str, int]:
    """Resources of the unit; its netlist, in the harness, goes to a file named after the command."""
    name = flow.synthesis.index(command)
    yosys.run(
        [
            "read_verilog design.v",
            "hierarchy -check -top harness",
            # The unit stays a module of its own until it is counted: none of its logic can move out.
            f"setattr -mod -set keep_hierarchy 1 {module}",
            f"{command} -top harness",
            f"tee -o {name}.stat stat -json",
            f"setattr -mod -unset keep_hierarchy {module}",
            "flatten",
            "opt_clean",
            f"write_json {name}.json",
        ],
        folder,
    )
    statistics_ = json.loads((folder / f"{name}.stat").read_text())
    return flow.count(statistics_["modules"][f"\\{module}"]["num_cells_by_type"])


def _place(place: dict[str, Any], seed: int, folder: Path) -> float:
    """MHz that nextpnr achieves with a seed."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    options = ["--json", "netlist.json", "--report", report.name, "--seed", str(seed), "--timing-allow-fail", "-q"]
    nextpnr.run(place["package"], place["program"], [*place["options"], *options], folder)
    clocks = json.loads(report.read_text())["fmax"]
    return min(clock["achieved"] for clock in clocks.values())
