"""What to try on the matrix product by table lookup of unit tellme."""

from __future__ import annotations

from sim.benches.lookup import coverage, plays, run

__all__ = ["coverage", "plays", "run"]
