"""What an exploration leaves in its folder: the table, the report, the plots, and all that makes it again."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas

from costmodel.targets import load
from costmodel.tools import TOOLS as MEASURING
from dse.columns import COLUMNS
from dse.explore import Exploration
from dse.objectives import OBJECTIVES, Objective
from dse.reporting.report import write_report
from dse.tools import TOOLS as EXPLORING
from rtl_gen import write_atomic
from rtl_gen.tools import TOOLS as WRITING
from rtl_gen.tools import ToolError, package_version
from sim.tools import TOOLS as SIMULATING

WRITTEN = ("table.csv", "report.html", "space.toml", "run.json")
"""What every run's folder has, beside pictures."""


def write(found: Exploration, text: bytes, folder: Path) -> list[Path]:
    """Write ``table.csv``, ``report.html``, the pictures, ``space.toml`` and ``run.json``.

    Parameters
    ----------
    found : Exploration
    text : bytes
        The space's file.
    folder : Path
        Made if needed.

    Returns
    -------
    The paths written, the table first.

    Raises
    ------
    OSError
        The folder can't be written.
    """
    table = folder / "table.csv"
    write_csv(found.table, table)
    title = found.space.question or "Which design?"
    goals = found.space.objectives
    shown = [*goals, *_others(found.table, goals)]
    written = [table, *write_report(found.table, shown, folder, title, frontier_of=goals)]
    for name, content in (("space.toml", text), ("run.json", _run(found).encode())):
        write_atomic(folder / name, content)
        written.append(folder / name)
    return written


def _others(table: pandas.DataFrame, goals: Sequence[Objective]) -> list[Objective]:
    """What else is known of designs, and not the same of all."""
    found = []
    for objective in OBJECTIVES.values():
        if objective not in goals and any(name in table for name in (objective.column, objective.estimated)):
            values = objective.best(table).values
            if np.isfinite(values).any() and np.nanmin(values) < np.nanmax(values):
                found.append(objective)
    return found


def write_csv(table: pandas.DataFrame, path: Path) -> None:
    """Write a table, declared columns first, in the order of `COLUMNS`, under a line for each that says what it is."""
    ordered = [*(name for name in COLUMNS if name in table), *(name for name in table if name not in COLUMNS)]
    said = [f"# {name}: {COLUMNS[name].meaning} ({COLUMNS[name].source})" for name in ordered if name in COLUMNS]
    write_atomic(path, "\n".join([*said, table[ordered].to_csv(index=False, lineterminator="\n")]))


def _run(found: Exploration) -> str:
    """What made a table: versions, seeds, how many designs, and what each round did."""
    flows = {target.name: load(target.name) for target in found.space.targets}
    said = {
        "macsmith": package_version("macsmith"),
        "python": platform.python_version(),
        "tools": versions(),
        "seeds": {name: flow.place["seeds"] for name, flow in flows.items() if flow.place},
        "designs": {"estimated": len(found.screened.rows), "may be on the frontier": len(found.screened.numbers)},
        "left out": dict(found.screened.rows.pool.refused.most_common()),
        "unknown": found.screened.unknown,
        "rounds": [asdict(done) for done in found.rounds],
        "stands": found.stands,
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def versions() -> dict[str, str]:
    """The tools that have a say, and their versions."""
    found = {}
    for tool in (*WRITING, *SIMULATING, *MEASURING, *EXPLORING):
        try:
            found[tool.name] = tool.find()
        except ToolError:
            found[tool.name] = "absent"
    return found
