"""Long steps are said, short ones are not."""

from __future__ import annotations

import time

import pytest

from rtl_gen import steps
from rtl_gen.steps import AGAIN, PATIENCE, shown, step


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its only element."""
    now = [1000.0]
    monkeypatch.setattr(steps.time, "monotonic", lambda: now[0])
    return now


def test_what_takes_long_is_said_with_what_it_belongs_to(clock: list[float]) -> None:
    with step("measure it", silent=True):
        with step("quick"):
            assert steps._due(PATIENCE) == ""
        with step("Yosys, flow 1 of 2"):
            clock[0] += PATIENCE
            assert steps._due(PATIENCE) == "... measure it: Yosys, flow 1 of 2"
            assert steps._due(PATIENCE) == ""
            clock[0] += AGAIN
            assert steps._due(PATIENCE) == "... measure it: Yosys, flow 1 of 2 (62 s)"
    assert steps._due(0) == ""


def test_many_short_steps_are_said_by_the_one_around_them(clock: list[float]) -> None:
    said = []
    with step("writing 50 designs"):
        for number in range(50):
            with step(f"design {number}"):
                clock[0] += PATIENCE / 10
                said.append(steps._due(PATIENCE))
    assert [line for line in said if line] == ["... writing 50 designs"]


def test_the_screen_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(patience=0.05), step("slow"):
        deadline = time.monotonic() + 30
        while not (said := capsys.readouterr().err):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert said == "... slow\n"


def test_nobody_listens_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with step("alone"):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""
