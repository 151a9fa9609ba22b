"""What designs are compared by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import hw
from dse.jobs import Job
from dse.making import energy_job, gates_job, measure_job


@dataclass(frozen=True)
class Measure:
    """Something to compare designs by.

    Attributes
    ----------
    unit : str
        What it counts.
    job : callable
        The job that measures a design, on a target if that matters.
    value : callable
        What is compared, of the job's result.
    placed : bool
        Whether it depends on the target.
    shared : bool
        Whether products share it: a cost, that is divided by their number a cycle.
    """

    unit: str
    job: Callable[[hw.Spec, hw.Target], Job]
    value: Callable[[Mapping[str, Any]], float]
    placed: bool = True
    shared: bool = True


def _counted(spec: hw.Spec, target: hw.Target) -> Job:
    return measure_job(spec, target, timed=False)


MEASURES: dict[str, Measure] = {
    "lut": Measure("LUTs", _counted, lambda cost: cost["lut"]),
    "mhz": Measure("MHz", measure_job, lambda cost: cost["fmax"], shared=False),
    "lut/mhz": Measure("LUTs for each MHz", measure_job, lambda cost: cost["lut"] / cost["fmax"]),
    "gates": Measure("gates", lambda spec, _: gates_job(spec), lambda gates: gates["nand2"], placed=False),
    "energy": Measure("pJ", lambda spec, _: energy_job(spec), lambda energy: energy["picojoules"], placed=False),
}
