"""How a tool is asked, in a process of its own: a question as JSON on stdin, an answer on the last line of stdout.

It is imported by scripts that run in the tools' environments, so it needs nothing but Python.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS = 600
"""CPU seconds that a tool has for a product: ten minutes."""

Question = dict[str, Any]
"""Rows and columns of the array, m, k, n, the core's memories, prices in pJ a bit, and a folder to write to."""
Answer = dict[str, Any]
"""Cycles, what they are made of, and pJ inside the core and outside."""


def serve(load: Callable[[], Callable[[Question], Answer]]) -> None:
    """Load a tool, have it answer, and add what that took: CPU seconds of both, and the process's peak of memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 10))
    question = json.load(sys.stdin)
    begun = _cpu()
    answering = load()
    loaded = _cpu()
    answer = answering(question)
    took = {"load_s": loaded - begun, "cpu_s": _cpu() - loaded, "peak_mb": _peak()}
    print("\n" + json.dumps(answer | {name: round(value, 6) for name, value in took.items()}))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """10**6 bytes that were resident at most; `ru_maxrss` would also count the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return peak * 1024 / 1e6
