"""How far a run is: lines, fewer of them if there is much, and one line on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from dse import progress as module
from dse.progress import MANY, SPARSE, Bar, Lines, duration, progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its only element."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_each_of_few_gets_a_line(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress(12) as shown:
        clock[0] += 3
        shown.add("measure it")
        shown.tell("frontier so far: 2 designs")
        shown.add("measure that")
    assert capsys.readouterr().err.splitlines() == [
        "[ 1/12]     3 s  measure it",
        "[ 2/12]     3 s  measure that (frontier so far: 2 designs)",
    ]


def test_of_many_some_get_a_line_that_says_how_fast_it_goes(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Lines(2 * MANY)
    for number in range(2 * MANY):
        clock[0] += SPARSE / 4
        shown.add(f"job {number}")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["[  1/100] 24 a minute, 4 min left: job 0", "[  5/100] 24 a minute, 4 min left: job 4"]
    assert lines[-1] == "[100/100] 24 a minute, 0 s left: job 99"
    assert len(lines) == 2 * MANY / 4 + 1


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (89, "89 s"), (91, "2 min"), (5399, "90 min"), (7200, "2 h"), (1e6, "278 h")]
)
def test_times_are_told_in_units_that_fit(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("do", "error", "message"),
    [
        (lambda: Bar(-1), ValueError, "total must be 0..*, got -1"),
        (lambda: Bar(1.5), TypeError, "total must be an int, got 1.5"),
        (lambda: Bar(1).tell(None), TypeError, "text must be a str, got None"),
    ],
)
def test_what_progress_refuses(do: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        do()


def on_a_terminal(program: str) -> str:
    """What a program says to a terminal, without colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stderr=theirs, env=environment)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:
        pass  # it has ended
    os.close(ours)
    assert run.wait() == 0, said
    return said.decode()


def test_a_terminal_has_one_line_that_changes_and_what_is_said_is_above(capfd: pytest.CaptureFixture[str]) -> None:
    said = on_a_terminal("""
        import sys
        from dse.progress import progress
        from rtl_gen.steps import say

        with progress(3) as shown:
            shown.add("job [bold]1")
            say("a line [red]above")
            with progress(2) as inner:
                inner.add("inside")
            shown.tell("frontier so far: 2 designs")
            print("a result")
            shown.add("job 2")
            shown.add("job 3")
    """)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said)
    assert "a line [red]above\r\n" in plain
    assert "[1/2]     0 s  inside" in plain
    last = plain.splitlines()[-1]
    assert re.search(r"\[3/3\]  \d+ a minute, 0 s left  frontier so far: 2 designs", last)
    # Who is killed in the middle leaves a terminal with a cursor.
    assert said.index("\x1b[?25h") < said.index("above")
    assert capfd.readouterr().out == "a result\n"
