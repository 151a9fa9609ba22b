"""Other programs end when we do, and we end when we are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rtl_gen import process
from rtl_gen.tools import ToolError

TELL = """
import os, signal, sys, threading, time
from rtl_gen import process
from rtl_gen.scratch import scratch

def told():
    print("ready", flush=True)
"""

WORK = {
    # A program that is waited for.
    "program": "process.run(['sh', '-c', 'echo $$ > pid; echo ready >&3; sleep 60; true'], folder)",
    # The exception of the signal is raised in a destructor, where Python can't pass it on.
    "destructor": """
class Slow:
    def __del__(self):
        told()
        end = time.monotonic() + 1.5
        while time.monotonic() < end: pass
Slow()
while True: time.sleep(0.01)
""",
    # A thread that computes, a daemon as those of jobs are, and is waited for.
    "thread": """
def compute():
    told()
    while True: sum(range(1000))
thread = threading.Thread(target=compute, daemon=True)
thread.start()
thread.join()
""",
}


@pytest.mark.parametrize(
    ("work", "number"),
    [*((work, signal.SIGTERM) for work in WORK), ("program", signal.SIGINT), ("program", signal.SIGHUP)],
)
def test_a_signal_ends_us_soon_whatever_we_do(work: str, number: signal.Signals, tmp_path: Path) -> None:
    body = WORK[work].replace(">&3", f"> {tmp_path}/ready")
    program = (
        TELL
        + "def work():\n    with scratch() as folder:\n"
        + textwrap.indent(body.strip(), " " * 8)
        + "\nsys.exit(process.interruptible('it', work))\n"
    )
    us = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert us.stdout is not None
    if work == "program":
        while not (tmp_path / "ready").exists():
            time.sleep(0.02)
        (tmp_path / "ready").unlink()
    else:
        us.stdout.readline()
    start = time.monotonic()
    us.send_signal(number)
    _, said = us.communicate()
    assert us.returncode == 130
    # Much less on an idle machine; a program under way would have taken 60.
    assert time.monotonic() - start < 10
    assert said.endswith("it: interrupted; finished results are kept\n")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_our_parent_ignores_stays_ignored() -> None:
    program = (
        "import os, signal; from rtl_gen import process; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "print(process.interruptible('it', lambda: os.kill(os.getpid(), signal.SIGHUP) or 0))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_programs_of_a_thread_are_ended_with_all_that_they_started(tmp_path: Path) -> None:
    said: list[str] = []

    def work() -> None:
        with pytest.raises(ToolError, match="sh was ended"):
            process.run(["sh", "-c", "sleep 60 & echo $! > pid; wait"], tmp_path)
        with pytest.raises(ToolError, match="echo was ended"):
            process.run(["echo"], tmp_path)
        said.append("both")

    thread = threading.Thread(target=work)
    thread.start()
    pid = tmp_path / "pid"
    while not (pid.exists() and pid.read_text().endswith("\n")):
        time.sleep(0.01)
    process.end([thread])
    thread.join()
    assert said == ["both"]
    for _ in range(200):
        try:
            os.kill(int(pid.read_text()), 0)
        except ProcessLookupError:
            break
        state = Path(f"/proc/{int(pid.read_text())}/stat")
        if state.exists() and state.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        raise AssertionError("what the program started still runs")
    assert process.run(["echo", "x"], tmp_path).stdout == "x\n"


def test_what_a_program_says_is_heard_while_it_runs(tmp_path: Path) -> None:
    heard = []

    def hear(line: str) -> None:
        heard.append(line)
        (tmp_path / line).touch()

    # It goes on only when its first line was heard.
    program = "echo one; until [ -e one ]; do sleep 0.01; done; echo two >&2; exit 3"
    done = process.follow(["sh", "-c", program], hear, tmp_path)
    assert heard == ["one", "two"]
    assert (done.returncode, done.stdout, done.stderr) == (3, "one\ntwo\n", "")


def test_no_more_programs_run_than_there_are_places(tmp_path: Path) -> None:
    program = "touch run.$$; ls run.* | wc -l; sleep 0.1; rm run.$$"
    counts: list[int] = []

    def work() -> None:
        counts.append(int(process.run(["sh", "-c", program], tmp_path).stdout))

    with process.at_most(2):
        assert process.places() == 2
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(counts) == 6
    assert max(counts) <= 2


def test_who_has_a_place_needs_no_other(tmp_path: Path) -> None:
    with process.at_most(1), process.place():
        with process.place():
            assert process.run(["echo", "x"], tmp_path).stdout == "x\n"
        assert process.follow(["echo", "y"], lambda line: None, tmp_path).stdout == "y\n"
    with process.at_most(1):
        assert process.run(["echo", "z"], tmp_path).stdout == "z\n"


def test_what_is_no_program_is_said() -> None:
    with pytest.raises(ToolError, match="no_such_program can't be run: No such file"):
        process.run(["no_such_program"])


def test_how_a_program_ended(tmp_path: Path) -> None:
    assert process.how_it_ended(process.run(["sh", "-c", "exit 3"]).returncode) == "exit code 3"
    assert process.how_it_ended(process.run(["sh", "-c", "kill -XFSZ $$"]).returncode) == "signal SIGXFSZ"
    assert process.how_it_ended(-99) == "signal 99"


@pytest.mark.parametrize("run", [process.run, lambda command: process.follow(command, print)])
def test_a_program_may_take_so_much_and_no_more(run: Callable[[list[str]], subprocess.CompletedProcess[str]]) -> None:
    takes = [sys.executable, "-c", "x = bytearray(400 << 20); print(len(x))"]
    with process.limited(mebibytes=200):
        done = run(takes)
        assert done.returncode == 1
        assert "MemoryError" in done.stdout + done.stderr
    with process.limited(seconds=0.2), pytest.raises(ToolError, match=r"^sleep took more than 0\.2 s$"):
        run(["sleep", "60"])
    with process.limited(60, 2000):
        assert run(takes).stdout == "419430400\n"
    assert run(["sleep", "0.3"]).returncode == 0


def test_who_keeps_nothing_does_not_say_so() -> None:
    text = (
        "import os, signal; from rtl_gen import process; "
        "print(process.interruptible('it', lambda: os.kill(os.getpid(), signal.SIGINT) or 0, keeps=False))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("130\n", "it: interrupted\n")
