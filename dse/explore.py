"""The main job: every design of a space generated, verified, measured and judged, and the frontier drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import hw
from costmodel.measure import check_tools
from dse import plots, report
from dse.crew import Workers, crew_of
from dse.jobs import Job, run, run_groups
from dse.making import accuracy_job, energy_job, measure_job, verify_job
from dse.space import Space
from dse.store import Store
from dse.workloads import WORKLOADS
from rtl_gen import emit, process
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import say, step
from rtl_gen.tools import ToolError

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


def explore(space: Space, folder: Path, store: Store, workers: Workers, tools: str = "wheel") -> Exploration:
    """Do all that a space asks for, and write table and plots.

    Parameters
    ----------
    space : Space
        What to compare.
    folder : Path
        Where ``pareto.csv``, the plots and the Verilog go.
    store : Store
        What is in it is not done again.
    workers : int or Crew
        Jobs at a time here, or who does them.
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
        return design_jobs(spec, space.targets, space.workload, network, folder / "sim", tools)

    with crew_of(workers) as crew:
        with step(f"writing the Verilog of {len(space.specs)} designs"), process.at_most(crew.here):
            groups = side_by_side([partial(jobs, spec) for spec in space.specs])
        found = list(zip(space.specs, run_groups(groups, store, crew), strict=True))
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
    tools: str = "wheel",
) -> dict[tuple[str, ...], Job]:
    """All that `rows_of` asks of a design, by what it is and, where it is another on each, the target."""
    # What takes seconds comes first: should one fail, little is waited for.
    return {
        ("accuracy",): accuracy_job(spec, WORKLOADS[task], network),
        ("energy",): energy_job(spec),
        **{("verify", target.name): verify_job(spec, target, logs) for target in targets},
        **{("measure", target.name): measure_job(spec, target, tools=tools) for target in targets},
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
