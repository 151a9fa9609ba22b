"""What a design costs where there are many: arrays of other sizes on a whole list."""

from __future__ import annotations

import resource

import numpy as np

from dse.running import Runs
from dse.workloads.gemms.product import GemmList
from hw.specs.gemm import GemmSpec

SIDES = np.arange(4, 129, 4)
"""Rows, and columns."""


def many(core: GemmSpec, listed: GemmList) -> tuple[int, float]:
    """How many designs, each with rows and columns of its own, and the CPU seconds of each."""
    sizes = np.stack([side.ravel() for side in np.meshgrid(SIDES, SIDES)], axis=1)
    table = Runs([core], listed)
    before = _cpu()
    table.columns(np.zeros(len(sizes), dtype=np.int64), sizes)
    return len(sizes), (_cpu() - before) / len(sizes)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
