"""What to try on the matrix product by table lookup of unit tellme."""

from __future__ import annotations

from sim.benches.lookup import plays, run

__all__ = ["plays", "run"]
