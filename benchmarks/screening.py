"""How long it takes to screen large spaces by estimate: cold, opened again, and then all of their rows.

``python -m benchmarks.screening`` prints the table that ``make bench`` puts into docs/benchmarks.md. Each space is
screened by a process of its own, which says what memory it held at most.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from costmodel.devices import TOTALS, Device, parse_device
from dse.groups import Group
from dse.judging import judged_columns
from dse.objectives import objectives
from dse.pool import Pool
from dse.screen import Rows, screen
from dse.space import MAX_LIMIT, Space
from dse.store import Store

FORMATS = ["int4", "int8", "e2m1", "e2m3"]
DEVICES = ("ecp5-25k", "ice40-hx8k")
LARGE = {"100,000": (112, 1), "10,000,000": (256, 20)}
"""Rows and columns of the largest arrays, and devices of each family, by the number of points, or a few more."""
GOALS = {"100,000": "at most 10 s", "10,000,000": "at most 120 s"}
PART = "at most 25 ms"
FEW = "100,000"
ALONE = 1 << 20


def space(side: int, steps: int) -> Space:
    """Arrays of four formats in all sizes, on devices of two families that have so many different capacities."""
    sides = tuple(map(str, range(1, side + 1)))
    axes = {"a": tuple(FORMATS), "rows": sides, "columns": sides}
    return Space(
        groups=(Group("array/{a}x{a}/{rows}x{columns}/ws", axes),),
        devices=tuple(_larger(parse_device(name), by) for name in DEVICES for by in range(1, steps + 1)),
        objectives=tuple(objectives(["loss", "throughput", "lut"])),
        constraints={"loss": 3.0, "share": 100},
        limit=MAX_LIMIT,
    )


def _larger(device: Device, by: int) -> Device:
    return replace(device, name=f"{device.name}-{by}", **{kind: by * getattr(device, kind) for kind in TOTALS})


class Clock:
    """Seconds on the wall, and of this process's work."""

    def __init__(self) -> None:
        self._wall, self._work = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"wall": time.perf_counter() - self._wall, "work": time.process_time() - self._work}


def screened(points: str, folder: Path) -> dict[str, Any]:
    """Screen a space in this process, and say what it took."""
    asked = space(*LARGE[points])
    with Store(folder / "store.sqlite") as store:
        opening = Clock()
        pool = Pool.of(asked, store, 1)
        parts = len(pool.parts)
        columns = judged_columns(pool.specs, list(asked.asked.values()), asked.workload, store, 1)
        rows = Rows(pool, columns)
        opened, screening = opening.read(), Clock()
        found = screen(rows)
        done = screening.read()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        alone = _parts_alone(pool) if points == FEW else {}
    sizes = {"parts": parts, "rows": len(rows), "kept": len(found.numbers), "peak": peak}
    return {"opened": opened, "screened": done, "alone": alone, **sizes}


def _parts_alone(pool: Pool) -> dict[str, float]:
    random = np.random.default_rng(0)
    part = random.integers(len(pool.parts), size=ALONE)
    sizes = random.integers(1, 33, size=(ALONE, pool.parts.sizes))
    pool.parts.estimate(part[:1000], sizes[:1000])
    clock = Clock()
    pool.parts.estimate(part, sizes)
    return clock.read()


def _apart(points: str, folder: Path) -> dict[str, Any]:
    """The same in another process."""
    command = [sys.executable, "-m", "benchmarks.screening", "--points", points, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def screening_rows() -> list[list[str]]:
    """What was measured, and what it is to be."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cold = _apart(FEW, folder)
        warm = {points: _apart(points, folder) for points in LARGE}
    few = warm[FEW]
    # A part of an array is six small designs, each counted and timed.
    designs = 6 * cold["parts"]
    each = (cold["opened"]["work"] - few["opened"]["work"]) / designs
    rows = [
        [f"a part that is not known, the mean of {designs} small designs", f"{1e3 * each:.0f} ms of work", PART],
        [f"opening a space of {few['parts']} known parts", _shown(few["opened"]), ""],
        [f"`Parts` alone, {ALONE:,} designs", _shown(few["alone"]), "at most 1 s"],
    ]
    for name, found in warm.items():
        rows.append([f"screening {found['rows']:,} points to {found['kept']}", _shown(found["screened"]), GOALS[name]])
        rows.append([f"peak memory of that process, {name} points", f"{found['peak']:,.0f} MiB", ""])
    return rows


def _shown(clock: dict[str, float]) -> str:
    return f"{clock['wall']:.1f} s ({clock['work']:.1f} s of work)"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", choices=LARGE, help="only screen so many, and print JSON")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="where parts are kept")
    options = parser.parse_args()
    if options.points is not None:
        print(json.dumps(screened(options.points, options.folder)))
        return 0
    for row in [["what", "measured", "goal"], ["---", "---:", "---:"], *screening_rows()]:
        print(f"| {' | '.join(row)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
