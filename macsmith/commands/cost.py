"""macsmith cost."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macsmith.commands.options import (
    add_run_options,
    add_specs,
    add_tools,
    add_weights,
    designs,
    named,
    output_file,
    positive,
)

if TYPE_CHECKING:
    import pandas

ABOUT = "say what designs cost: measured with Yosys and nextpnr, or estimated without a tool"
EXAMPLE = (
    "macsmith cost mac/int8xint8 --target ecp5 ice40\n"
    "  macsmith cost array/int4xint4/16x16 mac/e4m3xe4m3 --estimate --device ecp5-85k --csv costs.csv"
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
    add_weights(parser)
    parser.add_argument(
        "--target", nargs="+", default=[], metavar="TARGET", help="for example ecp5, nexus, xc7 (default: ecp5)"
    )
    parser.add_argument(
        "--device",
        nargs="+",
        default=[],
        metavar="DEVICE",
        help="for example ecp5-85k, zu5ev-k26, or a file that describes one, mine.toml; it implies the target",
    )
    parser.add_argument("--estimate", action="store_true", help="count, without a tool; with the ends of nine of ten")
    parser.add_argument("--measure", action="store_true", help="synthesise and place (default, but for --estimate)")
    parser.add_argument("--no-place", action="store_true", help="count cells, but do not place: no MHz")
    parser.add_argument("--seeds", type=positive, metavar="N", help="place N times, median MHz (default: 3)")
    parser.add_argument(
        "--gates",
        nargs="?",
        const="",
        metavar="LIBERTY",
        help="count NAND2 gates, too, of our library or a file",
    )
    parser.add_argument(
        "--energy",
        nargs="?",
        const="horowitz_45nm",
        default="",
        metavar="TABLE",
        help="estimate pJ an operation by a table of published energies (default: horowitz_45nm), and toggles on the "
        "target beside an INT8 MAC's",
    )
    parser.add_argument(
        "--stream",
        default="normal",
        metavar="OPERANDS",
        help="normal (default), uniform, or a file, x.npz",
    )
    parser.add_argument(
        "--gemms",
        metavar="LIST",
        help="cycles, traffic and frames a second of a list of matrix products, too: resnet18, a CSV or ONNX file, ...",
    )
    parser.add_argument("--csv", type=output_file, metavar="FILE", help="write the table, with all columns")
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write it as JSON, with what the columns mean")
    add_tools(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    from costmodel.energy import published_energies
    from costmodel.measure import check_tools
    from costmodel.nextpnr import chosen
    from costmodel.streams import parse_stream
    from costmodel.targets import load
    from dse.costs import Placed, estimated, measured, switched, table
    from dse.options import hired
    from dse.running import runs
    from dse.store import Store
    from dse.workloads.gemms import find
    from rtl_gen.files import check_writable

    specs, asked = designs(named(options), options.target, options.device, "ecp5")
    tools = chosen(options.tools)
    measures = options.measure or not options.estimate
    if options.gates:
        Path(options.gates).read_bytes()
    if options.energy:
        published_energies(options.energy)
        parse_stream(options.stream)
    elif options.stream != "normal":
        raise ValueError("--stream says what operands energy is estimated with: add --energy")
    gemms = find(options.gemms) if options.gemms is not None else None
    if options.csv is not None and options.csv == options.json:
        raise ValueError("--csv and --json must name two files, got one")
    for path in (options.csv, options.json):
        if path is not None:
            check_writable(path)
    for target in dict.fromkeys(target for target, _ in asked):
        load(target.name)
        if measures and not options.no_place:
            check_tools(target, tools)
    rows = [Placed(spec, target, device) for spec in specs for target, device in asked]
    with hired(options) as workers, Store(options.store) as store:
        steps = [estimated(rows, store)] if options.estimate else []
        if measures:
            steps.append(measured(rows, store, workers, not options.no_place, options.seeds, tools))
            reasons = steps[-1]
        if options.gates is not None or options.energy:
            steps.append(switched(rows, store, workers, options.gates, options.energy, options.stream))
    found = table(rows, *steps)
    if gemms is not None:
        found = found.join(runs(found, gemms))
    _print(found)
    if measures:
        _explain(found, reasons, options.no_place)
    if gemms is not None:
        _explain_runs(specs, gemms)
    _write(found, options)
    return 0


def _print(found: pandas.DataFrame) -> None:
    """The table for people: an interval stands in the column of what it is of."""
    from dse.columns import COLUMNS, RANGED
    from rtl_gen.columns import table

    hidden = {f"{name}_{end}" for name in RANGED for end in ("low", "high")} | {"makes", "rate"}
    names = [name for name in found if name not in hidden]

    def cell(row: Any, name: str) -> str:
        text = COLUMNS[name].shown(row[name])
        quantity = name.removesuffix("_estimated")
        if name == quantity or quantity not in RANGED or text == "-":
            return text
        return f"{text} ({row[f'{quantity}_low']:.0f}..{row[f'{quantity}_high']:.0f})"

    lines = [[cell(row, name) for name in names] for row in found.to_dict("records")]
    print(table([COLUMNS[name].title for name in names], lines))


def _explain(found: pandas.DataFrame, steps: list[dict[str, Any]], unplaced: bool) -> None:
    """What does not fit, and why there are no MHz."""
    both = list(zip(found.to_dict("records"), steps, strict=True))
    for row, step in both:
        if not step["fits"]:
            print(f"{row['spec']} does not fit {row['device']}: {row['share']}")
    for name, reason in () if unplaced else dict.fromkeys((row["target"], step["unplaced"]) for row, step in both):
        if reason:
            print(f"MHz - on {name}: {reason}")


def _explain_runs(specs: list[Any], gemms: Any) -> None:
    """Why a design has no cycles for a list, and what is not in it."""
    from dse.running import CanNotRun, run

    for spec in specs:
        try:
            run(spec, gemms)
        except CanNotRun as error:
            print(f"cycles -: {error}")
    if gemms.left_out:
        print(f"{gemms.name} leaves out {', '.join(map(str, gemms.left_out))}")


def _write(found: pandas.DataFrame, options: argparse.Namespace) -> None:
    """The files that were asked for."""
    import json

    from dse.columns import COLUMNS
    from rtl_gen import write_atomic

    if options.csv is not None:
        write_atomic(options.csv, found.to_csv(index=False, lineterminator="\n", float_format="%.6g"))
    if options.json is not None:
        about = {
            name: {"unit": COLUMNS[name].unit, "source": COLUMNS[name].source, "meaning": COLUMNS[name].meaning}
            for name in found
        }
        records = json.loads(found.to_json(orient="records"))
        write_atomic(options.json, json.dumps({"columns": about, "designs": records}, indent=2) + "\n")
