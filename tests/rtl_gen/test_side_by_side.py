"""Side by side: in order, as many as may be, and ended together."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import pytest

from rtl_gen import process
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import current, step
from rtl_gen.tools import ToolError


def test_results_are_in_the_order_of_the_works() -> None:
    # The first waits for the second, and so can't be done before it.
    second_is_done = threading.Event()

    def first() -> int:
        assert second_is_done.wait(30)
        return 1

    def second() -> int:
        second_is_done.set()
        return 2

    with process.at_most(2):
        assert side_by_side([first, second, lambda: 3]) == [1, 2, 3]
    assert side_by_side([]) == []


def test_one_place_is_one_thread_and_one_after_another() -> None:
    order: list[tuple[int, threading.Thread]] = []
    with process.at_most(1):
        side_by_side([partial(lambda n: order.append((n, threading.current_thread())), n) for n in range(4)])
    assert order == [(n, threading.current_thread()) for n in range(4)]


def test_the_first_error_is_raised_and_what_has_not_begun_is_dropped() -> None:
    begun: list[str] = []
    both = threading.Barrier(2)

    def fail(name: str) -> None:
        begun.append(name)
        both.wait(30)
        raise ValueError(name)

    with process.at_most(2), pytest.raises(ValueError, match="^a$"):
        side_by_side([partial(fail, name) for name in "abcd"])
    assert sorted(begun) == ["a", "b"]


def test_helpers_say_what_they_belong_to() -> None:
    both = threading.Barrier(2)

    def look() -> list[str]:
        both.wait(30)
        return [each.text for each in current()]

    with process.at_most(2), step("outer"):
        assert side_by_side([look, look]) == [["outer"], ["outer"]]


def test_helpers_end_with_the_thread_that_asks(tmp_path: Path) -> None:
    said: list[str] = []
    program = "echo > up.$0; sleep 60"

    def seed(name: str) -> None:
        try:
            process.run(["sh", "-c", program, name], tmp_path)
        except ToolError:
            with pytest.raises(ToolError, match="echo was ended"):
                process.run(["echo"], tmp_path)
            said.append(name)
            raise

    def work() -> None:
        with pytest.raises(ToolError, match="sh was ended"):
            side_by_side([partial(seed, "1"), partial(seed, "2")])

    with process.at_most(2):
        thread = threading.Thread(target=work)
        thread.start()
        while len(list(tmp_path.glob("up.*"))) < 2:
            time.sleep(0.01)
        process.end([thread])
        thread.join()
    assert sorted(said) == ["1", "2"]
