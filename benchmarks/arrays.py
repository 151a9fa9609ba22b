"""How large arrays fare: seconds to their Verilog, to a simulator, and cycles a second in the bench.

``python -m benchmarks.arrays`` prints the table that ``make bench`` puts into docs/benchmarks.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

import hw
from hw.specs.array import ArraySpec
from rtl_gen import Emitted, emit
from sim.benches.array import alike
from sim.benches.play import save
from sim.runner import simulate

SIMULATED, LARGEST = "array/int8xint8/16x16/os", "array/int8xint8/64x64/os"
BEATS, TILES = 64, 1000


def emitted(name: str) -> tuple[Emitted, float]:
    """A design's Verilog, and the seconds that it took."""
    start = time.perf_counter()
    return emit(hw.parse(name)), time.perf_counter() - start


def simulated(spec: ArraySpec, design: Emitted) -> tuple[float, float]:
    """Seconds that the simulator took to build, and cycles a second of a bench that compares all sums."""
    play = alike(spec, "tiles", BEATS, TILES, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        source, _ = design.write(folder)
        script = folder / "plays.json"
        save([play], script)
        environment = {"MACSMITH_PLAYS": str(script), "MACSMITH_EVIDENCE": str(folder / "evidence.json")}
        start = time.perf_counter()
        results = simulate(source, design.name, play.bench, folder, environment)
        whole = time.perf_counter() - start
        if results.failures:
            raise RuntimeError(results.failures[0])
        (case,) = ElementTree.parse(folder / "results.xml").iter("testcase")
    played = float(case.attrib["time"])
    assert play.duration is not None
    return whole - played, play.duration / played


def array_rows() -> list[list[str]]:
    """What was measured, and what it is to be."""
    spec = hw.parse(SIMULATED)
    assert isinstance(spec, ArraySpec)
    design, seconds = emitted(SIMULATED)
    build, speed = simulated(spec, design)
    largest, longest = emitted(LARGEST)
    return [
        [f"{SIMULATED}: Verilog", f"{seconds:.1f} s", "at most 10 s"],
        [f"{SIMULATED}: simulator built", f"{build:.0f} s", "at most 60 s"],
        [f"{SIMULATED}: bench", f"{speed:,.0f} cycles a second", "at least 5,000"],
        [f"{LARGEST}: Verilog", f"{longest:.1f} s", "at most 30 s"],
        [f"{LARGEST}: its text", f"{len(largest.verilog) / 1e6:.2f} MB", "at most 5 MB"],
    ]


def main() -> int:
    """Measure and print."""
    for row in [["what", "measured", "goal"], ["---", "---:", "---:"], *array_rows()]:
        print(f"| {' | '.join(row)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
