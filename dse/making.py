"""Who makes what the store keeps of a design: a job for each kind of result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import hw
from dse.job import Job
from hw.formats import check_choice
from rtl_gen import Emitted, emit
from rtl_gen.convention import PLAIN, Convention
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version
from sim.runner import SEED
from sim.simulator import VERILATOR
from sim.theirs import convention_of, read
from sim.verify import LEVELS, NETLIST, RTL, SIMULATORS, Verdict, verify, verify_key

# What a job does is imported where it is made: who verifies need not wait for all that measures.
if TYPE_CHECKING:
    from costmodel.devices import Device
    from costmodel.measure import Design


def verify_job(
    spec: hw.Spec,
    target: hw.Target,
    logs: Path,
    shape: Mapping[str, int] | None = None,
    seed: int = SEED,
    play: str | None = None,
    verilog: Path | None = None,
    emitted: Emitted | None = None,
    level: str = RTL,
    simulator: str = VERILATOR,
    waves: Path | None = None,
    convention: Convention | None = None,
) -> Job:
    """The job that verifies a design as it is built for a target; the logs of one that fails are kept under `logs`.

    With a file of Verilog, that stands for what would be built; `emitted` is what was built, where it is there by now.
    `level` is one of `LEVELS`, and a netlist is the target's; else as `sim.verify.verify`. Without a convention it is
    the file's, as `sim.theirs.convention_of` reads it, or the plain one.

    Raises
    ------
    ValueError
        There is no such level or simulator, the target has no netlist, Icarus is to simulate one, or waveforms are to
        be of another level or simulator than the first.
    """
    check_choice("level", level, LEVELS)
    check_choice("simulator", simulator, SIMULATORS if level == RTL else (VERILATOR,))
    if waves and (level, simulator) != (RTL, VERILATOR):
        raise ValueError(f"waveforms must be of level {RTL} in {VERILATOR}, got {level} in {simulator}")
    if level == NETLIST:
        from costmodel.netlists import check_mapped

        check_mapped(target)
    if convention is None:
        convention = PLAIN if verilog is None else convention_of(verilog)
    built = emitted or emit(spec, target, convention=convention)
    if convention != PLAIN:
        emitted = built
    theirs = None if verilog is None else read(verilog, built)
    # What can be built again need not be sent to whoever does it.
    emitted = theirs or emitted
    folder = logs.absolute() / target.name / spec.identifier
    tried: dict[str, Any] = {"emitted": emitted, "folder": folder, "shape": shape, "seed": seed, "play": play}
    if level == NETLIST:
        return _netlist_job(spec, target, emitted or built, tried)
    shown = partial(verify, waves=waves and waves.absolute(), simulator=simulator)
    work = partial(shown, spec, target, **tried, ours=theirs is None)
    label = f"verify {spec} for {target.name}" + (f" by {simulator}" if simulator != VERILATOR else "")
    key = verify_key(emitted or built, shape, seed, play, simulator)
    return Job("verify", key, label, work, get_type_hints(Verdict))


def _netlist_job(spec: hw.Spec, target: hw.Target, emitted: Emitted, tried: Mapping[str, Any]) -> Job:
    """The job that verifies what synthesis makes of a design."""
    from costmodel.netlists import netlist_key, verify_netlist

    key = netlist_key(emitted, target, tried["shape"], tried["seed"], tried["play"])
    work = partial(verify_netlist, spec, target, **tried)
    return Job("verify", key, f"verify {spec}, netlist of {target.name}", work, get_type_hints(Verdict))


def measure_job(
    spec: hw.Spec,
    target: hw.Target,
    timed: bool = True,
    seeds: int | None = None,
    tools: str = "wheel",
    device: Device | None = None,
) -> Job:
    """The job that measures a design on a target, as `measure` does; each flow and each seed is kept."""
    from costmodel.measure import Cost, measure, measure_key

    label = f"measure {spec} on {device.name if device else target.name}"
    key = measure_key(emit(spec, target).digest, target, timed, seeds, tools, device)
    work = partial(measure, spec, target, timed=timed, seeds=seeds, tools=tools, device=device)
    return Job("measure", key, label, work, get_type_hints(Cost), parts=True)


def design_job(kind: str, text: str, design: Design, target: hw.Target) -> Job:
    """The job that measures Verilog of anyone's on a target; `text` stands for the design in its key."""
    from costmodel.measure import Cost, design_key, measure_design

    label = f"measure {design.name} on {target.name}"
    work = partial(measure_design, design, target)
    return Job(kind, design_key(text, target), label, work, get_type_hints(Cost), parts=True)


def part_job(spec: hw.Spec, target: hw.Target) -> Job:
    """The job that counts and times a design as `costmodel.estimate.part` does; its kind is that of what that keeps."""
    from costmodel.estimate.part import FIELDS, part, part_key

    label = f"{spec} on {target.name}"
    return Job("part", part_key(spec, target), label, partial(part, spec, target), FIELDS, python=True)


def energy_job(spec: hw.Spec, table: str | None = None, stream: str = "normal") -> Job:
    """The job that estimates a design's energy, by the usual table if none is named."""
    from costmodel.energy import DEFAULT_TABLE, Energy, energy_key, estimate_energy

    table = table or DEFAULT_TABLE
    work = partial(estimate_energy, spec, table, stream)
    return Job("energy", energy_key(emit(spec), table, stream), f"energy of {spec}", work, get_type_hints(Energy))


def upsets_job(
    spec: hw.Spec,
    flips: int | None = None,
    seed: int | None = None,
    stream: str = "normal",
    target: hw.Target = hw.GENERIC,
) -> Job:
    """The job that flips bits of a design's registers, as `costmodel.upsets.upsets` does."""
    from costmodel.upsets import FLIPS, SEED, Upsets, upsets, upsets_key

    asked = (FLIPS if flips is None else flips, SEED if seed is None else seed, stream)
    work = partial(upsets, spec, *asked, target)
    key = upsets_key(emit(spec, target), *asked)
    return Job("upsets", key, f"flip bits of {spec}", work, get_type_hints(Upsets), python=True)


def switching_job(spec: hw.Spec, target: hw.Target, stream: str = "normal") -> Job:
    """The job that compares a design's toggles on a family with an INT8 MAC's."""
    from costmodel.switching import Relative, relative_energy, relative_key

    work = partial(relative_energy, spec, target, stream)
    label = f"toggles of {spec} on {target.name}"
    return Job("switching", relative_key(spec, target, stream), label, work, get_type_hints(Relative))


def gates_job(spec: hw.Spec, liberty: str | None = None) -> Job:
    """The job that counts a design's gates, of our own library or of a Liberty file."""
    from costmodel.gates import Gates, count_gates

    library = resources.files("costmodel").joinpath("data", "gates.toml") if liberty is None else Path(liberty)
    data = hashlib.sha256(library.read_bytes()).hexdigest()
    code = code_digest("costmodel.gates", "costmodel.synthesis", "rtl_gen.yosys")
    parts = [emit(spec).digest, data, code, package_version("pyosys")]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return Job("gates", key, f"gates of {spec}", partial(count_gates, spec, liberty), get_type_hints(Gates))
