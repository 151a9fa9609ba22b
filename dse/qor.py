"""Quality of results: our units against what Yosys makes of the operators that one would write instead.

``python -m dse.qor`` measures the rows of ``costmodel/data/qor.toml`` and writes docs/qor.md and docs/qor.csv.
What is in the store is not measured again, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.measure import Design, design_key, measure_design
from costmodel.targets import load
from dse.explore import verify_job
from dse.jobs import Job, guarded, run
from dse.store import Store
from hw.formats import Format, Minifloat
from rtl_gen import emit, write_atomic
from rtl_gen.files import check_writable

STORE, DOCS = Path("build/qor/store.sqlite"), Path("docs")
BOOTH = ("opt_expr", "opt_clean", "wreduce", "opt_clean", "booth")
"""Booth's pass wants multipliers as narrow as they are; the flow before it does that to plain ones later."""
VARIANTS = {
    "ours": "our unit, as emitted for the family",
    "generic": "our unit in portable RTL, where the family has a form of its own; not placed",
    "stock": "the Verilog operator",
    "booth": "the Verilog operator through Yosys's pass `booth`",
}
COLUMNS = ["target", "title", "spec", "variant", "lut_kind", "lut", "carry", "ff", "dsp", "levels", "fmax_mhz"]
COLUMNS += ["lut_ratio", "lut_per_mhz_ratio", "verified", "unplaced", "flow"]


@dataclass(frozen=True)
class Row:
    """A line of the data file.

    Attributes
    ----------
    title : str
        For people.
    spec : Spec
        Our unit.
    stock : str
        Body of a Verilog module with the same ports; empty if Verilog has no such operator.
    """

    title: str
    spec: hw.Spec
    stock: str = ""


@dataclass(frozen=True)
class Result:
    """One measured variant of a row."""

    row: Row
    variant: str
    cost: dict[str, Any]
    verdict: dict[str, Any] | None = None


def read(text: str) -> tuple[list[Row], list[hw.Target]]:
    """The rows and targets of a data file.

    Raises
    ------
    ValueError
        A row has no spec, or one that does not parse; the message names the row.
    """
    data = tomllib.loads(text)
    stocks, rows = data.get("stock", {}), []
    for number, row in enumerate(data["row"], 1):
        title = row.get("title", f"row {number}")
        try:
            if unknown := sorted(set(row) - {"title", "spec", "stock"}):
                raise ValueError(f"unknown key {', '.join(unknown)}")
            if row.get("stock", "") not in ("", *stocks):
                raise ValueError(f"stock must be one of {', '.join(stocks)}, got {row['stock']!r}")
            stock = stocks[row["stock"]] if row.get("stock") else ""
            rows.append(Row(title, hw.parse(row.get("spec", "")), stock.strip("\n")))
        except ValueError as error:
            raise ValueError(f"qor.toml, {title!r}: {error}") from error
    return rows, [hw.parse_target(name) for name in data["targets"]]


def designs(row: Row, target: hw.Target) -> dict[str, Design]:
    """The Verilog of each of `VARIANTS` that there is."""
    emitted = emit(row.spec, target)
    found = {"ours": Design.of(row.spec, emitted)}
    try:
        generic = emit(row.spec)
    except ValueError:
        pass  # portable RTL may have no place for so many registers
    else:
        if _body(generic.verilog) != _body(emitted.verilog):
            found["generic"] = replace(Design.of(row.spec, generic), name=f"{row.spec} (generic)", timed=False)
    if row.stock:
        manifest = {"module": "stock", "ports": emitted.manifest["ports"]}
        verilog = module(manifest["ports"], row.stock)
        found["stock"] = Design(f"{row.spec} (stock)", verilog, manifest, found["ours"].dsp)
        found["booth"] = Design(f"{row.spec} (booth)", verilog, manifest, found["ours"].dsp, BOOTH)
    return found


def module(ports: Sequence[dict[str, Any]], body: str) -> str:
    """Verilog of a module `stock` with the ports of a manifest."""
    listed = ", ".join(f"{port['direction']} [{port['width'] - 1}:0] {port['name']}" for port in ports)
    return f"module stock({listed.replace('[0:0] ', '')});\n{body}\nendmodule\n"


def _body(verilog: str) -> str:
    return re.sub(r"(?m)^//.*\n", "", verilog)


def job(design: Design, target: hw.Target) -> Job:
    """The job that measures a design."""
    text = json.dumps([design.verilog, design.dsp, design.prepare, design.timed])
    label = f"measure {design.name} on {target.name}"

    def work() -> dict[str, Any]:
        return measure_design(design, target).to_dict()

    return Job("qor", design_key(text, target), label, work)


def measure_all(rows: Sequence[Row], targets: Sequence[hw.Target], store: Store, workers: int) -> list[Result]:
    """Every variant of every row on every target; a design that a family can't have says why."""
    wanted: list[tuple[Row, str, Job | None, dict[str, Any]]] = []
    for target in targets:
        for row in rows:
            try:
                found = designs(row, target)
            except ValueError as error:
                wanted.append((row, "ours", None, _unbuilt(target, f"{row.title} can't be built: {error}")))
            else:
                wanted += [(row, name, job(design, target), {}) for name, design in found.items()]
    costs = iter(run([made for _, _, made, _ in wanted if made], store, workers))
    verdicts = verify_all(rows, targets, store, workers)
    return [
        Result(row, name, cost, verdicts.get((row.spec, cost["target"], name)))
        for row, name, made, nothing in wanted
        for cost in [next(costs) if made else nothing]
    ]


def verify_all(
    rows: Sequence[Row], targets: Sequence[hw.Target], store: Store, workers: int
) -> dict[tuple[hw.Spec, str, str], dict[str, Any]]:
    """The verdict on our unit, by spec, target and variant; the same Verilog is simulated once."""
    jobs: dict[str, Job] = {}
    wanted: dict[tuple[hw.Spec, str, str], str] = {}
    for target in targets:
        for spec in dict.fromkeys(row.spec for row in rows):
            for variant, built in (("ours", target), ("generic", hw.GENERIC)):
                try:
                    made = verify_job(spec, built, store.path.parent / "sim")
                except ValueError:
                    continue
                jobs[made.key] = made
                wanted[spec, target.name, variant] = made.key
    verdicts = dict(zip(jobs, run(list(jobs.values()), store, workers), strict=True))
    return {place: verdicts[key] for place, key in wanted.items()}


def _unbuilt(target: hw.Target, reason: str) -> dict[str, Any]:
    """What stands for the cost of a design that is not there."""
    counts = dict.fromkeys(("lut", "carry", "ff", "dsp", "levels", "fmax"))
    flow = load(target.name)
    return {"target": target.name, "lut_kind": flow.lut_kind, **counts, "unplaced": reason, "flow": "", "versions": {}}


def table(results: Sequence[Result]) -> list[dict[str, Any]]:
    """A line for each result, with `COLUMNS`: ratios are to the better of plain and Booth in each measure."""
    lines = []
    for result in results:
        cost, measures = result.cost, (_lut, _lut_per_mhz)
        rivals = [r.cost for r in results if r.row == result.row and r.cost["target"] == cost["target"]
                  and r.variant in ("stock", "booth")]  # fmt: skip
        lines.append(
            {
                "title": result.row.title,
                "spec": result.row.spec.name,
                "variant": result.variant,
                **{name: cost[name] for name in ("target", "lut_kind", "lut", "carry", "ff", "dsp", "levels")},
                "fmax_mhz": None if cost["fmax"] is None else round(cost["fmax"], 1),
                **dict(zip(COLUMNS[11:13], (_ratio(of, cost, rivals) for of in measures), strict=True)),
                "verified": _verified(result.verdict),
                "unplaced": cost["unplaced"],
                "flow": cost["flow"],
            }
        )
    return lines


def _verified(verdict: dict[str, Any] | None) -> str:
    """What a verdict says."""
    if verdict is None:
        return ""
    if not verdict["passed"]:
        return "FAILED"
    return "every pair" if verdict["exhaustive"] else "corners and random pairs"


def _lut(cost: dict[str, Any]) -> float | None:
    return cost["lut"]


def _lut_per_mhz(cost: dict[str, Any]) -> float | None:
    return None if cost["fmax"] is None else cost["lut"] / cost["fmax"]


def _ratio(of: Any, cost: dict[str, Any], rivals: Sequence[dict[str, Any]]) -> float | None:
    best = min((value for rival in rivals if (value := of(rival)) is not None), default=None)
    mine = of(cost)
    return round(mine / best, 3) if mine is not None and best else None


def semantics(spec: hw.Spec) -> list[str]:
    """What a float unit does: subnormals, NaN, rounding, overflow."""
    operands = [fmt for name, fmt in spec.port_formats.items() if name in ("a", "b")]
    result = next(fmt for name, fmt in reversed(spec.port_formats.items()))
    formats: list[Format] = [fmt for fmt in (*operands, result) if isinstance(fmt, Minifloat)]
    kept = all(fmt.subnormals for fmt in formats if isinstance(fmt, Minifloat))
    special = any(fmt.has_special for fmt in operands)
    product = getattr(spec, "product", "exact")
    # L-Mul, in all its semantics, counts a subnormal as zero.
    kept = kept and product == "exact"
    if not isinstance(result, Minifloat):
        rounding, overflow = "none: exact", "none"
        nan = "status port" if special else "no such code"
    else:
        rounding = "as L-Mul" if product != "exact" else getattr(spec, "rounding", "nearest_even").replace("_", " ")
        overflow = {"sat": "highest finite value", "inf": "infinity", "nan": "NaN"}[result.overflow]
        nan = "NaN in, NaN out" if special else "no such code"
    return ["kept" if kept else "flushed to zero", nan, rounding, overflow]


def markdown(results: Sequence[Result], command: str) -> str:
    """The page docs/qor.md."""
    parts = [
        f"# Quality of results\n\nGenerated by `{command}`; every number is measured in one run with "
        f"{_versions(results)}.\n\n"
        + "".join(f"- *{name}*: {about}\n" for name, about in VARIANTS.items())
        + "\nCells are those of the unit alone after Yosys, without DSPs unless the design's form is `dsp`. Levels: "
        "the most LUTs, multiplier blocks and\ncarry chains on a path without a register; a chain is one level "
        "however long it is, so chains are seen in MHz only. MHz: nextpnr,\nbetween registers in a harness, median of "
        "three seeds. Ratios are to the better of stock and booth in each measure; below 1 is better.\n"
        "The registers of the operator in a pipeline stand after it, where Yosys leaves them; ours are spread.\n",
        _semantics_table(results),
    ]
    lines = table(results)
    for target in dict.fromkeys(line["target"] for line in lines):
        members = [line for line in lines if line["target"] == target]
        parts.append(f"\n## {hw.parse_target(target).title} (`{target}`)\n\n{_target_table(members)}")
        parts += [
            f"\nWithout numbers: {reason}.\n"
            for reason in dict.fromkeys(line["unplaced"] for line in members)
            if reason
        ]
    return "".join(parts)


def _versions(results: Sequence[Result]) -> str:
    found = {f"{name} {version}" for result in results for name, version in result.cost["versions"].items()}
    return ", ".join(sorted(name for name in found if not name.endswith(" absent")))


def _semantics_table(results: Sequence[Result]) -> str:
    rows = [row for row in dict.fromkeys(result.row for result in results) if isinstance(row.spec.a, Minifloat)]  # type: ignore[attr-defined]
    if not rows:
        return ""
    lines = [[row.title, f"`{row.spec}`", *semantics(row.spec)] for row in rows]
    heads = ["float design", "spec", "subnormals", "NaN", "rounding", "overflow"]
    return "\n" + _render(heads, lines, "---|" * len(heads))


def _target_table(lines: Sequence[dict[str, Any]]) -> str:
    heads = ["design", "how", lines[0]["lut_kind"], "carry", "FF", "DSP", "levels", "MHz", "LUT ratio", "LUT/MHz ratio"]
    heads.append("verified on")
    names = ["lut", "carry", "ff", "dsp", "levels", "fmax_mhz", "lut_ratio", "lut_per_mhz_ratio"]
    body = [
        [
            f"{line['title']}" if line["variant"] == "ours" else "",
            line["variant"],
            *(_show(line[n]) for n in names),
            line["verified"],
        ]
        for line in lines
    ]
    return _render(heads, body, "---|---|" + "---:|" * len(names) + "---|")


def _show(value: Any) -> str:
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) and value < 10 else str(value)


def _render(heads: Sequence[str], lines: Sequence[Sequence[str]], rule: str) -> str:
    return "".join(f"| {' | '.join(line)} |\n" if line else f"|{rule}\n" for line in (heads, [], *lines))


def to_csv(results: Sequence[Result]) -> str:
    """The file docs/qor.csv."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table(results))
    return out.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dse.qor", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-j", "--jobs", type=int, default=1, metavar="N", help="jobs at a time (default: 1)")
    parser.add_argument("--target", nargs="+", metavar="TARGET", help="families (default: all of the data file)")
    parser.add_argument("--row", metavar="TEXT", default="", help="only rows whose title or spec has this text")
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")
    parser.add_argument("-o", "--output", type=Path, default=DOCS, metavar="DIR", help=f"default: {DOCS}")
    options = parser.parse_args(arguments)
    return guarded("qor", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    rows, targets = read(files("costmodel").joinpath("data", "qor.toml").read_text())
    rows = [row for row in rows if options.row in row.title or options.row in row.spec.name]
    targets = [hw.parse_target(name) for name in options.target] if options.target else targets
    if not rows or options.jobs < 1:
        raise ValueError(f"no row has {options.row!r}" if not rows else f"--jobs must be 1 or more, got {options.jobs}")
    check_writable(options.output / "qor.md")
    with Store(options.store) as store:
        results = measure_all(rows, targets, store, options.jobs)
    part = (f" --target {' '.join(options.target)}" if options.target else "") + (
        f" --row {options.row!r}" if options.row else ""
    )
    command = f"python -m dse.qor{part}" if part else "make qor"
    write_atomic(options.output / "qor.md", markdown(results, command))
    write_atomic(options.output / "qor.csv", to_csv(results))
    print(f"{options.output / 'qor.md'}\n{options.output / 'qor.csv'}")


if __name__ == "__main__":
    sys.exit(main())
