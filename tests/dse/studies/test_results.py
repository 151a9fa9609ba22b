"""The page of the default space: rows as `macsmith explore` makes them, in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hw
from dse import explore
from dse.space import read
from dse.store import Store
from dse.studies.results import Results
from dse.workloads import digits
from rtl_gen.tools import ToolError


def values(spec: hw.Spec, lut: int, accuracy: float) -> dict[tuple[str, ...], dict[str, Any]]:
    verdict = {"spec": spec.name, "passed": True, "exhaustive": True, "cycles": 9, "failures": ["it is wrong"]}
    cost = {"target": "ecp5", "lut": lut, "lut_kind": "LUT4", "carry": 1, "ff": 2, "dsp": 0, "bram": 0, "fmax": None}
    return {
        ("verify", "ecp5"): verdict,
        ("measure", "ecp5"): {**cost, "flow": "synth"},
        ("energy",): {"picojoules": 0.2, "low": 0.1, "high": 0.3, "nand2": 7},
        ("accuracy",): {"accuracy": accuracy, "stderr": 0.007, "sqnr_db": 15.0},
    }


def study() -> Results:
    specs = (hw.parse("mac/int8xint8"), hw.parse("mac/int4xint4"))
    return Results(specs, (hw.parse_target("ecp5"),), network={"accuracy": 0.97})


def test_the_page_is_sorted_by_luts_and_names_the_flow() -> None:
    ours = study()
    made = ours.files([(spec, values(spec, lut, 0.96)) for spec, lut in zip(ours.rows, (100, 38), strict=True)])
    assert set(made) == {"results.md", "images/pareto_ecp5.png", "images/pareto_energy.png"}
    lines = str(made["results.md"]).splitlines()
    start = lines.index("## ecp5 (LUT4)")
    assert [line[:60] for line in lines[start + 4 : start + 6]] == [
        "| `mac/int4xint4/exact/kulisch1024/p1` * | 38 | a | 2 | no o",
        "| `mac/int8xint8/exact/kulisch1024/p1` | 100 | a | 2 | no op",
    ]
    assert lines[-1] == "Flow: that of those tried with the fewest LUTs, a `synth`."


def test_a_design_that_is_wrong_is_not_on_the_page() -> None:
    ours = study()
    found = [(spec, values(spec, 1, 0.9)) for spec in ours.rows]
    found[1][1]["verify", "ecp5"]["passed"] = False
    with pytest.raises(ToolError, match="mac/int4xint4.* differs from its golden model: it is wrong"):
        ours.files(found)


def test_it_asks_for_what_make_pareto_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "train", lambda: {"accuracy": 0.5})
    space = read(None)
    with Store(tmp_path / "store.sqlite") as store:
        ours = Results.load().prepared(store)
        assert ours.network == explore.trained(space.workload, store) == {"accuracy": 0.5}
    assert (ours.rows, ours.targets) == (space.specs, space.targets)
    spec = hw.parse("mac/int2xint2")
    theirs = explore.design_jobs(spec, space.targets, space.workload, ours.network, tmp_path)
    asked = {(job.kind, job.key) for job in ours.jobs(spec, tmp_path).values()}
    assert asked == {(job.kind, job.key) for job in theirs.values()}
