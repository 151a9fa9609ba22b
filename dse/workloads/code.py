"""The code that scores depend on, whatever the workload: formats, and how the golden model sums products.

Not the golden models of whole units: with a new unit no score is another.
"""

from __future__ import annotations

GOLDEN = (
    *("accumulators", "addition", "blocks", "codes", "compiled", "decoding", "direct", "encoding", "grid", "ladder"),
    *("matmul", "measures", "products", "rounding", "scaled", "sums", "tables", "tablesums", "terms"),
)
CODE = ("hw.formats", *(f"sim.golden.{name}" for name in GOLDEN))
"""Modules and packages, for `dse.essence.module_essence`."""
