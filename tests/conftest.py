"""What several tests need."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

# As the command line does: looking for circles among a design's many objects takes a third of the time to make it.
gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    """What is imported stays: there is no need to look at it again and again."""
    gc.freeze()


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
