"""What to try on the matrix product by table lookup of unit tellme."""

from __future__ import annotations

from sim.benches.lookup import coverage, plays, run

FORMULA = "y[i] = Σ W[i,k] * x[k], W of -1, 0, +1"

__all__ = ["coverage", "plays", "run"]
