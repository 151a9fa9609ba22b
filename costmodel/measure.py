"""The truth about cost: Yosys counts, nextpnr times."""

from __future__ import annotations

import hashlib
import json
import re
import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hw
from costmodel import nextpnr
from costmodel.devices import Device, parse_device
from costmodel.synthesis import COUNTS, read, synthesise, write
from costmodel.targets import Flow, load
from hw.formats import check_int
from hw.formats.messages import echo
from hw.specs.base import uses_blocks
from rtl_gen import Emitted, emit, process
from rtl_gen.files import code_digest
from rtl_gen.scratch import scratch
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, package_version

MAX_SEEDS = 1000
PARTS = ("costmodel.harness", "costmodel.levels", "costmodel.synthesis", "rtl_gen.yosys")
"""Code that has a say in what is measured."""
NO_TOOL = "no open place and route for this family"


@dataclass(frozen=True)
class Cost:
    """What a design takes of a device.

    Attributes
    ----------
    spec, target, device : str
        What was measured, for which family, on which device.
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
    device: str
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
        dsp = uses_blocks(getattr(spec, "form", ""))
        return cls(spec.name, emitted.verilog, emitted.manifest, dsp, timed=timed)


Keep = Callable[[str, str, str, Mapping[str, Any], Callable[[], dict[str, Any]]], dict[str, Any]]
"""Gives a part of a measurement, by kind, key, label and fields: from where it was kept, or by the work."""


def unkept(
    kind: str, key: str, label: str, fields: Mapping[str, Any], work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """A part that is made, whatever there was."""
    return work()


def measure_key(
    digest: str,
    target: hw.Target,
    timed: bool = True,
    seeds: int | None = None,
    tools: str = "wheel",
    device: Device | None = None,
) -> str:
    """A hash of all that a measurement depends on: Verilog, of that digest, harness, flow, seeds, device, versions."""
    placed = f"{len(choose_seeds(load(target.name), seeds))} seeds" if timed else "not placed"
    where = f" {device}" if device else ""
    return design_key(f"{digest} {placed}{where}", target, tools if timed else "wheel")


def choose_seeds(flow: Flow, count: int | None = None) -> list[int]:
    """The seeds of place and route: the first `count` that there are, by default those of the target's file."""
    if flow.place is None or count is None:
        return list(flow.place["seeds"]) if flow.place else []
    check_int("seeds", count, 1, MAX_SEEDS)
    named = flow.place["seeds"]
    return [*named, *(seed for seed in range(1, count + len(named) + 1) if seed not in named)][:count]


def check_tools(target: hw.Target, tools: str) -> None:
    """Raise ToolError unless what measures on a target is there, or ValueError if `tools` are none of ours."""
    _versions(load(target.name), tools)


def design_key(text: str, target: hw.Target, tools: str = "wheel") -> str:
    """A hash of all that a measurement depends on; `text` stands for the design."""
    flow = load(target.name)
    code = code_digest(__name__, *PARTS)
    names = [flow.device, (flow.place or {}).get("larger", flow.device)]
    places = [str(parse_device(name)) for name in names]
    parts = [text, code, flow.essence, *places, json.dumps(_versions(flow, tools))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def measure(
    spec: hw.Spec,
    target: hw.Target,
    timed: bool = True,
    seeds: int | None = None,
    keep: Keep = unkept,
    tools: str = "wheel",
    device: Device | None = None,
) -> Cost:
    """Synthesise a design, and place and route it where an open tool can.

    Parameters
    ----------
    spec : Spec
        The design.
    target : Target
        One that has a data file in ``costmodel/targets``.
    timed : bool
        Whether it is placed, to know its MHz; of a large design that takes long.
    seeds : int, optional
        How many times it is placed, 1..1000; by default as often as the target's file says. Seeds are placed side by
        side, as many at a time as `rtl_gen.process` may run programs.
    keep : Keep
        Keeps what each flow and each seed gave, so that who is interrupted goes on from there; by default nothing does.
    tools : str
        Whose nextpnr it is: ``wheel``, or ``native`` for one on PATH, whose MHz may be others.
    device : Device, optional
        One of the target's, to be placed on; by default that of the target's file.

    Raises
    ------
    ValueError
        The target can't be measured, `seeds` is out of range, or there are no such `tools`.
    ToolError
        A tool is missing or failed.
    """
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    choose_seeds(load(target.name), seeds)
    return measure_design(Design.of(spec, emit(spec, target), timed), target, seeds, keep, tools, device)


def measure_design(
    design: Design,
    target: hw.Target,
    seeds: int | None = None,
    keep: Keep = unkept,
    tools: str = "wheel",
    device: Device | None = None,
) -> Cost:
    """Measure Verilog on a target, as `measure` does; the same errors."""
    flow = load(target.name)
    if device is not None and device.target != target:
        raise ValueError(
            f"device must be one of {target.name}, got {device.name}, which is one of {device.target.name}"
        )
    commands = _commands(design, flow)
    tools = tools if design.timed else "wheel"
    versions = _versions(flow, tools)
    run = _Run(flow, design, commands, target, keep, tools, device)
    with scratch() as run.folder:
        write([design], run.folder)
        for name, text in (flow.place or {}).get("files", {}).items():
            (run.folder / name).write_text(text)
        trials = side_by_side([partial(run.synthesised, number) for number in range(len(commands))])
        best = _best(trials)
        placed_on = device or device_for(flow, trials[best]["dsp"])
        unplaced = _unplaced(flow, tools, trials[best], placed_on)
        speeds: list[float] = []
        if design.timed and not unplaced:
            speeds, unplaced = run.placed(best, placed_on, choose_seeds(flow, seeds))
    return _cost(design, flow, commands[best], trials[best], placed_on, speeds, unplaced, versions)


def device_for(flow: Flow, blocks: int) -> Device:
    """What a design with so many multiplier blocks is placed on, if no device is named: one that has as many."""
    usual, larger = parse_device(flow.device), (flow.place or {}).get("larger")
    return parse_device(larger) if larger is not None and blocks > usual.dsp else usual


def _commands(design: Design, flow: Flow) -> tuple[str, ...]:
    """The flows to try."""
    commands = flow.dsp_flows if design.dsp else flow.synthesis
    if not commands:
        raise ValueError(f"target {flow.name} has no multiplier blocks to measure {design.name} with")
    return commands


def _best(trials: Sequence[Mapping[str, int]]) -> int:
    """Which flow did best."""
    return min(range(len(trials)), key=lambda number: (trials[number]["lut"], trials[number]["carry"]))


def _cost(
    design: Design,
    flow: Flow,
    command: str,
    counts: Mapping[str, int],
    device: Device,
    speeds: list[float],
    unplaced: str,
    versions: dict[str, str],
) -> Cost:
    return Cost(
        spec=design.name,
        target=flow.name,
        device=device.name,
        **{name: count for name, count in counts.items() if name != "untimed"},
        lut_kind=flow.lut_kind,
        fmax=statistics.median(speeds) if speeds else None,
        fmax_seeds=speeds,
        unplaced=unplaced,
        flow=command,
        digest=hashlib.sha256(design.verilog.encode()).hexdigest(),
        versions=versions,
    )


def measure_batch(designs: Sequence[Design], target: hw.Target) -> list[Cost | ToolError]:
    """The cells of several designs, in few runs of Yosys: what `measure_design` finds of each that is not to be timed.

    Parameters
    ----------
    designs : sequence of Design
        Of distinct modules, all with multiplier blocks or all without.
    target : Target
        The family.

    Returns
    -------
    list of Cost or ToolError
        In the order of the designs; an error where a tool failed on this one, even alone.

    Raises
    ------
    ValueError
        The target can't be measured, two modules have one name, or only some designs may have blocks.
    ToolError
        Yosys is missing.
    """
    flow = load(target.name)
    names = [design.manifest["module"] for design in designs]
    if len(set(names)) < len(names) or len({design.dsp for design in designs}) > 1:
        raise ValueError("designs must be of distinct modules, all with multiplier blocks or all without")
    versions = _versions(flow)
    if not designs:
        return []
    commands = _commands(designs[0], flow)
    try:
        with scratch() as folder:
            write(designs, folder)
            trials = [synthesise(designs, flow, command, folder, "trial", placed=False) for command in commands]
    except ToolError as error:
        if process.is_stopped():
            raise
        if len(designs) == 1:
            return [error]
        # One of them is at fault; the others need not fail with it.
        half = len(designs) // 2
        return [*measure_batch(designs[:half], target), *measure_batch(designs[half:], target)]
    found: list[Cost | ToolError] = []
    for design, counts in zip(designs, zip(*trials, strict=True), strict=True):
        best = _best(counts)
        device = device_for(flow, counts[best]["dsp"])
        unplaced = _unplaced(flow, "wheel", counts[best], device)
        found.append(_cost(design, flow, commands[best], counts[best], device, [], unplaced, versions))
    return found


def _versions(flow: Flow, tools: str = "wheel") -> dict[str, str]:
    """The tools' versions; a place and route whose wheel is an extra may be absent."""
    versions = {"pyosys": package_version("pyosys")}
    if flow.place:
        try:
            found = nextpnr.find(flow.place, tools)
            versions[found.name] = found.version
        except ToolError:
            if "extra" not in flow.place or tools == "native":
                raise
            versions[flow.place["package"]] = "absent"
    return versions


def _unplaced(flow: Flow, tools: str, counts: Mapping[str, int], device: Device) -> str:
    """Why a design that takes so much is not placed on a device; empty if it can be."""
    if flow.place is None:
        return NO_TOOL
    if "absent" in _versions(flow, tools).values():
        return f"not placed: pip install 'macsmith[{flow.place['extra']}]'"
    if counts["untimed"]:
        return flow.untimed["why"]
    if not device.options:
        return f"nothing here places on {device.name}"
    return f"takes {device.share_text(counts)} of {device.name}" if device.fullest(counts)[1] > 1 else ""


SPEED: dict[str, Any] = {"fmax": float | None, "why": str}
FULL = re.compile(
    r"Failed to expand region|Unable to place cell|no (?:more )?BELs|No Bels|unable to find a placement", re.I
)
"""What nextpnr says where a device has too few cells."""


class _Run:
    """One design on its way through the tools of one family; `folder` has its Verilog."""

    folder: Path

    def __init__(
        self,
        flow: Flow,
        design: Design,
        commands: Sequence[str],
        target: hw.Target,
        keep: Keep,
        tools: str,
        device: Device | None,
    ) -> None:
        self.flow, self.design, self.commands, self.keep, self.tools = flow, design, commands, keep, tools
        self._asked = device
        self._synthesising = threading.Lock()
        text = json.dumps([design.verilog, design.manifest["module"], design.manifest["ports"], design.prepare])
        self._key, self._label = design_key(text, target, tools), f"{design.name} on {target.name}"

    def synthesised(self, number: int) -> dict[str, int]:
        """What the unit takes by one of the flows, and its levels."""
        command = self.commands[number]
        key = _hash(self._key, command)
        return self.keep("synthesis", key, f"{command} of {self._label}", COUNTS, lambda: self._synthesise(number))

    def placed(self, number: int, device: Device, seeds: list[int]) -> tuple[list[float], str]:
        """MHz by each seed, of what a flow made; none if there is nothing to time, or no room: and then why."""

        def place(count: int, seed: int) -> dict[str, Any]:
            on = f"on {self._asked}" if self._asked else ""
            key, label = _hash(self._key, self.commands[number], f"seed {seed}{on}"), f"seed {seed} of {self._label}"
            what = f"nextpnr, seed {count} of {len(seeds)}"
            return self.keep("placement", key, label, SPEED, partial(self._place, number, device, seed, what))

        found = side_by_side([partial(place, count, seed) for count, seed in enumerate(seeds, 1)])
        why = next((place["why"] for place in found if place["fmax"] is None), "")
        return ([] if why else [place["fmax"] for place in found]), why

    def _synthesise(self, number: int) -> dict[str, int]:
        command = self.commands[number]
        with process.place(), step(f"Yosys, flow {number + 1} of {len(self.commands)}: {command}"):
            (found,) = synthesise([self.design], self.flow, command, self.folder, f"trial{number}")
            return found

    def _place(self, number: int, device: Device, seed: int, what: str) -> dict[str, Any]:
        """MHz that nextpnr achieves with a seed; None and why if it finds no room or no path between registers."""
        assert self.flow.place is not None
        netlist, report = self.folder / f"trial{number}.json", self.folder / f"report{seed}.json"
        with self._synthesising:
            if not netlist.exists():
                # What the flow gave was kept by an earlier run, the netlist was not.
                self._synthesise(number)
        options = ["--json", netlist.name, "--report", report.name, "--seed", str(seed), "--timing-allow-fail"]
        # Who waits for a place is not at it yet, and says nothing.
        with process.place(), step(what) as at:
            found = nextpnr.find(self.flow.place, self.tools)
            try:
                nextpnr.run(found, [*device.options, *options], self.folder, at.at)
            except ToolError as error:
                if not FULL.search(str(error)):
                    raise
                return {"fmax": None, "why": f"nextpnr finds no room on {device.name}"}
        speeds = [clock["achieved"] for clock in read(report)["fmax"].values()]
        if not speeds:
            return {"fmax": None, "why": "placed, but nextpnr found no path to time"}
        return {"fmax": min(speeds), "why": ""}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
