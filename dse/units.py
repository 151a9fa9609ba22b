"""The table of units: what each costs, how many cycles it takes, and what that rests on.

``python -m dse.units`` verifies and measures the rows of ``costmodel/data/units.toml`` and writes docs/units.md;
with the names of designs it does those and prints their lines.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.targets import load
from dse.explore import measure_job, verify_job
from dse.jobs import Job, guarded, run
from dse.store import Store
from hw.specs.stream import StreamSpec
from rtl_gen import write_atomic
from rtl_gen.tools import ToolError

STORE, PAGE = Path("build/units/store.sqlite"), Path("docs/units.md")


@dataclass(frozen=True)
class Row:
    """A design, and the shape of a run of which the cycles are given."""

    spec: hw.Spec
    shape: dict[str, int]

    @property
    def cycles(self) -> str:
        """What the unit's formula says of the shape."""
        if not isinstance(self.spec, StreamSpec):
            return ""
        shape = ", ".join(f"{name} {value}" for name, value in self.shape.items())
        return f"{self.spec.cycles(**self.shape)} for {shape}"


@dataclass(frozen=True)
class Result:
    """What was found of a row: the verdict, and the cost on each target; None where it can't be built."""

    row: Row
    verdicts: dict[str, dict[str, Any]]
    costs: dict[str, dict[str, Any] | None]


def read(text: str) -> tuple[list[Row], list[hw.Target]]:
    """The rows and targets of a data file.

    Raises
    ------
    ValueError
        A row's spec does not parse, or its shape is not that of the unit's cycles; the message names the row.
    """
    data, rows = tomllib.loads(text), []
    for number, entry in enumerate(data["row"], 1):
        try:
            if unknown := sorted(set(entry) - {"spec", "shape"}):
                raise ValueError(f"unknown key {', '.join(unknown)}")
            row = Row(hw.parse(entry.get("spec", "")), entry.get("shape", {}))
            check_shape(row)
        except ValueError as error:
            raise ValueError(f"units.toml, row {number}: {error}") from error
        rows.append(row)
    return rows, [hw.parse_target(name) for name in data["targets"]]


def check_shape(row: Row) -> None:
    """Raise ValueError unless the shape has the parts that the unit's cycles depend on."""
    known = set(inspect.signature(row.spec.cycles).parameters) if isinstance(row.spec, StreamSpec) else set()
    if unknown := sorted(set(row.shape) - known):
        raise ValueError(f"the cycles of {row.spec} depend on {', '.join(sorted(known))}, got {', '.join(unknown)}")


def find(rows: Sequence[Row], targets: Sequence[hw.Target], store: Store, workers: int) -> list[Result]:
    """Verify every row, in portable RTL and as it is built for each target, and measure it there.

    Raises
    ------
    ToolError
        A tool is missing or failed, or a design is not what its golden model says.
    """
    jobs: dict[tuple[str, hw.Spec, str], Job] = {}
    for row in rows:
        for target in (hw.GENERIC, *targets):
            try:
                jobs["verify", row.spec, target.name] = verify_job(row.spec, target, store.path.parent / "sim")
            except ValueError:
                continue  # a family that lacks what the design is made of
            if target is not hw.GENERIC:
                jobs["measure", row.spec, target.name] = measure_job(row.spec, target, timed=False)
    found = dict(zip(jobs, run(list(jobs.values()), store, workers), strict=True))
    results = []
    for row in rows:
        verdicts = {t.name: found["verify", row.spec, t.name] for t in (hw.GENERIC, *targets)
                    if ("verify", row.spec, t.name) in found}  # fmt: skip
        for verdict in verdicts.values():
            if not verdict["passed"]:
                raise ToolError(f"{verdict['spec']} differs from its golden model: {verdict['failures'][0]}")
        results.append(Result(row, verdicts, {t.name: found.get(("measure", row.spec, t.name)) for t in targets}))
    return results


def line(result: Result) -> list[str]:
    """The cells of a row of the table."""
    spec, verdict = result.row.spec, next(iter(result.verdicts.values()))
    extent = "every operand pair" if verdict["exhaustive"] else "corners, chance, pauses, a reset"
    compared = f"{verdict['tests']} plays, {verdict['compared']} results; {extent}; {len(result.verdicts)} forms"
    return [
        f"`{spec.name}`",
        str(spec.latency),
        result.row.cycles,
        *(cost_text(cost) for cost in result.costs.values()),
        compared,
        f"`python -m dse.units {spec.name}`",
    ]


def cost_text(cost: dict[str, Any] | None) -> str:
    """LUTs and, if there are any, memories."""
    if cost is None:
        return "-"
    parts = [f"{cost['lut']:,}"]
    parts += [f"{cost[name]} {name.upper()}" for name in ("bram", "dsp") if cost[name]]
    return ", ".join(parts)


def table(results: Sequence[Result], targets: Sequence[hw.Target]) -> str:
    """The table, as Markdown."""
    heads = ["design", "latency", "cycles", *(f"{t.title} ({load(t.name).lut_kind})" for t in targets)]
    heads += ["verified by", "made by"]
    rows = [heads, ["---"] * len(heads), *map(line, results)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def page(results: Sequence[Result], targets: Sequence[hw.Target]) -> str:
    """docs/units.md."""
    units = list(dict.fromkeys(result.row.spec.unit for result in results))
    versions = next(iter(results[0].verdicts.values()))["versions"]
    tools = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if "\n" not in version)
    return (
        "# Units\n\nGenerated by `make units`, or `python -m dse.units`; each line by the command at its end. "
        f"Simulated with {tools}.\n\n"
        "Latency: cycles from a beat to the result that it completes. Cycles: what the unit's closed formula says of a "
        "run of the given shape, from\nthe first beat offered to the last result taken, when nobody pauses; every "
        "verification holds it equal to the simulated count. LUTs are\nof the unit alone, without DSPs, after Yosys; "
        "FFs and more by `macsmith cost`. Verified by: what one form's verification compared, code\nfor code; forms "
        "are portable RTL and the families' own.\n\n"
        + table(results, targets)
        + "\nThe units: "
        + ", ".join(f"[{unit}](units/{unit}.md)" for unit in units)
        + ".\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the page, or the lines of some designs."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.units",
        description="Verify and measure units.",
        epilog="example:\n  python -m dse.units dot/int8xint8/n32/exact/exact/p2",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="rows to print (default: all, into the page)")
    parser.add_argument("-j", "--jobs", type=int, default=2, metavar="N", help="jobs at a time (default: 2)")
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")
    parser.add_argument("-o", "--output", type=Path, default=PAGE, metavar="FILE", help=f"default: {PAGE}")
    options = parser.parse_args(arguments)
    return guarded("units", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    rows, targets = read(files("costmodel").joinpath("data", "units.toml").read_text())
    if options.jobs < 1:
        raise ValueError(f"--jobs must be 1 or more, got {options.jobs}")
    if options.specs:
        known = {row.spec: row for row in rows}
        rows = [known.get(spec, Row(spec, {})) for spec in map(hw.parse, options.specs)]
    with Store(options.store) as store:
        results = find(rows, targets, store, options.jobs)
    if options.specs:
        print(table(results, targets), end="")
        return
    write_atomic(options.output, page(results, targets))
    print(options.output)


if __name__ == "__main__":
    sys.exit(main())
