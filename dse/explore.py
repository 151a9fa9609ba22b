"""The main job: every design of a space generated, verified, measured and judged, and the frontier drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

import hw
from costmodel.devices import Device
from costmodel.energy import DEFAULT_TABLE, Energy, energy_key, estimate_energy
from costmodel.gates import Gates, count_gates
from costmodel.measure import Cost, Keep, check_tools, measure, measure_key, unkept
from costmodel.switching import Relative, relative_energy, relative_key
from dse import plots, report
from dse.jobs import Job, run, run_groups
from dse.space import Space
from dse.store import Store
from dse.workloads import WORKLOADS
from hw.formats.messages import cut
from rtl_gen import emit, process
from rtl_gen.files import code_digest
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import say, step
from rtl_gen.tools import ToolError, package_version
from sim.verify import Verdict, verify, verify_key

Found = Mapping[tuple[str, ...], dict[str, Any]]
"""Results of a design, by the names of `design_jobs`."""


@dataclass(frozen=True)
class Exploration:
    """What a run found.

    Attributes
    ----------
    rows : list of dict
        One for each design and target, with `report.COLUMNS`.
    axes : list of Axis
        The costs that accuracy was set against.
    files : list of Path
        What was written.
    """

    rows: list[report.Row]
    axes: list[report.Axis]
    files: list[Path]


def verify_job(spec: hw.Spec, target: hw.Target, logs: Path, shape: Mapping[str, int] | None = None) -> Job:
    """The job that verifies a design as it is built for a target; the logs of one that fails are kept under `logs`."""
    work = _plain(verify, spec, target, folder=logs / target.name / spec.identifier, shape=shape)
    label = f"verify {spec} for {target.name}"
    return Job("verify", verify_key(emit(spec, target), shape), label, work, get_type_hints(Verdict))


def measure_job(
    spec: hw.Spec,
    target: hw.Target,
    timed: bool = True,
    seeds: int | None = None,
    keep: Keep = unkept,
    tools: str = "wheel",
    device: Device | None = None,
) -> Job:
    """The job that measures a design on a target, as `measure` does; `keep` has what parts of it gave."""
    label = f"measure {spec} on {device.name if device else target.name}"
    key = measure_key(emit(spec, target).digest, target, timed, seeds, tools, device)
    work = _plain(measure, spec, target, timed=timed, seeds=seeds, keep=keep, tools=tools, device=device)
    return Job("measure", key, label, work, get_type_hints(Cost))


def energy_job(spec: hw.Spec, table: str = DEFAULT_TABLE, stream: str = "normal") -> Job:
    """The job that estimates a design's energy."""
    work = _plain(estimate_energy, spec, table, stream)
    return Job("energy", energy_key(emit(spec), table, stream), f"energy of {spec}", work, get_type_hints(Energy))


def switching_job(spec: hw.Spec, target: hw.Target, stream: str = "normal") -> Job:
    """The job that compares a design's toggles on a family with an INT8 MAC's."""
    work = _plain(relative_energy, spec, target, stream)
    label = f"toggles of {spec} on {target.name}"
    return Job("switching", relative_key(spec, target, stream), label, work, get_type_hints(Relative))


def gates_job(spec: hw.Spec, liberty: str | None = None) -> Job:
    """The job that counts a design's gates, of our own library or of a Liberty file."""
    library = resources.files("costmodel").joinpath("data", "gates.toml") if liberty is None else Path(liberty)
    data = hashlib.sha256(library.read_bytes()).hexdigest()
    code = code_digest("costmodel.gates", "costmodel.synthesis", "rtl_gen.yosys")
    parts = [emit(spec).digest, data, code, package_version("pyosys")]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return Job("gates", key, f"gates of {spec}", _plain(count_gates, spec, liberty), get_type_hints(Gates))


def accuracy_job(spec: hw.Spec, workload: Any, network: dict[str, Any]) -> Job:
    """The job that finds a design's accuracy on a workload."""

    def work() -> dict[str, Any]:
        try:
            return workload.accuracy(spec, network)
        except ValueError as error:
            raise ValueError(f"{cut(spec)}: {error}") from error

    key, fields = workload.accuracy_key(spec), get_type_hints(workload.Accuracy)
    return Job("accuracy", key, f"accuracy of {spec}", work, fields)


def _plain(function: Callable[..., Any], *arguments: Any, **named: Any) -> Callable[[], dict[str, Any]]:
    """Work that calls a function and gives its result as plain values."""
    return lambda: function(*arguments, **named).to_dict()


def explore(space: Space, folder: Path, store: Store, workers: int, tools: str = "wheel") -> Exploration:
    """Do all that a space asks for, and write table and plots.

    Parameters
    ----------
    space : Space
        What to compare.
    folder : Path
        Where ``pareto.csv``, the plots and the Verilog go.
    store : Store
        What is in it is not done again.
    workers : int
        Jobs at a time.
    tools : str
        Whose nextpnr measures, as `measure` takes it.

    Raises
    ------
    ValueError
        A design can't be had on a target, or the workload finds no scales for it.
    ToolError
        A tool is missing or failed, or a design is not what its golden model says.
    OSError
        Something can't be written.
    """
    for spec in space.specs:
        for target in space.targets:
            hw.check(spec, target)
    for target in space.targets:
        check_tools(target, tools)
    say(f"exploring {len(space.specs)} designs on {', '.join(target.name for target in space.targets)}")
    network = trained(space.workload, store)

    def jobs(spec: hw.Spec) -> dict[tuple[str, ...], Job]:
        emit(spec).write(folder / "verilog", force=True)
        return design_jobs(spec, space.targets, space.workload, network, folder / "sim", store.keep, tools)

    with step(f"writing the Verilog of {len(space.specs)} designs"), process.at_most(workers):
        groups = side_by_side([partial(jobs, spec) for spec in space.specs])
    found = list(zip(space.specs, run_groups(groups, store, workers), strict=True))
    rows = rows_of(found, space.targets)
    axes = report.axes(rows, {target.name: target.title for target in space.targets})
    files = [folder / "pareto.csv"]
    report.write_csv(rows, files[0])
    for axis in axes:
        files += plots.pareto(axis, rows, network["accuracy"], folder)
    return Exploration(rows, axes, files)


def trained(task: str, store: Store) -> dict[str, Any]:
    """The network of a workload, from the store or trained: alone, for threads share filters of warnings."""
    workload = WORKLOADS[task]
    label = f"train the {task} classifier"
    job = Job("train", workload.train_key(), label, workload.train, get_type_hints(workload.Network))
    (network,) = run([job], store, 1)
    return network


def design_jobs(
    spec: hw.Spec,
    targets: Sequence[hw.Target],
    task: str,
    network: dict[str, Any],
    logs: Path,
    keep: Keep = unkept,
    tools: str = "wheel",
) -> dict[tuple[str, ...], Job]:
    """All that `rows_of` asks of a design, by what it is and, where it is another on each, the target."""
    # What takes seconds comes first: should one fail, little is waited for.
    return {
        ("accuracy",): accuracy_job(spec, WORKLOADS[task], network),
        ("energy",): energy_job(spec),
        **{("verify", target.name): verify_job(spec, target, logs) for target in targets},
        **{("measure", target.name): measure_job(spec, target, keep=keep, tools=tools) for target in targets},
    }


def rows_of(found: Sequence[tuple[hw.Spec, Found]], targets: Sequence[hw.Target]) -> list[report.Row]:
    """The rows of designs and their results, target by target.

    Raises
    ------
    ToolError
        A design is not what its golden model says.
    """
    verdicts = [values["verify", target.name] for target in targets for _, values in found]
    if wrong := [verdict for verdict in verdicts if not verdict["passed"]]:
        raise ToolError(f"{wrong[0]['spec']} differs from its golden model: {wrong[0]['failures'][0]}")
    rows = [
        _row(spec, *(values[name] for name in (("measure", t.name), ("verify", t.name), ("energy",), ("accuracy",))))
        for t in targets
        for spec, values in found
    ]
    report.mark(rows)
    return rows


def _row(
    spec: Any, cost: dict[str, Any], verdict: dict[str, Any], energy: dict[str, Any], accuracy: dict[str, Any]
) -> report.Row:
    return {
        "spec": spec.name,
        "a": spec.a.name,
        "b": spec.b.name,
        "product": spec.product,
        "accumulator": spec.accumulator_format.name,
        "pipeline": spec.pipeline,
        "verified": "every pair" if verdict["exhaustive"] else f"{verdict['cycles']} cycles",
        **{name: cost[name] for name in ("target", "lut", "lut_kind", "carry", "ff", "dsp", "bram", "flow")},
        "fmax_mhz": round(cost["fmax"], 1) if cost["fmax"] is not None else None,
        "accuracy": round(accuracy["accuracy"], 5),
        "accuracy_stderr": round(accuracy["stderr"], 5),
        "sqnr_db": round(accuracy["sqnr_db"], 2),
        "energy_pj": round(energy["picojoules"], 4),
        "energy_low_pj": round(energy["low"], 4),
        "energy_high_pj": round(energy["high"], 4),
        "nand2": energy["nand2"],
    }
