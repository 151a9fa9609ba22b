"""The runs that make a layer's product on a core, one after the other, as `dse.running.plan` cuts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dse.running.plan import CanNotRun, plans
from hw.specs.gemm import GemmSpec

Range = tuple[int, int]


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes
    ----------
    group : int
    m, k, n : (int, int)
        Which rows, depth and columns of the group's product, the last not included.
    keep : bool
        Whether B, and what comes with it, is that of the run before.
    """

    group: int
    m: Range
    k: Range
    n: Range
    keep: bool

    @property
    def sizes(self) -> tuple[int, int, int]:
        """M, K and N."""
        m, k, n = (end - begin for begin, end in (self.m, self.k, self.n))
        return m, k, n


def runs(spec: GemmSpec, groups: int, m: int, k: int, n: int) -> list[Run]:
    """The runs of a product, of which each group has its own weights.

    Raises
    ------
    CanNotRun
        A ValueError: the core's memories are too small, and its results are no sums that a host could add.
    """
    sizes = [np.array([size]) for size in (m, k, n)]
    found = plans(spec, *sizes)
    best = min(found, key=lambda pieces: int(np.sum(pieces.times * spec.cycles(**pieces.shape))))
    tall, deep, wide = (int(best.shape[name].max()) for name in "mkn")
    if min(tall, deep, wide) < 1:
        raise CanNotRun(f"words must be {k} or more, got {spec.words}")
    return [
        Run(group, rows, depth, columns, rows[0] > 0)
        for group in range(groups)
        for depth in _ranges(k, deep)
        for columns in _ranges(n, wide)
        for rows in _ranges(m, tall)
    ]


def _ranges(total: int, most: int) -> Iterator[Range]:
    return ((begin, min(begin + most, total)) for begin in range(0, total, most))


def cycles(spec: GemmSpec, of: list[Run]) -> int:
    """Clock cycles of runs, by the core's formula; what the host does between them is not counted."""
    return sum(run_cycles(spec, each) for each in of)


def run_cycles(spec: GemmSpec, run: Run) -> int:
    """Clock cycles of one."""
    loaded: Any = spec.scope == "channel" and not run.keep
    return int(spec.cycles(*run.sizes, loaded))
