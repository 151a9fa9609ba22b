"""The page of soft errors: what is said of the tables' ends."""

from __future__ import annotations

from typing import Any

import hw
from dse.studies.upsets import lessons


def fate(structure: str, **numbers: float) -> dict[str, Any]:
    shares = dict.fromkeys(("masked", "corrupted", "hanging", "detected", "error", "beyond", "changed", "images"), 0.0)
    return {"structure": structure, "bits": 8, "median": 1.0, "most": 2.0, **shares, **numbers}


def test_the_designs_that_move_least_and_most_are_named() -> None:
    numbers = {"mac/int4xint4": (0.5, 70.0), "mac/e4m3xe4m3": (0.25, 8.0), "mac/e5m2xe5m2": (0.75, 90.0)}
    found = [(hw.parse(name), [fate("all", median=half, most=nine)]) for name, (half, nine) in numbers.items()]
    # What is protected is no other format, and of one design alone nothing is the most.
    found += [(hw.parse("mac/int8xint8/parity"), [fate("all", median=9.0)]), (hw.parse("mul/int4xint4"), [fate("all")])]
    (line,) = "".join(lessons(found, [])).splitlines()
    int4, e4m3, e5m2 = (hw.parse(name).name for name in numbers)
    assert line == (
        f"- `mac`: half of the corrupted runs move least in `{e4m3}` (0.25) and most in `{e5m2}` (0.75); "
        f"nine of ten least in `{e4m3}` (8) and most in `{e5m2}` (90)."
    )
    assert int4 not in line


def test_of_a_core_it_is_said_where_answers_change() -> None:
    spec = hw.parse("gemm/int8xint8/4x4")
    fates = [fate("memory", changed=0.01), fate("control", changed=0.25), fate("all", masked=0.7, changed=0.02)]
    said = "".join(lessons([], [(spec, fates)]))
    assert "70.0 % are masked" in said and "2.0 % change an answer. Most do in control, of which 25.0 % do." in said
