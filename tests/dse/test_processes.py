"""Python's own work in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dse.crew import FEW, Local
from dse.job import Job
from dse.jobs import run
from dse.store import Store
from rtl_gen.tools import ToolError


def squares(tinyjobs: Any, count: int) -> list[Job]:
    return [Job("square", str(n), f"square {n}", partial(tinyjobs.square, n), python=True) for n in range(count)]


def test_pythons_own_work_is_done_in_processes_and_what_they_keep_is_kept(tinyjobs: Any, tmp_path: Path) -> None:
    whole = Job("sum", "2 3", "2 and 3", partial(tinyjobs.in_parts, (2, 3)), parts=True, python=True)
    with Store(tmp_path / "s") as store:
        found = run([*squares(tinyjobs, 20), whole], store, 2)
        assert [value["n"] for value in found] == [*(n * n for n in range(20)), 13]
        assert os.getpid() not in {value["pid"] for value in found[:-1]}
        assert store.get("part", "3") == {"n": 9, "pid": store.get("part", "2", {"pid": int})["pid"]}
        assert run([whole], store, 1) == [{"n": 13}]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(("count", "workers"), [(FEW - 1, 4), (20, 1)])
def test_little_is_done_here(count: int, workers: int, tinyjobs: Any, tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        assert {value["pid"] for value in run(squares(tinyjobs, count), store, workers)} == {os.getpid()}


def test_other_work_is_done_here(tinyjobs: Any, tmp_path: Path) -> None:
    jobs = [Job("square", str(n), "", partial(tinyjobs.square, n)) for n in range(20)]
    with Store(tmp_path / "s") as store:
        assert {value["pid"] for value in run(jobs, store, 2)} == {os.getpid()}


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        ("fail", ValueError, "^7 is too much$"),
        ("vanish", ToolError, ": one of the processes was ended, or ran out of memory$"),
        ("odd", ToolError, "^Odd: odd 1 2$"),
    ],
)
def test_what_fails_ends_the_run_and_the_processes(
    function: str, error: type[Exception], message: str, tinyjobs: Any, tmp_path: Path
) -> None:
    work, parts = getattr(tinyjobs, function), function == "fail"
    job = Job("bad", "it", "it", partial(work, 7) if parts else work, parts=parts, python=True)
    with Store(tmp_path / "s") as store:
        with pytest.raises(error, match=message):
            run([job, *squares(tinyjobs, FEW)], store, 2)
        # What was there before it failed is kept.
        assert (store.get("part", "7") is not None) == parts
        assert store.get("bad", "it") is None
    assert multiprocessing.active_children() == []


def test_who_interrupts_ends_the_processes_and_keeps_what_is_finished(tinyjobs: Any, tmp_path: Path) -> None:
    jobs = squares(tinyjobs, FEW)
    long = [partial(tinyjobs.square, n, str(tmp_path / "log"), 600) for n in range(FEW)]
    endless = [Job("long", str(n), "", work, python=True) for n, work in enumerate(long)]

    finished: list[Job] = []

    def watch(job: Job, value: dict[str, Any]) -> str:
        finished.append(job)
        if len(finished) == FEW:
            raise KeyboardInterrupt
        return ""

    with Store(tmp_path / "s") as store:
        with pytest.raises(KeyboardInterrupt):
            run([*jobs, *endless], store, 2, watch)
        assert multiprocessing.active_children() == []
        assert jobs[0] in finished
        assert all(store.get(job.kind, job.key) is not None for job in finished)
        assert store.get("long", "0") is None


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks at processes in /proc")
def test_programs_that_processes_run_end_with_them_and_leave_no_files(tinyjobs: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    work = [partial(tinyjobs.wait_for_program, str(log), 600 + n) for n in range(FEW)]
    jobs = [Job("long", str(n), "", each, python=True) for n, each in enumerate(work)]
    with Local(2) as crew:
        doing = [threading.Thread(target=_until_ended, args=(crew, job)) for job in jobs[: crew.ready(jobs)]]
        for thread in doing:
            thread.start()
        while not log.exists() or len(folders := log.read_text().splitlines()) < 2 or not all(map(_used, folders)):
            time.sleep(0.02)
        crew.stop()
        for thread in doing:
            thread.join()
    assert not any(map(_used, folders))
    assert not any(Path(folder).exists() for folder in folders)


def _until_ended(crew: Local, job: Job) -> None:
    with pytest.raises(ToolError, match="one of the processes was ended"):
        crew.do(job, None)  # type: ignore[arg-type]


def _used(folder: str) -> bool:
    """Whether a program works there."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            found.append(str(process.readlink()).removesuffix(" (deleted)"))
    return folder in found


def test_who_was_stopped_begins_no_more(tinyjobs: Any, tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store, Local(2) as crew:
        crew.stop()
        with pytest.raises(ToolError, match="processes were ended"):
            run(squares(tinyjobs, FEW), store, crew)


def test_what_can_not_go_to_a_process_is_named(tmp_path: Path) -> None:
    jobs = [Job("k", str(n), "", lambda: {"n": 1}, python=True) for n in range(FEW)]
    message = "work must be a function of a module with arguments that pickle takes, got '.*<lambda>'"
    with Store(tmp_path / "s") as store, pytest.raises(TypeError, match=message):
        run(jobs, store, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": 1}, "kind must be a str, got 1"),
        ({"key": None}, "key must be a str, got None"),
        ({"label": b""}, "label must be a str, got b''"),
        ({"work": "do it"}, "work must be a function or a partial of one, got 'do it'"),
    ],
)
def test_what_a_job_refuses(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        Job(**{"kind": "k", "key": "a", "label": "", "work": dict, **change})


@pytest.mark.parametrize(("workers", "error"), [(0, ValueError), (True, TypeError), ("2", TypeError)])
def test_how_many_are_a_number(workers: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="workers must be"):
        Local(workers)


def program(folder: Path, work: str, guard: str) -> tuple[list[str | Path], dict[str, str]]:
    """A script that does twenty jobs, and how it is run."""
    text = f"""
import sys
from functools import partial
from pathlib import Path
import tinyjobs
from dse.job import Job
from dse.jobs import run
from dse.store import Store

{guard}
    log = sys.argv[1] + "/log"
    work = [partial(tinyjobs.square, n, {work}) for n in range(20)]
    with Store(Path(sys.argv[1], "s")) as store:
        run([Job("k", str(n), "", each, python=True) for n, each in enumerate(work)], store, 2)
"""
    script = folder / "program.py"
    script.write_text(text)
    path = os.pathsep.join([str(Path(__file__).parent / "elsewhere"), *filter(None, sys.path)])
    return [sys.executable, script, folder], {**os.environ, "PYTHONPATH": path}


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    command, environment = program(tmp_path, "log", "if True:")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "rtl_gen.tools.ToolError: each process runs the script that began it: put what the script does under "
        'if __name__ == "__main__":, or ask for 1 worker'
    )
    assert done.stderr.count("Traceback") == 1
    assert len(done.stderr.splitlines()) < 30
    assert not (tmp_path / "log").exists()


def test_processes_end_with_who_began_them(tmp_path: Path) -> None:
    command, environment = program(tmp_path, "log, 60", 'if __name__ == "__main__":')
    log = tmp_path / "log"
    us = subprocess.Popen(command, env=environment)
    while not log.exists() or len(log.read_text().splitlines()) < 2:
        assert us.poll() is None
        time.sleep(0.02)
    us.send_signal(signal.SIGKILL)
    us.wait()
    for line in log.read_text().splitlines():
        while Path("/proc", line.split()[1]).exists():
            time.sleep(0.02)
