"""What to try on a layer normalisation: rows of every length and kind, and parameters of all classes."""

from __future__ import annotations

from sim.benches.rows import coverage, plays, run

__all__ = ["FORMULA", "coverage", "plays", "run"]

FORMULA = "y[i] = (x[i] - mean(x)) / norm(x - mean(x)) * weight[i] + bias[i]"
