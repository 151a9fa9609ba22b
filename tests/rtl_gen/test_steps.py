"""Long steps are said, short ones are not."""

from __future__ import annotations

import threading
import time

import pytest

from rtl_gen import steps
from rtl_gen.steps import AGAIN, OFTEN, PATIENCE, shown, step


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


def test_a_terminal_is_told_how_far_it_is(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with step("nextpnr") as at:
        clock[0] += PATIENCE
        at.at("packing")
        assert steps._due(PATIENCE) == "... nextpnr, packing"
        at.at("routing", "900 arcs left")
        assert steps._due(PATIENCE) == "... nextpnr, routing, 900 arcs left (2 s)"
        clock[0] += OFTEN / 2
        at.at("routing", "500 arcs left")
        assert steps._due(PATIENCE) == ""
        clock[0] += OFTEN / 2
        assert steps._due(PATIENCE) == "... nextpnr, routing, 500 arcs left (12 s)"


def test_a_file_is_told_how_far_it_is_no_more_often_than_anything_else(clock: list[float]) -> None:
    with step("nextpnr") as at:
        clock[0] += PATIENCE
        assert steps._due(PATIENCE) == "... nextpnr"
        at.at("packing")
        clock[0] += AGAIN / 2
        assert steps._due(PATIENCE) == ""
        at.at("routing")
        clock[0] += AGAIN / 2
        assert steps._due(PATIENCE) == "... nextpnr, routing (62 s)"


def test_steps_of_a_thread_belong_to_those_of_another(clock: list[float]) -> None:
    said = []

    def help_out(outer: list[steps.Step]) -> None:
        with steps.belonging_to(outer), step("seed 2"):
            clock[0] += PATIENCE
            said.append(steps._due(PATIENCE))
        assert steps.current() == []

    with step("measure it", silent=True):
        helper = threading.Thread(target=help_out, args=(steps.current(),))
        helper.start()
        helper.join()
    assert said == ["... measure it: seed 2"]


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
