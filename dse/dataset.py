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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hw
from costmodel.measured import Measured, Table, read, write
from costmodel.targets import load
from dse.crew import Workers
from dse.emission import digests
from dse.job import Value
from dse.jobs import guarded, run
from dse.measuring import Digested, counted, placing_job
from dse.options import add_workers, hired
from dse.points import Point, points
from dse.store import Store
from rtl_gen import process
from rtl_gen.steps import say
from rtl_gen.tools import package_version

LIMITS = process.Limits(seconds=1800, mebibytes=10_000)
"""What a tool may take for one point."""


def gather(wanted: Sequence[Point], table: Table, store: Store, workers: Workers) -> Table:
    """The points measured: from the table, from the store, or now.

    A tool that fails on one point is recorded with it, and the rest goes on.
    """
    found, today = digests(wanted, store, workers), versions(wanted)
    rows: dict[Point, Measured] = {}
    missing: list[Digested] = []
    for point, digest in found.items():
        row = table.find(point.spec, point.target, digest)
        if row is not None and (row.mhz or not point.placed or row.failed) and _holds(table, today, point):
            rows[point] = row
        else:
            missing.append((point, digest))
    say(f"{len(rows)} of {len(found)} points are in the table as they are today")
    rows |= _counted([pair for pair in missing if not pair[0].placed], store, workers)
    rows |= _placed([pair for pair in missing if pair[0].placed], store, workers)
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


def _counted(missing: Sequence[Digested], store: Store, workers: Workers) -> dict[Point, Measured]:
    """Points that are not placed, from the store or now, in batches."""
    return {pair[0]: _measured(*pair, cost) for pair, cost in counted(missing, store, workers).items()}


def _placed(missing: Sequence[Digested], store: Store, workers: Workers) -> dict[Point, Measured]:
    """Points that are placed."""
    costs = run([placing_job(*pair) for pair in missing], store, workers)
    return {pair[0]: _measured(*pair, cost) for pair, cost in zip(missing, costs, strict=True)}


def _measured(point: Point, digest: str, cost: Value) -> Measured:
    return Measured.of(point.spec, point.target, digest, cost)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.dataset", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=Path("build/dataset/store.sqlite"), help="where results are kept")
    parser.add_argument("--check", action="store_true", help="only say which points have other Verilog than the table")
    options = parser.parse_args(arguments)

    def work() -> None:
        limited = process.limited(LIMITS.seconds, LIMITS.mebibytes)
        with hired(options, LIMITS) as workers, Store(options.store) as store, limited:
            wanted, table = points(), read()
            if not options.check:
                print(write(gather(wanted, table, store, workers)))
                return
            changed = stale(wanted, table, store, workers)
            summary = f"{len(changed)} of {len(wanted)} points are not in the table as they are today"
            print("\n".join([*changed, summary]))

    return guarded("dataset", work)


def stale(wanted: Sequence[Point], table: Table, store: Store, workers: Workers) -> list[str]:
    """The names of the points whose Verilog is not what the table's numbers are of."""
    found = digests(wanted, store, workers)
    return [point.name for point, digest in found.items() if table.find(point.spec, point.target, digest) is None]


if __name__ == "__main__":
    sys.exit(main())
