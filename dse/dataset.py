"""The cost model's data: every point of ``dataset.toml`` measured, and the table that comes with macsmith.

    python -m dse.dataset -j 2

What the table or the store has of the Verilog that a point has today is not measured again. Designs that are only
counted go through Yosys several at a time.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

from costmodel.measure import Cost, Design, measure_batch, measure_key
from costmodel.measured import Measured, Table, read, write
from costmodel.targets import load
from dse.explore import measure_job
from dse.jobs import check_workers, guarded, run
from dse.points import Point, points
from dse.store import Store
from hw.arith.schedule import TooDeep
from hw.specs.base import uses_blocks
from rtl_gen import emit, process
from rtl_gen.files import code_digest
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import say, step
from rtl_gen.tools import package_version

TOGETHER = 10
"""Designs in a run of Yosys."""
SPARSE = 10.0
"""Seconds between lines of progress."""
FAILED = {"failed": str}


class Progress:
    """Says how many points are done, how many a minute, and how long the rest will take."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.start, self.said = total, 0, time.monotonic(), 0.0

    def add(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        now = time.monotonic()
        if now - self.said >= SPARSE or self.done == self.total:
            self.said, rate = now, self.done / max(now - self.start, 1e-9)
            left = (self.total - self.done) / rate
            say(f"[{self.done}/{self.total}] {60 * rate:.0f} a minute, {left / 60:.0f} min left")


def digest_of(point: Point, store: Store) -> str:
    """SHA-256 of a point's Verilog, empty if it asks for more registers than its logic has use for.

    It is known by the code that makes it, so that what was emitted once need not be emitted again to know it.
    """
    code = code_digest("hw", "rtl_gen")
    versions = [package_version(name) for name in ("amaranth", "pyosys")]
    key = hashlib.sha256("\0".join([point.name, code, *versions]).encode()).hexdigest()

    def work() -> dict[str, str]:
        try:
            return {"digest": emitted(point).digest}
        except TooDeep:
            return {"digest": ""}

    return store.keep("verilog", key, point.name, {"digest": str}, work)["digest"]


def emitted(point: Point) -> Any:
    """A point's Verilog."""
    return emit(point.spec, point.target)


def gather(wanted: Sequence[Point], table: Table, store: Store, workers: int) -> Table:
    """The points measured: from the table, from the store, or now.

    A tool that fails on one point is recorded with it, and the rest goes on.
    """
    with process.at_most(workers):
        found, today = digests(wanted, store), versions(wanted)
        kept = table if table.versions == today else Table(today, [])
        rows: dict[Point, Measured] = {}
        missing: list[tuple[Point, str]] = []
        for point, digest in found.items():
            row = kept.find(point.spec, point.target, digest)
            if row is not None and (row.mhz or not point.placed or row.failed):
                rows[point] = row
            else:
                missing.append((point, digest))
        say(f"{len(rows)} of {len(found)} points are in the table as they are today")
        rows |= _counted([pair for pair in missing if not pair[0].placed], store)
        placed = [pair for pair in missing if pair[0].placed]
    rows |= _placed(placed, store, workers)
    return Table(today, [rows[point] for point in found])


def digests(wanted: Sequence[Point], store: Store) -> dict[Point, str]:
    """Of each point that is a design: `digest_of`."""
    with step(f"emitting {len(wanted)} designs"):
        found = side_by_side([partial(digest_of, point, store) for point in wanted])
    return {point: digest for point, digest in zip(wanted, found, strict=True) if digest}


def versions(wanted: Sequence[Point]) -> dict[str, str]:
    """What decides the numbers beside a design's Verilog: tools, and each family's flow."""
    found = {"pyosys": package_version("pyosys")}
    for target in dict.fromkeys(point.target for point in wanted):
        flow = load(target.name)
        found[f"flow {target.name}"] = hashlib.sha256(flow.text.encode()).hexdigest()[:8]
        if any(point.placed for point in wanted if point.target == target) and flow.place:
            found[flow.place["package"]] = package_version(flow.place["package"])
    return found


def _counted(missing: Sequence[tuple[Point, str]], store: Store) -> dict[Point, Measured]:
    """Points that are not placed, from the store or now, in batches."""
    progress, batches = Progress(len(missing)), list(_batches(missing))
    works: list[Callable[[], dict[Point, Measured]]] = [partial(_batch, batch, store, progress) for batch in batches]
    found: dict[Point, Measured] = {}
    for part in side_by_side(works):
        found |= part
    return found


def _batches(missing: Sequence[tuple[Point, str]]) -> Iterator[list[tuple[Point, str]]]:
    """Those that go together: on one family, with or without multiplier blocks."""
    groups: dict[Any, list[tuple[Point, str]]] = defaultdict(list)
    for point, digest in missing:
        group = groups[point.target, uses_blocks(getattr(point.spec, "form", ""))]
        group.append((point, digest))
        if len(group) == TOGETHER:
            yield list(group)
            group.clear()
    yield from (group for group in groups.values() if group)


def _batch(batch: Sequence[tuple[Point, str]], store: Store, progress: Progress) -> dict[Point, Measured]:
    target = batch[0][0].target
    keys = {point: measure_key(digest, target, timed=False) for point, digest in batch}
    fields = get_type_hints(Cost)
    costs = {
        point: store.get("measure", key, fields) or store.get("failed", key, FAILED) for point, key in keys.items()
    }
    if todo := [point for point in keys if costs[point] is None]:
        designs = [Design.of(point.spec, emitted(point), timed=False) for point in todo]
        with step(f"Yosys, {len(todo)} designs for {target.name}"):
            results = measure_batch(designs, target)
        for point, result in zip(todo, results, strict=True):
            kind, value = (
                ("measure", result.to_dict()) if isinstance(result, Cost) else ("failed", {"failed": str(result)})
            )
            store.put(kind, keys[point], point.name, value)
            costs[point] = value
    progress.add(len(batch))
    return {point: Measured.of(point.spec, target, digest, costs[point] or {}) for point, digest in batch}


def _placed(missing: Sequence[tuple[Point, str]], store: Store, workers: int) -> dict[Point, Measured]:
    """Points that are placed."""
    jobs = [measure_job(point.spec, point.target, keep=store.keep) for point, _ in missing]
    costs = run(jobs, store, workers)
    return {p: Measured.of(p.spec, p.target, digest, cost) for (p, digest), cost in zip(missing, costs, strict=True)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.dataset", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-j", "--jobs", type=int, default=2, metavar="N", help="programs at a time (default: 2)")
    parser.add_argument("--store", type=Path, default=Path("build/dataset/store.sqlite"), help="where results are kept")
    parser.add_argument("--check", action="store_true", help="only say which points have other Verilog than the table")
    options = parser.parse_args(arguments)

    def work() -> None:
        workers, wanted, table = check_workers(options.jobs), points(), read()
        with Store(options.store) as store:
            if options.check:
                changed = stale(wanted, table, store, workers)
                print(
                    "\n".join(
                        [*changed, f"{len(changed)} of {len(wanted)} points are not in the table as they are today"]
                    )
                )
            else:
                print(write(gather(wanted, table, store, workers)))

    return guarded("dataset", work)


def stale(wanted: Sequence[Point], table: Table, store: Store, workers: int) -> list[str]:
    """The names of the points whose Verilog is not what the table's numbers are of."""
    with process.at_most(workers):
        found = digests(wanted, store)
    return [point.name for point, digest in found.items() if table.find(point.spec, point.target, digest) is None]


if __name__ == "__main__":
    sys.exit(main())
