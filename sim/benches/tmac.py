"""What to try on the matrix product by table lookup of unit tmac."""

from __future__ import annotations

from sim.benches.lookup import coverage, plays, run

FORMULA = "y[i] = Σ W[i,k] * x[k] = Σ 2^p * Σ W_p[i,k] * x[k], W_p the bits of W that count 2^p"

__all__ = ["coverage", "plays", "run"]
