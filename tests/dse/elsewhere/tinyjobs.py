"""Functions for jobs of tests, in a module that processes and workers elsewhere can import."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from costmodel.measure import Keep
from rtl_gen import process
from rtl_gen.scratch import scratch


def note(log: str, *words: object) -> None:
    """A line more, whole, whoever else writes."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (" ".join(map(str, words)) + "\n").encode())
    os.close(file)


def square(n: int, log: str = os.devnull, seconds: float = 0.0) -> dict[str, Any]:
    note(log, n, os.getpid())
    time.sleep(seconds)
    return {"n": n * n, "pid": os.getpid()}


def fail(n: int, keep: Keep) -> dict[str, Any]:
    """Keep a part, then fail."""
    in_parts([n], keep)
    raise ValueError(f"{n} is too much")


def in_parts(numbers: Sequence[int], keep: Keep) -> dict[str, Any]:
    parts = [keep("part", str(n), f"part {n}", {"n": int}, partial(square, n)) for n in numbers]
    return {"n": sum(part["n"] for part in parts)}


def vanish() -> dict[str, Any]:
    os._exit(1)


class Odd(Exception):
    """An error that does not go from process to process."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"odd {one} {two}")


def odd() -> dict[str, Any]:
    raise Odd(1, 2)


def wait_for_program(log: str, seconds: int) -> dict[str, Any]:
    """Run a program that has a temporary file, and say where it is."""
    with scratch() as folder:
        note(log, folder)
        process.run(["sleep", str(seconds)], folder)
    return {"n": seconds}
