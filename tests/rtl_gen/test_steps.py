"""Long steps are said, short ones are not."""

from __future__ import annotations

import time

import pytest

from rtl_gen.steps import say, shown, step


def test_what_takes_long_is_said_once_with_what_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(patience=0.2), step("measure it", silent=True):
        with step("quick"):
            pass
        with step("Yosys, flow 1 of 2"):
            time.sleep(1)
        with step("quick, too"):
            pass
    assert capsys.readouterr().err == "... measure it: Yosys, flow 1 of 2\n"


def test_many_short_steps_are_said_by_the_one_around_them(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(patience=0.4), step("writing 50 designs"):
        for number in range(50):
            with step(f"design {number}"):
                time.sleep(0.02)
    assert capsys.readouterr().err == "... writing 50 designs\n"


def test_nobody_listens_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with step("alone"):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_nothing_is_said_where_other_lines_come(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(patience=0.4), step("slow"):
        for _ in range(10):
            say("x")
            time.sleep(0.1)
    assert capsys.readouterr().err == "x\n" * 10
