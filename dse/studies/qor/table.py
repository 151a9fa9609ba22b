"""The numbers of docs/qor.csv: what was measured, and ratios of ours to the best of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dse.csvfile import csv_text
from dse.studies.qor.rows import Result

COLUMNS = ["target", "title", "spec", "variant", "lut_kind", "lut", "carry", "ff", "dsp", "levels", "fmax_mhz"]
COLUMNS += ["lut_ratio", "lut_per_mhz_ratio", "verified", "unplaced", "flow"]


def table(results: Sequence[Result]) -> list[dict[str, Any]]:
    """A line for each result, with `COLUMNS`: ratios are to the better of plain and Booth in each measure."""
    lines = []
    for result in results:
        cost, measures = result.cost, (_lut, _lut_per_mhz)
        rivals = [r.cost for r in results if r.row == result.row and r.cost["target"] == cost["target"]
                  and r.variant in ("stock", "booth")]  # fmt: skip
        lines.append(
            {
                "title": result.row.title,
                "spec": result.row.spec.name,
                "variant": result.variant,
                **{name: cost[name] for name in ("target", "lut_kind", "lut", "carry", "ff", "dsp", "levels")},
                "fmax_mhz": None if cost["fmax"] is None else round(cost["fmax"], 1),
                **dict(zip(COLUMNS[11:13], (_ratio(of, cost, rivals) for of in measures), strict=True)),
                "verified": _verified(result.verdict),
                "unplaced": cost["unplaced"],
                "flow": cost["flow"],
            }
        )
    return lines


def _verified(verdict: dict[str, Any] | None) -> str:
    """What a verdict says."""
    if verdict is None:
        return ""
    if not verdict["passed"]:
        return "FAILED"
    return "every pair" if verdict["exhaustive"] else "corners and random pairs"


def _lut(cost: dict[str, Any]) -> float | None:
    return cost["lut"]


def _lut_per_mhz(cost: dict[str, Any]) -> float | None:
    return None if cost["fmax"] is None else cost["lut"] / cost["fmax"]


def _ratio(of: Any, cost: dict[str, Any], rivals: Sequence[dict[str, Any]]) -> float | None:
    best = min((value for rival in rivals if (value := of(rival)) is not None), default=None)
    mine = of(cost)
    return round(mine / best, 3) if mine is not None and best else None


def to_csv(results: Sequence[Result]) -> str:
    """The file docs/qor.csv."""
    return csv_text("", COLUMNS, table(results))
