"""Jobs of two runs, of a killed one, and of a store that holds something odd."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, TypedDict, get_type_hints

import pytest

from dse import jobs
from dse.claims import Claims
from dse.jobs import Job, run
from dse.shapes import fault
from dse.store import Store

PROGRAM = textwrap.dedent("""
    import os, signal, sys, time
    from pathlib import Path
    from dse.jobs import Job, run
    from dse.store import Store

    folder, kill = Path(sys.argv[1]), sys.argv[2] == "kill"
    def work(n):
        def do():
            with (folder / "log").open("a") as log:
                log.write(f"{n} ")
            if kill and n == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.3)
            return {"n": n}
        return do
    with Store(folder / "store.sqlite") as store:
        print([r["n"] for r in run([Job("k", str(n), f"job {n}", work(n)) for n in range(8)], store, 1)])
""")


def begin(folder: Path, kill: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder), "kill" if kill else ""]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_runs_share_the_work(tmp_path: Path) -> None:
    said = [each.communicate() for each in [begin(tmp_path), begin(tmp_path)]]
    assert [out for out, _ in said] == ["[0, 1, 2, 3, 4, 5, 6, 7]\n"] * 2
    assert sorted((tmp_path / "log").read_text().split()) == [*"01234567"]
    assert {path.name for path in tmp_path.iterdir()} == {"log", "store.sqlite"}


def test_a_killed_run_s_claims_are_gone(tmp_path: Path) -> None:
    killed = begin(tmp_path, kill=True)
    killed.communicate()
    assert killed.returncode == -9
    out, err = begin(tmp_path).communicate()
    assert out == "[0, 1, 2, 3, 4, 5, 6, 7]\n", err
    assert (tmp_path / "log").read_text().split() == [*"012", *"234567"]
    assert {path.name for path in tmp_path.iterdir()} == {"log", "store.sqlite"}


def test_what_another_run_has_just_stored_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(tmp_path / "s") as store, Store(tmp_path / "s") as other:

        def first() -> dict[str, Any]:
            other.put("k", "b", "b", {"by": "other"})
            return {"by": "us"}

        done = run([Job("k", "a", "a", first), Job("k", "b", "b", lambda: {"by": "us"})], store, 1)
    assert [value["by"] for value in done] == ["us", "other"]
    assert "b (by another run)" in capsys.readouterr().err


def test_a_job_that_another_run_gives_up_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK", 0.01)
    refusals = [False, False, True]
    with Store(tmp_path / "s") as store:
        monkeypatch.setattr(store.claims, "take", lambda kind, key: refusals.pop(0))
        assert run([Job("k", "a", "a", lambda: {"n": 1})], store, 1) == [{"n": 1}]
    assert refusals == []


def test_claims_where_no_file_can_be_are_granted(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "none" / "store")
    assert claims.take("k", "a")
    claims.drop("k", "a")
    claims.close()


class Inner(TypedDict):
    n: int


class Fields(TypedDict):
    name: str
    size: int
    speed: float | None
    speeds: list[float]
    versions: dict[str, str]
    inner: list[Inner]


FIELDS = get_type_hints(Fields)
RIGHT = {"name": "x", "size": 1, "speed": 1.5, "speeds": [1, 2.5], "versions": {"a": "1"}, "inner": [{"n": 1}]}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, ""),
        ({"speed": None}, ""),
        ({"more": 1}, ""),
        ({"name": 1}, "has no str for name, but 1"),
        ({"size": "1"}, "has no int for size, but '1'"),
        ({"size": True}, "has no int for size, but True"),
        ({"size": 1.5}, "has no int for size, but 1.5"),
        ({"speed": "fast"}, r"has no float | None for speed, but 'fast'"),
        ({"speeds": [1, None]}, "has no list[float] for speeds, but [1, None]"),
        ({"versions": {"a": 1}}, "has no dict[str, str] for versions, but {'a': 1}"),
        ({"inner": [{}]}, "for inner, but [{}]"),
    ],
)
def test_what_is_wrong_with_a_result(change: dict[str, Any], wrong: str) -> None:
    said = fault(RIGHT | change, FIELDS)
    assert wrong in said and bool(wrong) == bool(said)


def test_a_result_that_lacks_a_field_is_made_anew_and_the_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "store.sqlite"
    job = Job("k", "a", "do a", lambda: {"lut": 1}, {"lut": int})
    for bad, wrong in [("{}", "lacks lut"), ('{"lut": "1"}', "has no int for lut, but '1'"),
                       ("[]", "is no table of values"), ("{", "can't be read")]:  # fmt: skip
        with Store(path) as store:
            store.put("k", "a", "do a", {})
            with sqlite3.connect(path) as connection:
                connection.execute("UPDATE results SET value = ?", (bad,))
            connection.close()
            assert run([job], store, 1) == [{"lut": 1}]
            assert store.get("k", "a") == {"lut": 1}
        assert f"{path}: the result of `do a` {wrong}, so it is made anew\n" in capsys.readouterr().err


def test_a_part_is_kept(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        assert store.keep("part", "a", "a", {"n": int}, lambda: {"n": 1}) == {"n": 1}
        assert store.keep("part", "a", "a", {"n": int}, lambda: {"n": 2}) == {"n": 1}
        assert store.keep("part", "a", "a", {"m": int}, lambda: {"m": 3}) == {"m": 3}
