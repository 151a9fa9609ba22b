"""The cost model's data: every point of ``dataset.toml`` measured, and the table that comes with macsmith.

    python -m dse.dataset -j 2

What the table or the store has of the Verilog that a point has today is not measured again. Designs that are only
counted go through Yosys several at a time.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import hw
from costmodel.measure import Cost, Design, measure_batch, measure_design, measure_key
from costmodel.measured import Measured, Table, read, write
from costmodel.targets import load
from dse.emission import design_of, digests
from dse.jobs import Job, check_workers, guarded, run
from dse.points import Point, points
from dse.progress import Progress
from dse.store import Store
from hw.specs.base import uses_blocks
from rtl_gen import process
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import say, step
from rtl_gen.tools import ToolError, package_version

TOGETHER = 10
"""Designs in a run of Yosys."""
SECONDS, MEBIBYTES = 1800, 10_000
"""What a tool may take for one point."""
FAILED = {"failed": str}


def gather(wanted: Sequence[Point], table: Table, store: Store, workers: int) -> Table:
    """The points measured: from the table, from the store, or now.

    A tool that fails on one point is recorded with it, and the rest goes on.
    """
    with process.at_most(workers):
        found, today = digests(wanted, store, workers), versions(wanted)
        rows: dict[Point, Measured] = {}
        missing: list[tuple[Point, str]] = []
        for point, digest in found.items():
            row = table.find(point.spec, point.target, digest)
            if row is not None and (row.mhz or not point.placed or row.failed) and _holds(table, today, point):
                rows[point] = row
            else:
                missing.append((point, digest))
        say(f"{len(rows)} of {len(found)} points are in the table as they are today")
        rows |= _counted([pair for pair in missing if not pair[0].placed], store)
        placed = [pair for pair in missing if pair[0].placed]
    rows |= _placed(placed, store, workers)
    gathered = [rows[point] for point in found]
    # The same table of the same day is the same bytes.
    date = table.date if gathered == table.rows else datetime.date.today().isoformat()
    return Table(today, gathered, date)


def versions(wanted: Sequence[Point]) -> dict[str, str]:
    """What decides the numbers beside a design's Verilog: tools, and each family's flow and way to place."""
    found: dict[str, str] = {}
    for target in dict.fromkeys(point.target for point in wanted):
        found |= _versions(target, any(point.placed for point in wanted if point.target == target))
    return found


def _versions(target: hw.Target, placed: bool) -> dict[str, str]:
    """What decides the numbers of one family."""
    flow = load(target.name)
    mapping = [flow.synthesis, flow.dsp_flows, flow.cells, sorted(flow.free)]
    found = {"pyosys": package_version("pyosys"), f"flow {target.name}": _short(mapping)}
    if placed and flow.place:
        package = flow.place["package"]
        found |= {f"place {target.name}": _short(flow.place), package: package_version(package)}
    return found


def _short(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]


def _holds(table: Table, today: Mapping[str, str], point: Point) -> bool:
    """Whether nothing that decides a point's numbers has changed since a table was made."""
    return all(table.versions.get(name) == today[name] for name in _versions(point.target, point.placed))


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
        designs = [design_of(point, store, timed=False) for point in todo]
        with step(f"Yosys, {len(todo)} designs for {target.name}"):
            results = _each(designs, target)
        for point, result in zip(todo, results, strict=True):
            kind, value = (
                ("measure", result.to_dict()) if isinstance(result, Cost) else ("failed", {"failed": str(result)})
            )
            store.put(kind, keys[point], point.name, value)
            costs[point] = value
    progress.add(len(batch))
    return {point: Measured.of(point.spec, target, digest, costs[point] or {}) for point, digest in batch}


def _each(designs: Sequence[Design], target: hw.Target) -> list[Cost | ToolError]:
    """As `measure_batch`; a cell that the target's file does not know is an error of the design that has it, alone."""
    try:
        return measure_batch(designs, target)
    except ValueError as error:
        if len(designs) == 1:
            return [ToolError(str(error))]
        half = len(designs) // 2
        return [*_each(designs[:half], target), *_each(designs[half:], target)]


def _placed(missing: Sequence[tuple[Point, str]], store: Store, workers: int) -> dict[Point, Measured]:
    """Points that are placed."""
    jobs = [_placing(point, digest, store) for point, digest in missing]
    costs = run(jobs, store, workers)
    return {p: Measured.of(p.spec, p.target, digest, cost) for (p, digest), cost in zip(missing, costs, strict=True)}


def _placing(point: Point, digest: str, store: Store) -> Job:
    """The job that measures and places a point: that a tool fails is a result, too."""

    def work() -> dict[str, Any]:
        try:
            return measure_design(design_of(point, store, timed=True), point.target, keep=store.keep).to_dict()
        except ToolError as error:
            if process.is_stopped():
                raise
            return {"failed": str(error)}

    return Job("point", measure_key(digest, point.target), f"measure {point.name}", work)


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
                with process.limited(SECONDS, MEBIBYTES):
                    print(write(gather(wanted, table, store, workers)))

    return guarded("dataset", work)


def stale(wanted: Sequence[Point], table: Table, store: Store, workers: int) -> list[str]:
    """The names of the points whose Verilog is not what the table's numbers are of."""
    with process.at_most(workers):
        found = digests(wanted, store, workers)
    return [point.name for point, digest in found.items() if table.find(point.spec, point.target, digest) is None]


if __name__ == "__main__":
    sys.exit(main())
