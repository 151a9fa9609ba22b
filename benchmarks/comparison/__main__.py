"""Ask all tools for the products of problem.toml, one after the other in one run, and write what they say."""

from __future__ import annotations

import argparse
import csv
import datetime
import io
import platform
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hw
from benchmarks.comparison.many import many
from benchmarks.comparison.protocol import Question
from benchmarks.comparison.simulated import simulated
from benchmarks.comparison.tools import HERE, TOOLS
from costmodel.traffic import Stream, Traffic, buffers, picojoules, price
from dse.running import fitted
from dse.workloads.gemms.product import GemmList, Product
from hw.specs.gemm import GemmSpec
from rtl_gen import write_atomic
from rtl_gen.tools import package_version

COLUMNS = (
    *("case", "tool", "spec", "what", "m", "k", "n", "cycles", "parts"),
    *("inside_pj", "outside_pj", "load_s", "cpu_s", "peak_mb", "failed"),
)
OUTPUT = Path("dse/data/comparison.csv")
Row = dict[str, Any]


def question(spec: GemmSpec, prices: str, m: int, k: int, n: int) -> Question:
    """What a tool is asked: the product, and the core's array and memories, with what an access costs."""
    # What the memories are does not depend on the run.
    memories = {
        each.name: {"bits": each.capacity, "width": each.width, "pj_bit": picojoules(prices, each.capacity / 8)}
        for each in buffers(spec, m=1, k=1, n=1)
    }
    return {
        "spec": spec.name,
        "prices": prices,
        "m": m,
        "k": k,
        "n": n,
        "rows": spec.rows,
        "columns": spec.columns,
        "lanes": spec.output_lanes,
        "memories": memories,
        "sum_bits": spec.sums.width,
        "outside_pj_bit": price(Traffic(spec.name, (), (Stream("outside", 1, 1),)), prices).outside,
    }


def asked(case: str, what: str, spec: GemmSpec, prices: str, m: int, k: int, n: int) -> Iterator[Row]:
    """A row for each tool."""
    for tool in TOOLS:
        answer = tool.ask(question(spec, prices, m, k, n))
        found: Row = {"failed": answer} if isinstance(answer, str) else answer
        parts = "; ".join(f"{name} {count}" for name, count in found.pop("parts", {}).items())
        row = {"case": case, "tool": tool.name, "spec": spec.name, "what": what, "m": m, "k": k, "n": n}
        yield {**row, "parts": parts, **found}


def rows(problem: dict[str, Any]) -> Iterator[Row]:
    """Everything, in the file's order."""
    products = tuple(Product(**entry) for entry in problem["product"])
    core, prices = hw.parse(problem["core"]), problem["prices"]
    assert isinstance(core, GemmSpec)
    listed = GemmList("comparison", "comparison", "problem.toml", products)
    core = fitted(core, listed)
    for entry in problem["simulated"]:
        spec = hw.parse(entry["core"])
        assert isinstance(spec, GemmSpec)
        shape = {size: entry[size] for size in "mkn"}
        cycles, _, seconds = simulated(spec.name, **shape)
        named: Row = {"case": "simulated", "spec": spec.name, "what": f"{spec.rows} x {spec.columns}", **shape}
        yield {**named, "tool": "rtl", "cycles": cycles, "cpu_s": round(seconds, 3)}
        yield from asked("simulated", named["what"], spec, prices, **shape)
    for product in products:
        yield from asked("list", product.name, core, prices, product.m, product.k, product.n)
    designs, seconds = many(core, listed)
    yield {"case": "many", "tool": "macsmith", "spec": core.name, "what": str(designs), "cpu_s": round(seconds, 6)}


def text(found: list[Row], date: str) -> str:
    """The file: what made it, and a line for each row."""
    packages = ", ".join(f"{name} {package_version(name)}" for name in ("macsmith", "numpy"))
    environments = [f"{tool.name}: {', '.join(tool.packages)}" for tool in TOOLS if tool.packages]
    head = [
        "python -m benchmarks.comparison, all rows in one run, one after the other",
        f"{date}; {platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}",
        *environments,
        "cpu_s: user and system, without load_s, that of imports; peak_mb: 10^6 bytes of the whole process",
    ]
    out = io.StringIO()
    out.writelines(f"# {line}\n" for line in head)
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue()


def main() -> int:
    """Ask, write after each answer, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comparison", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, metavar="FILE", help=f"default: {OUTPUT}")
    options = parser.parse_args()
    date = datetime.date.today().isoformat()
    found: list[Row] = []
    for row in rows(tomllib.loads((HERE / "problem.toml").read_text())):
        print({name: row[name] for name in ("what", "tool", "cycles", "cpu_s", "failed") if name in row}, flush=True)
        found.append(row)
        write_atomic(options.output, text(found, date))
    return 0


if __name__ == "__main__":
    sys.exit(main())
