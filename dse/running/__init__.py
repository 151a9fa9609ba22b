"""What lists of matrix products take on designs: cycles by the exact formulas, traffic, energy, frames a second."""

from __future__ import annotations

from dse.running.lists import Run, run
from dse.running.plan import CanNotRun
from dse.running.table import Runs, fitted, runs

__all__ = ["CanNotRun", "Run", "Runs", "fitted", "run", "runs"]
