"""What to try on a softmax: rows of every length and kind."""

from __future__ import annotations

from sim.benches.rows import coverage, plays, run

__all__ = ["FORMULA", "coverage", "plays", "run"]

FORMULA = "y[i] = exp(x[i] / steps) / Σ exp(x[k] / steps)"
