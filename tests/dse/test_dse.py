"""Exploring: the store, the jobs, spaces, the frontier, plots and tables."""

from __future__ import annotations

import csv
import math
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hw
from costmodel.gates import count_gates
from dse import plots, report
from dse.explore import explore
from dse.frontier import frontier
from dse.jobs import Job, run
from dse.making import accuracy_job, gates_job
from dse.space import Space, from_tables, read
from dse.store import Store
from dse.workloads import digits
from hw.spec import UNITS

DESIGNS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


@given(DESIGNS)
def test_the_frontier_is_what_nothing_beats(designs: list[tuple[int, int]]) -> None:
    cost, worth = np.array(designs).reshape(-1, 2).T
    unbeaten = {
        i for i, (c, w) in enumerate(designs) if not any((d <= c and v >= w) and (d, v) != (c, w) for d, v in designs)
    }
    found = frontier(cost, worth).tolist()
    assert set(found) == unbeaten
    assert [cost[i] for i in found] == sorted(cost[i] for i in found)


def test_what_the_frontier_refuses() -> None:
    with pytest.raises(ValueError, match=r"one shape \(n,\), got \(2,\) and \(1,\)"):
        frontier([1, 2], [1])
    with pytest.raises(ValueError, match="must not be NaN"):
        frontier([1, np.nan], [1, 2])


def test_the_store_keeps_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "below" / "store.sqlite"
    with Store(path) as store:
        assert store.get("k", "a") is None
        store.put("k", "a", "label", {"x": [1, 2.5, None]})
        store.put("k", "a", "label", {"x": 1})
    with Store(path) as store:
        assert store.get("k", "a") == {"x": 1}
        assert store.get("other", "a") is None


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_text("not a database, but long enough to have a header, surely" * 20)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="store.sqlite can't be used as a store: file is not a database; move it away"):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_that_is_refused_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite"
    path.write_text("not a database")
    opened, connect = [], sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **b: opened.append(connect(*a, **b)) or opened[-1])
    with pytest.raises(ValueError, match="can't be used as a store"):
        Store(path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        opened[0].execute("SELECT 1")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ALTER TABLE results RENAME COLUMN value TO other", "can't be used as a store: no such column: value"),
    ],
)
def test_a_damaged_store_is_named(statement: str, message: str, tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.put("k", "a", "label", {"x": 1})
        store._connection.execute(statement)
        with pytest.raises(ValueError, match=message):
            store.get("k", "a")


def test_jobs_with_one_key_are_done_once(tmp_path: Path) -> None:
    calls: list[int] = []
    job = Job("k", "key", "label", lambda: {"n": calls.append(1) or len(calls)})
    with Store(tmp_path / "store.sqlite") as store:
        assert run([job, job], store, 2) == [{"n": 1}, {"n": 1}]


def test_a_store_that_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store._connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(OSError, match="store.sqlite can't be written: database or disk is full"):
            store.put("k", "a", "label", {"x": "y" * 100_000})
        assert store.get("k", "a") is None


def test_jobs_run_once_and_keep_what_is_done_when_one_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[str] = []

    def job(name: str) -> Job:
        def work() -> dict[str, str]:
            calls.append(name)
            if name == "bad" and calls.count("bad") == 1:
                raise RuntimeError("once")
            return {"name": name}

        return Job("k", name, f"do {name}", work)

    jobs = [job(name) for name in ("a", "b", "bad", "c")]
    with Store(tmp_path / "store.sqlite") as store:
        with pytest.raises(RuntimeError, match="once"):
            run(jobs, store, 1)
        assert [value["name"] for value in run(jobs, store, 1)] == ["a", "b", "bad", "c"]
    assert (calls.count("a"), calls.count("b"), calls.count("bad")) == (1, 1, 2)
    assert "reused 2 of 4 results" in capsys.readouterr().err


def test_a_killed_run_resumes(tmp_path: Path) -> None:
    """The process is killed with SIGKILL in its third job; the next run does only what is missing."""
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from dse.jobs import Job, run
        from dse.store import Store

        folder = Path(sys.argv[1])
        def work(n):
            def do():
                if n == 2 and not (folder / "killed").exists():
                    (folder / "killed").touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                with (folder / "log").open("a") as log:
                    log.write(f"{n} ")
                return {"n": n}
            return do
        with Store(folder / "store.sqlite") as store:
            print([r["n"] for r in run([Job("k", str(n), f"job {n}", work(n)) for n in range(5)], store, 1)])
    """)
    first, second = (
        subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert first.returncode == -9
    assert second.stdout.strip() == "[0, 1, 2, 3, 4]", second.stderr
    done = (tmp_path / "log").read_text().split()
    assert done == list("01234")


def test_a_space_is_all_combinations() -> None:
    table = {"operands": ["int4xint4", "e2m1xint4"], "pipeline": [0, 2], "accumulator": "kulisch64"}
    space = from_tables({"targets": ["ice40"], "mac": [table, table]})
    assert [spec.name for spec in space.specs] == [
        "mac/int4xint4/exact/kulisch64/p0",
        "mac/int4xint4/exact/kulisch64/p2",
        "mac/e2m1xint4/exact/kulisch64/p0",
        "mac/e2m1xint4/exact/kulisch64/p2",
    ]
    assert space.workload == "digits"


def test_the_default_space_has_what_people_compare_first() -> None:
    names = {spec.name.rsplit("/", 2)[0] for spec in read(None).specs}
    exact = {f"mac/{f}x{f}/exact" for f in ("int4", "int8", "e4m3", "e5m2", "e2m1", "e3m2")}
    assert exact | {"mac/e4m3xe4m3/lmul", "mac/e5m2xe5m2/lmul"} <= names
    assert [target.name for target in read(None).targets] == ["ecp5", "ice40", "xcup"]


MAC = [{"operands": ["int4xint4"]}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"targets": ["ecp5"]}, r"there is nothing to explore: add a table \[\[mac\]\]"),
        ({"mac": MAC}, "targets must be a list of one name or more, got None"),
        ({"mac": MAC, "targets": ["virtex"]}, "unknown target 'virtex'"),
        ({"mac": MAC, "targets": ["generic"]}, "target 'generic' can't be measured"),
        ({"mac": MAC, "targets": ["ecp5"], "workload": "chess"}, "workload must be one of digits, got 'chess'"),
        (
            {"mac": MAC, "targets": ["ecp5"], "macs": 1},
            "unknown key macs; known are limit, targets, workload, mac; did you mean mac?",
        ),
        ({"mac": [{}], "targets": ["ecp5"]}, r"a \[\[mac\]\] needs operands, a list of AxB, got None"),
        ({"mac": [{"operands": ["int4"]}], "targets": ["ecp5"]}, "operands must be written AxB, got 'int4'"),
        ({"mac": [{"operands": ["int4xint4"], "speed": 1}], "targets": ["ecp5"]}, "a mac has no speed"),
        ({"mac": [{"operands": [4]}], "targets": ["ecp5"]}, "operands must be written AxB, got 4"),
        ({"mac": MAC, "targets": []}, r"targets must be a list of one name or more, got \[\]"),
        ({"mac": MAC, "targets": ["ecp5"], "workload": ["digits"]}, r"workload must be a str, got \['digits'\]"),
        ({"mac": [{"operands": ["int4xint4"], "a": "int8"}], "targets": ["ecp5"]}, "a list of AxB, in place of a"),
        ({"mac": [{"operands": ["int4xint4"], "pipeline": []}], "targets": ["ecp5"]}, "one value or more for pipeline"),
        ({"mac": [1], "targets": ["ecp5"]}, r"mac must be a list of tables, written \[\[mac\]\], got \[1\]"),
        ({"mac": 4, "targets": ["ecp5"]}, r"mac must be a list of tables, written \[\[mac\]\], got 4"),
        ({"mac": MAC, "targets": ["ecp5"] * 2 + [True]}, "a target's name must be a str, got True of type bool"),
        ({"mac": MAC, "targets": ["ecp-5"]}, r"unknown target 'ecp-5'.*; did you mean ecp5\?"),
        ({"mac": MAC, "targets": ["ecp5"], "limit": True}, "limit must be an int, got True"),
        ({"mac": MAC, "targets": ["ecp5"], "limit": 0}, "limit must be 1..100000, got 0"),
        ({"mac": [{"operands": "int4xint4"}], "targets": ["ecp5"]}, "needs operands, a list of AxB, got 'int4xint4'"),
        ({"mac": [{**MAC[0], "pipeline": math.nan}], "targets": ["ecp5"]}, "pipeline must be an int, got nan of type"),
        (
            {"mac": [{**MAC[0], "pipeline": [1, True]}], "targets": ["ecp5"]},
            "pipeline must be an int, got True of type",
        ),
        ({"mac": [{**MAC[0], "pipeline": [[1]]}], "targets": ["ecp5"]}, r"pipeline must be an int, got \[1\] of type"),
        ({"mac": [{**MAC[0], "pipeline": 1 << 9999}], "targets": ["ecp5"]}, "must be 0..99, got an int of 10000 bits"),
        (
            {"mac": [{**MAC[0], "accumulator": "sat7"}], "targets": ["ecp5"]},
            r"^a \[\[mac\]\] of int4xint4: width must be at least 8, that of a product",
        ),
    ],
)
def test_what_a_space_refuses(data: dict, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        from_tables(data)


@pytest.mark.parametrize("unit", sorted(set(UNITS) - {"mac"}))
@pytest.mark.parametrize("table", [[], [{}], [{"operands": ["int8xint8"]}], 1])
def test_a_space_takes_only_macs(unit: str, table: object) -> None:
    message = rf"^explore compares MACs only yet: a space has tables \[\[mac\]\], and no \[\[{unit}\]\]$"
    with pytest.raises(ValueError, match=message):
        from_tables({"targets": ["ecp5"], "mac": MAC, unit: table})
    with pytest.raises(
        ValueError, match="specs must be MACs, for explore compares nothing else yet, got mul/int8xint8"
    ):
        Space((hw.parse("mul/int8xint8"),), (hw.parse_target("ecp5"),), "digits")


def test_what_a_space_says_twice_counts_once() -> None:
    table = {"operands": ["int4xint4"] * 3, "pipeline": [1] * 200_000, "form": ["small", "small", "fast"]}
    space = from_tables({"targets": ["ice40", "ecp5", "ice40"], "mac": [table, table]})
    assert [target.name for target in space.targets] == ["ice40", "ecp5"]
    assert [spec.name.split("/")[-2:] for spec in space.specs] == [["kulisch1024", "p1"], ["p1", "fast"]]
    assert Space(space.specs * 2, space.targets * 2, "digits") == space


def test_a_space_has_a_limit_and_may_raise_it() -> None:
    widths = range(1, 17)
    table = {
        "operands": [f"int{a}xint{b}" for a in widths for b in widths],
        "pipeline": [0, 1, 2, 3, 4],
        "form": ["small", "fast", "dsp"],
        "accumulator": ["kulisch64", "kulisch128", "kulisch256", "kulisch512"],
    }
    data = {"targets": ["ice40", "ecp5"], "mac": [table]}
    message = (
        "^15360 designs on 2 targets are 30720 rows, and the limit is 1000: "
        "take values out, or write limit = 30720 before the first table$"
    )
    with pytest.raises(ValueError, match=message):
        from_tables(data)
    with pytest.raises(ValueError, match="^15360 designs on 1 target are 15360 rows, and the limit is 15359: take"):
        from_tables({**data, "targets": ["ice40"], "limit": 15359})
    small = {"operands": ["int4xint4"], "pipeline": [0, 1]}
    with pytest.raises(ValueError, match="^2 designs on 1 target are 2 rows, and the limit is 1: take values out, or"):
        from_tables({"targets": ["ice40"], "mac": [small], "limit": 1})
    assert len(from_tables({"targets": ["ice40"], "mac": [small], "limit": 2}).specs) == 2
    with pytest.raises(ValueError, match="are 768000000 rows, and the limit is 100000: take values out$"):
        from_tables({**data, "limit": 100_000, "mac": [{**table, "product": [f"p{i}" for i in range(25_000)]}]})


def test_what_a_target_can_not_have_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    space = Space((hw.parse("mac/int8xint8/exact/kulisch/p1/dsp"),), (hw.parse_target("machxo2"),), "digits")
    with (
        Store(tmp_path / "s") as store,
        pytest.raises(ValueError, match="^mac/int8xint8/.*/dsp: form must be small or fast for Lattice MachXO2"),
    ):
        explore(space, tmp_path / "out", store, 1)
    assert not (tmp_path / "out").exists()


def test_a_failing_accuracy_names_its_design() -> None:
    def accuracy(spec: hw.Spec, network: dict) -> dict:
        raise ValueError("a product was infinite")

    workload = SimpleNamespace(accuracy=accuracy, accuracy_key=lambda spec: "key", Accuracy=digits.Accuracy)
    with pytest.raises(ValueError, match="^mac/int8xint8/exact/kulisch1024/p1: a product was infinite$"):
        accuracy_job(hw.parse("mac/int8xint8"), workload, {}).work()


def test_gates_are_counted_once_for_a_design(tmp_path: Path) -> None:
    jobs = [gates_job(hw.parse(f"mul/{name}x{name}")) for name in ("int2", "int2", "int3")]
    with Store(tmp_path / "store.sqlite") as store:
        small, again, large = run(jobs, store, 1)
    assert small == again == count_gates(hw.parse("mul/int2xint2")).to_dict()
    assert large["nand2"] > small["nand2"]


def test_a_space_file_names_itself_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    for content in (b"targets = [", b"\xff\xfe", b"x = " + b"[" * 5000):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"space\.toml: "):
            read(path)


def row(spec: str, target: str, lut: int, accuracy: float, energy: float, product: str = "exact") -> report.Row:
    return {
        **dict.fromkeys(report.COLUMNS), "spec": spec, "a": spec, "b": spec, "product": product, "pipeline": 1,
        "target": target, "lut": lut, "lut_kind": "LUT4", "fmax_mhz": 100.0, "accuracy": accuracy,
        "accuracy_stderr": 0.01, "energy_pj": energy,
    }  # fmt: skip


def some_rows() -> list[report.Row]:
    rows = [
        row("int4", "ecp5", 70, 0.90, 0.1), row("e4m3", "ecp5", 200, 0.95, 0.3), row("int8", "ecp5", 210, 0.94, 0.2),
        row("int4", "ice40", 60, 0.90, 0.1), row("e4m3", "ice40", 220, 0.95, 0.3), row("int8", "ice40", 210, 0.94, 0.2),
    ]  # fmt: skip
    report.mark(rows)
    return rows


def test_rows_know_whether_they_are_on_a_frontier(tmp_path: Path) -> None:
    rows = some_rows()
    assert [r["frontier_lut"] for r in rows] == [1, 1, 0, 1, 1, 1]
    assert [r["frontier_energy"] for r in rows] == [1] * 6
    report.write_csv(rows, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open() as file:
        read_back = list(csv.DictReader(file))
    assert list(read_back[0]) == report.COLUMNS
    assert [r["lut"] for r in read_back] == ["70", "200", "210", "60", "220", "210"]


def test_the_frontier_as_a_table() -> None:
    rows = some_rows()
    axis = report.axes(rows, {"ecp5": "Lattice ECP5", "ice40": "Lattice iCE40"})[0]
    assert report.frontier_table(axis, rows).splitlines() == [
        "frontier: LUT4s on Lattice ECP5  LUT  MHz    accuracy %  est. pJ",
        "int4                              70  100  90.00 ± 1.00    0.100",
        "e4m3                             200  100  95.00 ± 1.00    0.300",
    ]


def test_plots_are_drawn_and_repeat(tmp_path: Path) -> None:
    rows = some_rows()
    for axis in report.axes(rows, {"ecp5": "Lattice ECP5", "ice40": "Lattice iCE40"}):
        png, svg = plots.pareto(axis, rows, 0.96, tmp_path)
        assert png.read_bytes().startswith(b"\x89PNG")
        text = svg.read_text()
        assert all(name in text for name in ("int4", "int8", "e4m3", "frontier", "float64"))
        again = tmp_path / "again"
        assert plots.pareto(axis, rows, 0.96, again)[1].read_text() == text


def test_sqlite_is_what_the_store_is(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.put("measure", "key", "a label", {"lut": 3})
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("SELECT kind, label, value ->> 'lut' FROM results").fetchall() == [
            ("measure", "a label", 3)
        ]
    connection.close()
