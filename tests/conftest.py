"""What several tests need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest


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
