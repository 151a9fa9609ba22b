"""What designs are worth, where that depends on their arithmetic or their logic alone: found once for each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas

import hw
from costmodel.estimate.growth import samples
from dse.accuracies import accuracies
from dse.crew import Workers
from dse.jobs import run
from dse.making import energy_job
from dse.objectives import Objective
from dse.store import Store
from dse.table import placed
from dse.workloads.arithmetic import arithmetic_of
from dse.workloads.workload import find_workload

Columns = dict[str, Any]


def accuracy_columns(specs: Sequence[hw.Spec], workload: str, store: Store, workers: Workers) -> Columns:
    """The arithmetic of each spec, and how much a workload loses in it.

    Raises
    ------
    ValueError
        A unit multiplies no matrices, so no workload can use it.
    """
    task = find_workload(workload)
    deepest = max(layer.k for layer in task.layers)
    found = [arithmetic_of(spec, deepest) for spec in specs]
    distinct = {arithmetic.name: arithmetic for arithmetic in found}
    scores = dict(zip(distinct, accuracies(distinct.values(), task, store, workers), strict=True))
    names = [arithmetic.name for arithmetic in found]
    columns = {name: np.array([scores[of][name] for of in names]) for name in ("loss", "loss_stderr", "value")}
    return {"arithmetic": np.array(names, dtype=object), **columns}


def energy_columns(specs: Sequence[hw.Spec], workload: str, store: Store, workers: Workers) -> Columns:
    """pJ of an operation. Where a design has sizes, that of its smallest: each of its equal parts does the same."""
    small = [samples(spec)[0] if spec.sizes else spec for spec in specs]
    found = run([energy_job(spec) for spec in small], store, workers)
    names = {"energy_pj": "picojoules", "energy_low_pj": "low", "energy_high_pj": "high"}
    return {column: np.array([values[name] for values in found]) for column, name in names.items()}


JUDGES: dict[str, Callable[[Sequence[hw.Spec], str, Store, Workers], Columns]] = {
    "loss": accuracy_columns,
    "energy_pj": energy_columns,
}
"""What finds a column, and those that come with it, by the name of the column."""


def judged_columns(
    specs: Sequence[hw.Spec], asked: Sequence[Objective], workload: str, store: Store, workers: Workers
) -> Columns:
    """The columns that objectives need of specs, each of shape (specs,)."""
    found: Columns = {}
    for name, judge in JUDGES.items():
        if any(name in objective.columns for objective in asked):
            found |= judge(specs, workload, store, workers)
    return found


def judged(
    table: pandas.DataFrame, asked: Sequence[Objective], workload: str, store: Store, workers: Workers
) -> pandas.DataFrame:
    """Add the columns that objectives need which depend on a design's arithmetic or logic alone, such as ``loss``."""
    return table.assign(**judged_columns([of.spec for of in placed(table)], asked, workload, store, workers))
