"""Cycles of cores that are simulated, each run compared with the golden model, beside those of the formula."""

from __future__ import annotations

import resource

import hw
from hw.specs.gemm import GemmSpec
from sim.benches.gemm import Planner
from sim.perform import perform

SEED = 1


def simulated(name: str, m: int, k: int, n: int) -> tuple[int, int, float]:
    """A run of m x k by k x n on a core: cycles that its register shows, those of the formula, and CPU seconds.

    Raises
    ------
    ValueError
        The shape does not fit the core.
    ToolError
        A tool is missing or failed, or a result is not that of the golden model.
    """
    spec = hw.parse(name)
    if not isinstance(spec, GemmSpec):
        raise ValueError(f"name must be that of a GEMM core, got {name!r}")
    spec.check_run(m, k, n)
    before = _cpu()
    (outcome,) = perform(spec, [Planner(spec, SEED).run((m, k, n), bias=False)])
    return outcome.cycles, int(spec.cycles(m, k, n)), _cpu() - before


def _cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
