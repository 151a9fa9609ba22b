"""What a float unit does, for the page: equal counts of LUTs mean little if one of two designs does less."""

from __future__ import annotations

import hw
from hw.formats import Format, Minifloat


def semantics(spec: hw.Spec) -> list[str]:
    """What a float unit does: subnormals, NaN, rounding, overflow."""
    operands = [fmt for name, fmt in spec.port_formats.items() if name in ("a", "b")]
    result = next(fmt for name, fmt in reversed(spec.port_formats.items()))
    formats: list[Format] = [fmt for fmt in (*operands, result) if isinstance(fmt, Minifloat)]
    kept = all(fmt.subnormals for fmt in formats if isinstance(fmt, Minifloat))
    special = any(fmt.has_special for fmt in operands)
    product = getattr(spec, "product", "exact")
    # L-Mul, in all its semantics, counts a subnormal as zero.
    kept = kept and product == "exact"
    if not isinstance(result, Minifloat):
        rounding, overflow = "none: exact", "none"
        nan = "status port" if special else "no such code"
    else:
        rounding = "as L-Mul" if product != "exact" else getattr(spec, "rounding", "nearest_even").replace("_", " ")
        overflow = {"sat": "highest finite value", "inf": "infinity", "nan": "NaN"}[result.overflow]
        nan = "NaN in, NaN out" if special else "no such code"
    return ["kept" if kept else "flushed to zero", nan, rounding, overflow]
