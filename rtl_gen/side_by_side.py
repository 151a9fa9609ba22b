"""Things done side by side, in threads that act for the one that asks: they end with it, and their steps are its."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from rtl_gen import process, steps

Result = TypeVar("Result")


def side_by_side(works: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each gives, in their order: done by as many threads as programs may be run at a time, this one among them.

    Raises
    ------
    Whatever one raises, the first in their order if several do; those that have not begun are then dropped, those under
    way finish.
    """
    todo = deque(enumerate(works))
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}
    asking, outer = threading.current_thread(), steps.current()

    def work() -> None:
        while not errors:
            try:
                number, one = todo.popleft()
            except IndexError:
                return
            try:
                results[number] = one()
            except BaseException as error:
                errors[number] = error

    def help_out() -> None:
        process.act_for(asking)
        with steps.belonging_to(outer):
            work()

    helpers = [threading.Thread(target=help_out, daemon=True) for _ in range(min(len(works), process.places()) - 1)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(works))]
