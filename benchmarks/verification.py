"""How fast designs are verified: whole processes, and vectors a second.

``python -m benchmarks.verification`` prints the table that ``make bench`` puts into docs/benchmarks.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import hw
from hw.specs.mul import MulSpec
from rtl_gen import Emitted, emit
from rtl_gen.files import cache_folder
from sim.benches.feedforward import feedforward
from sim.playing import play_all

REPEATS = 5
MULTIPLIERS = ("mul/e4m3xe4m3", "mul/int8xint8")
DESIGNS = {**dict.fromkeys(MULTIPLIERS, "at most 1.5 s"), "mac/e4m3xe4m3": "", "dot/int8xint8/n4": ""}
VECTORS, MORE = 1 << 16, 2_000_000


def whole_process(name: str, cache: Path) -> float:
    """Seconds that ``macsmith verify`` takes, with that cache and no store."""
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "macsmith", "verify", name, "--store", f"{store}/store.sqlite"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return time.perf_counter() - start


def first_and_again(name: str) -> tuple[float, float]:
    """Seconds of a verification whose simulator has to be built, and the best of those after it."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "macsmith")
        cache.mkdir()
        for part in cache_folder().iterdir():
            # What is compiled once for all designs is there.
            if part.name != "simulators":
                (cache / part.name).symlink_to(part)
        first = whole_process(name, Path(folder))
        return first, min(whole_process(name, Path(folder)) for _ in range(REPEATS))


def seconds(spec: MulSpec, design: Emitted, count: int) -> float:
    """To think of so many vectors, ask the golden model, play and compare them."""
    rng = np.random.default_rng(count)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        operands = {port: rng.integers(0, 1 << fmt.width, count) for port, fmt in (("a", spec.a), ("b", spec.b))}
        play = feedforward(spec, "random", operands, False, rng)
        results, evidence = play_all(design, [play], Path(folder).resolve(), hw.GENERIC)
        taken = time.perf_counter() - start
    if results.failures or evidence["random"]["compared"] < count:
        raise RuntimeError(f"{spec}: {results.failures}")
    return taken


def further_vectors(name: str) -> float:
    """A second, beyond the first 65,536."""
    spec = hw.parse(name)
    assert isinstance(spec, MulSpec)
    design = emit(spec)
    seconds(spec, design, VECTORS)
    few, many = (min(seconds(spec, design, count) for _ in range(REPEATS)) for count in (VECTORS, VECTORS + MORE))
    return MORE / (many - few)


def verification_rows() -> list[list[str]]:
    """What was measured, and what it is to be."""
    rows = []
    for name, goal in DESIGNS.items():
        first, again = first_and_again(name)
        rows.append([f"{name}, whole process, the first time", f"{first:.2f} s", ""])
        rows.append([f"{name}, whole process, again", f"{again:.2f} s", goal])
    for name in MULTIPLIERS:
        rows.append([f"{name}: further vectors", f"{further_vectors(name):,.0f} a second", "at least 1,000,000"])
    return rows


def main() -> int:
    """Measure and print."""
    for row in [["what", "measured", "goal"], ["---", "---:", "---:"], *verification_rows()]:
        print(f"| {' | '.join(row)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
