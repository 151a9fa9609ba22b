"""Exploring: the store, the jobs, spaces, the frontier, plots and tables."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hw
from costmodel.gates import count_gates
from dse.frontier import frontier
from dse.jobs import Job, run
from dse.making import gates_job
from dse.store import Store

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
        store._opened().execute(statement)
        with pytest.raises(ValueError, match=message):
            store.get("k", "a")


def test_jobs_with_one_key_are_done_once(tmp_path: Path) -> None:
    calls: list[int] = []
    job = Job("k", "key", "label", lambda: {"n": calls.append(1) or len(calls)})
    with Store(tmp_path / "store.sqlite") as store:
        assert run([job, job], store, 2) == [{"n": 1}, {"n": 1}]


def test_a_store_that_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store._opened().execute("PRAGMA max_page_count = 2")
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


def test_gates_are_counted_once_for_a_design(tmp_path: Path) -> None:
    jobs = [gates_job(hw.parse(f"mul/{name}x{name}")) for name in ("int2", "int2", "int3")]
    with Store(tmp_path / "store.sqlite") as store:
        small, again, large = run(jobs, store, 1)
    assert small == again == count_gates(hw.parse("mul/int2xint2")).to_dict()
    assert large["nand2"] > small["nand2"]


def test_sqlite_is_what_the_store_is(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.put("measure", "key", "a label", {"lut": 3})
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("SELECT kind, label, value ->> 'lut' FROM results").fetchall() == [
            ("measure", "a label", 3)
        ]
    connection.close()
