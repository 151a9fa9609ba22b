"""Accuracies of many arithmetics: each is evaluated once, and not at all if the shipped table has it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import hw
from dse import accuracies as module
from dse.accuracies import accuracies, data, listed, rows_of, score_of
from dse.store import Store
from dse.workloads.arithmetic import Arithmetic, parse_arithmetic
from dse.workloads.code import GOLDEN
from dse.workloads.workload import Gemm, Score, find_workload
from sim.golden import MODELS

NAMES = ("mnist-mlp", "mnist-cnn")


class Counted:
    """A workload that counts what it is asked."""

    name, unit = "counted", "share"
    layers: tuple[Gemm, ...] = ()

    def __init__(self) -> None:
        self.asked: list[str] = []

    def key(self, arithmetic: Arithmetic) -> str:
        return f"key of {arithmetic.within(100).name}"

    def evaluate(self, arithmetic: Arithmetic) -> Score:
        self.asked.append(arithmetic.within(100).name)
        return {"value": 0.5, "reference": 1.0, "loss": 50.0, "loss_stderr": 1.0, "cases": 9, "sqnr_db": 3.0}

    def screen(self, arithmetic: Arithmetic) -> float:
        return 20.0


def test_what_has_one_arithmetic_is_evaluated_once(tmp_path: Path) -> None:
    task = Counted()
    specs = ["mac/int8xint8", "array/int8xint8/4x4", "mac/int8xint8/exact/carrysave512/p3", "mac/int4xint4"]
    of = [hw.parse(name) for name in specs]
    with Store(tmp_path / "store.sqlite") as store:
        found = accuracies([*of, "int8xint8/exact/exact", parse_arithmetic("int4xint4/exact/sat30")], task, store)
        assert sorted(task.asked) == ["int4xint4/exact/exact", "int8xint8/exact/exact"]
        assert accuracies(of, task, store) == found[:4]
    assert len(task.asked) == 2
    assert len(found) == 6


def test_what_the_table_has_is_not_evaluated_unless_its_key_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Counted()
    known = score_of(
        {"value": ".9", "reference": ".95", "loss": "5", "loss_stderr": ".5", "cases": "7", "sqnr_db": "9"}
    )
    monkeypatch.setattr(module, "shipped", lambda: {"key of int8xint8/exact/exact": known, "key of old": known})
    with Store(tmp_path / "store.sqlite") as store:
        first, second = accuracies(["int8xint8/exact/exact", "int4xint4/exact/exact"], task, store)
    assert first == known
    assert second["cases"] == 9
    assert task.asked == ["int4xint4/exact/exact"]


def test_a_table_is_made_of_all_that_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dict.fromkeys(module.COLUMNS, "1") | {"workload": "mnist-cnn"}
    mine = other | {"workload": "counted"}
    monkeypatch.setattr(module, "WORKLOADS", {"counted": None, "mnist-cnn": None})
    monkeypatch.setattr(module, "rows_of", lambda path: [other, mine])
    monkeypatch.setattr(module, "shipped", dict)
    monkeypatch.setattr(module, "_found", lambda workload: Counted())
    with Store(tmp_path / "store.sqlite") as store:
        text = module.table([Counted()], store, 1)
    path = tmp_path / "table.csv"
    path.write_text(text)
    rows = rows_of(path)
    assert [row["workload"] for row in rows] == ["counted"] * len(listed()) + ["mnist-cnn"]
    assert [row["arithmetic"] for row in rows[:-1]] == [each.name for each in listed()]
    assert score_of(rows[0])["loss"] == 50
    assert "make accuracies" in text.splitlines()[0]


def test_the_table_that_comes_with_the_project_is_of_what_is_listed() -> None:
    rows = rows_of(data(module.TABLE))
    for name in NAMES:
        of = {row["arithmetic"]: score_of(row) for row in rows if row["workload"] == name}
        assert list(of) == [each.name for each in listed()]
        assert {score["cases"] for score in of.values()} == {5000}
        eight = of["int8xint8/exact/exact"]
        assert abs(eight["loss"]) < max(0.15, 2.5 * eight["loss_stderr"])
        assert of["int2xint2/exact/exact"]["loss"] > of["int4xint4/exact/exact"]["loss"] > 0


@pytest.mark.filterwarnings("default:dse/data")
def test_a_table_that_is_out_of_date_is_named() -> None:
    """A warning, not a failure: it costs time, but what has another key is evaluated anew wherever it is asked for."""
    rows = rows_of(data(module.TABLE))
    for name in NAMES:
        task = find_workload(name)
        row = next(row for row in rows if row["workload"] == name)
        if task.key(parse_arithmetic(row["arithmetic"])) != row["key"]:
            warnings.warn(f"dse/data/{module.TABLE} is out of date for {name}: `make accuracies`", stacklevel=1)


def test_what_can_not_be_evaluated_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        with pytest.raises(ValueError, match="workload must be one of mnist-mlp, .* got 'mnist'"):
            accuracies([], "mnist", store)
        with pytest.raises(ValueError, match="arithmetic 'int8': "):
            accuracies(["int8"], Counted(), store)
        with pytest.raises(ValueError, match="spec must be of a unit that multiplies matrices"):
            accuracies([hw.parse("add/fp16xfp16/fp16")], Counted(), store)
    path = tmp_path / "table.csv"
    path.write_text("# made\na,b\n1,2\n")
    with pytest.raises(ValueError, match=r"table.csv must have the columns workload, .* got \['a', 'b'\]"):
        rows_of(path)
    assert rows_of(tmp_path / "none.csv") == []
    assert module.main(["nothing"]) == 2
    assert capsys.readouterr().err.startswith("python -m dse.accuracies: workload must be one of mnist-mlp, ")


def test_scores_are_keyed_by_all_golden_code_that_computes_them_and_by_no_unit() -> None:
    program = """
import sys
from dse.workloads import minilm, networks, screening, transformer, valued
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.workload import find_workload
names = ["int4xint4/exact/exact", "e4m3xe4m3/lmul/exact", "e2m1xe2m1/exact/fp16", "int8xint8/exact/sat16"]
for name in [*names, "mxfp4xmxfp4/exact"]:
    find_workload("mnist-mlp").screen(parse_arithmetic(name))
print(*sorted(name[11:] for name in sys.modules if name.startswith("sim.golden.")))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    units = {entry.partition(":")[0].rpartition(".")[2] for entry in map(str, MODELS.values())}
    # What a unit's model is made of, and sums are not.
    beside = {"pairwise", "streams", "flagged"}
    assert {name for name in ran.stdout.split() if name not in units | beside} == set(GOLDEN)
