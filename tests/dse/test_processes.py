"""Work of Python's own in several processes."""

from __future__ import annotations

import math
import multiprocessing
import operator
import os

import pytest

from dse.processes import FEW, in_processes


def test_each_item_is_done_once() -> None:
    assert dict(in_processes(math.isqrt, range(20), 2)) == {n: math.isqrt(n) for n in range(20)}
    processes = {process for _, process in in_processes(operator.call, [os.getpid] * 20, 2)}
    assert processes
    assert os.getpid() not in processes


@pytest.mark.parametrize(("count", "workers"), [(FEW - 1, 4), (20, 1)])
def test_few_are_done_here(count: int, workers: int) -> None:
    assert list(in_processes(math.isqrt, range(count), workers)) == [(n, math.isqrt(n)) for n in range(count)]
    assert {process for _, process in in_processes(operator.call, [os.getpid] * count, workers)} == {os.getpid()}


def test_what_fails_ends_the_others() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(in_processes(int, ["nonsense"] * 20, 2))
    assert multiprocessing.active_children() == []
