"""What several tests need."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

# As the command line does: looking for circles among a design's many objects takes a third of the time to make it.
gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    """What is imported stays: there is no need to look at it again and again."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Parameters that a mark `kept` does not name are long, and what is long names a test that is not.

    Raises
    ------
    UsageError
        A mark names no parameter, or no test that is run each time.
    """
    for item in items:
        mark = item.get_closest_marker("kept")
        if mark and _parameters(item) not in mark.args:
            item.add_marker(pytest.mark.long(_name(item)))
    # Of a part of a file nothing can be said.
    whole = not any("::" in argument for argument in config.args)
    if whole and (wrong := [*_unknown(items), *_unheld(items)]):
        raise pytest.UsageError("; ".join(wrong))


def _name(item: pytest.Item) -> str:
    """A test's, without parameters."""
    return item.nodeid.partition("[")[0]


def _parameters(item: pytest.Item) -> str:
    return item.nodeid.removesuffix("]").partition("[")[2]


def _unknown(items: list[pytest.Item]) -> Iterator[str]:
    """What tests keep that is none of their parameters."""
    marks = {_name(item): mark.args for item in items if (mark := item.get_closest_marker("kept"))}
    there: dict[str, set[str]] = defaultdict(set)
    for item in items:
        there[_name(item)].add(_parameters(item))
    for test, names in marks.items():
        if unknown := [name for name in names if name not in there[test]]:
            yield f"{test} keeps {', '.join(unknown)}, which are none of its parameters"


def _unheld(items: list[pytest.Item]) -> Iterator[str]:
    """Long tests of which no other, among the files that are there, shows the same on less."""
    files = {item.nodeid.partition("::")[0] for item in items}
    quick = {_name(item) for item in items if not item.get_closest_marker("long")}
    holders = {_name(item): mark.args for item in items if (mark := item.get_closest_marker("long"))}
    for test, (held_by, *_) in {test: args or ("",) for test, args in holders.items()}.items():
        file, _, name = held_by.rpartition("::")
        file = file or test.partition("::")[0]
        if not held_by or (file in files and f"{file}::{name}" not in quick):
            yield f"{test} is long and must name a test that is not and shows the same on less, got {held_by!r}"


@pytest.fixture
def in_two_processes() -> Callable[[str], set[str]]:
    """Runs a program twice, with different hash seeds; what it prints, as a set: one element if it repeats."""

    def run(program: str) -> set[str]:
        return {
            subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }

    return run
