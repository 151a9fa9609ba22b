"""Jobs on a real Dask cluster: a scheduler and workers on this machine, some of which are killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import hw
from dse import cluster
from dse.cluster import AHEAD, Cluster
from dse.job import Job, Value
from dse.jobs import run
from dse.making import part_job
from dse.store import Store
from macsmith.cli import main
from rtl_gen import process
from rtl_gen.tools import ToolError

pytest.importorskip("distributed")

ELSEWHERE = str(Path(__file__).parent / "elsewhere")
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([ELSEWHERE, *filter(None, sys.path)])}
Start = Callable[[], "subprocess.Popen[bytes]"]


def begin(folder: Path, what: str, *options: str) -> subprocess.Popen[bytes]:
    """A scheduler or a worker, that finds the others by a file in the folder."""
    file = str(folder / "scheduler.json")
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", file, "--host", "127.0.0.1"]
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(
            [*command, "--no-dashboard", *options], env=ENVIRONMENT, cwd=folder, stdout=said, stderr=said
        )


def end(started: subprocess.Popen[bytes]) -> None:
    started.kill()
    started.wait()


def address_of(folder: Path) -> str:
    file = folder / "scheduler.json"
    while True:
        try:
            return str(json.loads(file.read_text())["address"])
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of a scheduler with a worker."""
    folder = tmp_path_factory.mktemp("cluster")
    started = [begin(folder, "scheduler", "--port", "0"), worker(folder)]
    yield folder
    for each in started:
        end(each)


def worker(folder: Path) -> subprocess.Popen[bytes]:
    """With one thread, and nobody who begins it again."""
    return begin(folder, "worker", "--no-nanny", "--nthreads", "1", "--local-directory", str(folder))


@pytest.fixture
def address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The scheduler's, once it has a worker."""
    # A machine with much to do is given time.
    monkeypatch.setattr(cluster, "PATIENCE", 60.0)
    return address_of(folder)


def squares(tinyjobs: Any, log: Path, count: int = 24, seconds: float = 0.05) -> list[Job]:
    work = [partial(tinyjobs.square, n, str(log), seconds) for n in range(count)]
    return [Job("square", f"{log} {n}", f"square {n}", each) for n, each in enumerate(work)]


def begun(log: Path) -> list[tuple[str, int]]:
    """Which jobs were begun, by which process, in that order."""
    return [(n, int(pid)) for n, pid in map(str.split, log.read_text().splitlines())]


def test_a_worker_is_killed_and_nothing_is_lost_or_done_twice(
    address: str, folder: Path, tinyjobs: Any, tmp_path: Path
) -> None:
    log, second, stored = tmp_path / "log", worker(folder), []
    jobs = squares(tinyjobs, log)

    def watch(job: Job, value: Value) -> str:
        if second.returncode is None:
            stored.append(job.label.split()[-1])
            # It has had some to do, and has one under way.
            if [pid for _, pid in begun(log)].count(second.pid) >= 3:
                end(second)
        return ""

    with Cluster(address) as crew:
        crew._client.wait_for_workers(2)
    with Cluster(address) as crew, Store(tmp_path / "s") as store:
        found = run(jobs, store, crew, watch)
        assert [value["n"] for value in found] == [n * n for n in range(24)]
        assert [store.get(job.kind, job.key) for job in jobs] == found
    assert second.returncode == -signal.SIGKILL
    times = Counter(n for n, _ in begun(log))
    again = {n for n, count in times.items() if count > 1}
    assert set(times) == {str(n) for n in range(24)}
    assert not again & set(stored)
    # Only what it had under way, once more, by the other.
    assert len(again) <= AHEAD
    assert all(times[n] == 2 and dict(reversed(begun(log)))[n] == second.pid for n in again)
    assert os.getpid() not in {pid for _, pid in begun(log)}


def test_a_driver_is_killed_and_what_it_stored_is_not_done_again(address: str, tinyjobs: Any, tmp_path: Path) -> None:
    program = tmp_path / "driver.py"
    program.write_text(
        "import os, signal, sys; from pathlib import Path; sys.path[:0] = sys.argv[3:]\n"
        "import tinyjobs, test_cluster; from dse.cluster import Cluster; from dse.jobs import run\n"
        "from dse.store import Store\n"
        "done = []\n"
        "def watch(job, value):\n"
        "    done.append(job)\n"
        "    if len(done) == 5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return ''\n"
        "with Cluster(sys.argv[1]) as crew, Store(Path(sys.argv[2], 's')) as store:\n"
        "    run(test_cluster.squares(tinyjobs, Path(sys.argv[2], 'log'), 12), store, crew, watch)\n"
    )
    command = [sys.executable, program, address, tmp_path, ELSEWHERE, Path(__file__).parent]
    assert subprocess.run(command, env=ENVIRONMENT, check=False).returncode == -signal.SIGKILL
    jobs = squares(tinyjobs, tmp_path / "log", 12)
    with Cluster(address) as crew, Store(tmp_path / "s") as store:
        kept = [n for n, job in enumerate(jobs) if store.get(job.kind, job.key)]
        assert len(kept) >= 5
        assert [value["n"] for value in run(jobs, store, crew)] == [n * n for n in range(12)]
    times = Counter(n for n, _ in begun(tmp_path / "log"))
    assert {times[str(n)] for n in kept} == {1}


def test_who_interrupts_keeps_what_is_finished_and_can_go_on(address: str, tinyjobs: Any, tmp_path: Path) -> None:
    jobs = squares(tinyjobs, tmp_path / "log", 8)

    def watch(job: Job, value: Value) -> str:
        raise KeyboardInterrupt

    with Store(tmp_path / "s") as store:
        with Cluster(address) as crew, pytest.raises(KeyboardInterrupt):
            run(jobs, store, crew, watch)
        assert any(store.get(job.kind, job.key) for job in jobs)
        with Cluster(address) as crew:
            assert len(run(jobs, store, crew)) == 8


def test_parts_come_with_results_and_with_errors(address: str, tinyjobs: Any, tmp_path: Path) -> None:
    whole = Job("sum", str(tmp_path), "2 and 3", partial(tinyjobs.in_parts, (2, 3)), parts=True)
    bad = Job("bad", str(tmp_path), "7", partial(tinyjobs.fail, 7), parts=True)
    with Cluster(address) as crew, Store(tmp_path / "s") as store:
        assert run([whole], store, crew) == [{"n": 13}]
        with pytest.raises(ValueError, match="^7 is too much$"):
            run([bad], store, crew)
        assert [store.get("part", n, {"n": int})["n"] for n in "237"] == [4, 9, 49]
        assert store.get("part", "2", {"pid": int})["pid"] != os.getpid()
        with pytest.raises(TypeError, match="work must be a function of a module"):
            run([Job("k", "a", "", lambda: {"n": 1})], store, crew)


def test_a_design_is_counted_and_measured_there(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = part_job(hw.parse("mul/int2xint2"), hw.parse_target("ice40"))
    with Cluster(address) as crew, Store(tmp_path / "there") as there, Store(tmp_path / "here") as here:
        assert run([job], there, crew) == run([job], here, 1)
    path = tmp_path / "store.sqlite"
    command = ["cost", "mul/int2xint2", "--target", "machxo2", "--no-place", "-j", "1", "--store", str(path)]
    assert main([*command, "--cluster", address]) == 0
    first = capsys.readouterr()
    with Store(path) as store:
        kinds = {kind for (kind,) in store._opened().execute("SELECT kind FROM results")}
    assert kinds == {"digest", "verilog", "measure", "counted"}
    # The same jobs: what was done there need not be done here.
    assert main(command) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert again.err.startswith("reused 1 of 1 results")


def test_limits_hold_there_while_a_job_asks_for_them() -> None:
    held = cluster._Limits()
    with held.held(process.Limits(seconds=7)):
        with held.held(process.Limits(seconds=9)):
            pass
        assert process._limits.seconds == 7
    with held.held(None):
        assert process._limits.seconds is None


def test_a_worker_of_other_versions_is_named(
    address: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there, ours = cluster.versions()["numpy"], cluster.package_version
    monkeypatch.setattr(cluster, "package_version", lambda name: "0.1" if name == "numpy" else ours(name))
    cluster.versions.cache_clear()
    request.addfinalizer(cluster.versions.cache_clear)
    assert main(["verify", "mac/int2xint2", "--cluster", address]) == 2
    said = capsys.readouterr().err
    assert said.startswith("macsmith: worker tcp://127.0.0.1:")
    assert said.endswith(f" has numpy {there}, not 0.1 as here\n")
    assert said.count("\n") == 1


def test_a_worker_that_comes_later_is_asked_too(address: str) -> None:
    with Cluster(address) as crew:
        packed = Job("k", "a", "", partial(dict, n=1)).packed()
        outcome = crew._client.submit(cluster.do_there, packed, {"numpy": "0.1"}, None).result()
    with pytest.raises(ToolError, match=r"^worker tcp://127\.0\.0\.1:\d+ has numpy .*, not 0\.1 as here$"):
        outcome.taken(lambda *part: None)


@pytest.mark.parametrize(
    "address", ["here", "tcp://", "tcp://host", "http://host:1", "tcp://host:65536", "tcp://a b:1"]
)
def test_what_is_no_address_is_said(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--cluster", address]) == 2
    said = capsys.readouterr().err
    assert said == f"macsmith: a cluster's address must be written tcp://HOST:PORT, got {address!r}\n"
    with pytest.raises(TypeError, match="a cluster's address must be a str, got 1"):
        Cluster(1)  # type: ignore[arg-type]


def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["cost", "mac/int2xint2", "--store", str(tmp_path / "s"), "--cluster", "tcp://127.0.0.1:1"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert said == "macsmith: no cluster answers at tcp://127.0.0.1:1: [Errno 111] Connection refused\n"


def test_who_listens_and_is_no_scheduler_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert main(["verify", "mac/int2xint2", "--cluster", f"tcp://127.0.0.1:{port}"]) == 2
    said = capfd.readouterr().err
    assert said.startswith(f"macsmith: no cluster answers at tcp://127.0.0.1:{port}: nothing of Dask's came in 0.5 s")
    assert said.count("\n") == 1


def test_a_cluster_without_workers_and_one_that_goes_away(
    tinyjobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = begin(tmp_path, "scheduler", "--port", "0")
    address = address_of(tmp_path)
    monkeypatch.setattr(cluster, "PATIENCE", 3.0)
    with pytest.raises(OSError, match=rf"^the cluster at {address} has no workers: dask worker {address}$"):
        Cluster(address)
    monkeypatch.setattr(cluster, "PATIENCE", 60.0)
    only = worker(tmp_path)

    def watch(job: Job, value: Value) -> str:
        end(scheduler)
        return ""

    jobs = squares(tinyjobs, tmp_path / "log")
    try:
        with Store(tmp_path / "s") as store, Cluster(address) as crew:
            monkeypatch.setattr(crew._client, "_timeout", 1.0)
            with pytest.raises(OSError, match=f"^the cluster at {address} is gone; finished results are kept$"):
                run(jobs, store, crew, watch)
            assert any(store.get(job.kind, job.key) for job in jobs)
    finally:
        end(only)
        end(scheduler)


def test_without_distributed_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["verify", "mac/int2xint2", "--cluster", "tcp://127.0.0.1:1"]) == 2
    assert capsys.readouterr().err == "macsmith: a cluster needs distributed: pip install 'macsmith[cluster]'\n"
