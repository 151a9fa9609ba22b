"""The command line: arguments in, text out, no logic."""

from __future__ import annotations

import argparse
import gc
import math
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

STORE = Path("build/pareto/store.sqlite")
MAX_LINE = 200
"""Characters of what argparse says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0 done, 1 a design is wrong, 2 it could not be done, 130 interrupted."""
    # What is refused half built is, by nature, created and never used.
    warnings.filterwarnings("ignore", ".* created but never used")
    try:
        from rtl_gen.process import interruptible

        return interruptible("macsmith", lambda: _run(arguments))
    except KeyboardInterrupt:
        # While the tools were still being imported.
        print("macsmith: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str] | None) -> int:
    # A design is many small objects that live until it is written: looking for circles among them finds none.
    gc.set_threshold(100_000, 20, 20)
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        return 0
    from rtl_gen.steps import shown
    from rtl_gen.tools import ToolError

    try:
        with shown():
            return options.command(options)
    except BrokenPipeError:
        raise
    except (ValueError, TypeError, OSError, ToolError) as error:
        if os.environ.get("MACSMITH_TRACEBACK"):
            raise
        print(f"macsmith: {_line(error)}", file=sys.stderr)
        return 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else here does."""

    def error(self, message: str) -> NoReturn:
        # It quotes what was typed, which may be a whole file.
        line = " ".join(message.split())
        line = line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}..."
        print(f"macsmith: {line} (see `{self.prog} --help`)", file=sys.stderr)
        raise SystemExit(2)


def _line(error: Exception) -> str:
    """What an error says, in one line."""
    from hw.formats.messages import cut

    if isinstance(error, OSError) and error.filename:
        return f"{cut(error.filename)}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _parser() -> argparse.ArgumentParser:
    from rtl_gen.tools import package_version

    parser = _Parser(prog="macsmith", description="Number formats and datapaths for low-precision matmul on FPGAs.")
    parser.add_argument("--version", action="version", version=f"macsmith {package_version('macsmith')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], about: str, example: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=about,
            description=about[0].upper() + about[1:] + ".",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=run)
        return sub

    formats = command(
        "formats", _formats, "list number formats, or describe some", "macsmith formats e4m3 int8 --plot e4m3.png"
    )
    formats.add_argument("names", nargs="*", metavar="FORMAT", help="a format to describe, for example mxfp4")
    formats.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the formats' values on the real line: a .png, .svg or .pdf"
    )

    generate = command(
        "generate",
        _generate,
        "write a design's Verilog and manifest",
        "macsmith generate mac/e4m3xe4m3/exact -o rtl\n"
        "  macsmith generate add/bf16xbf16/bf16 --target ecp5 --mhz 200 -o rtl",
    )
    _add_specs(generate)
    generate.add_argument("-o", "--output", type=_folder, required=True, metavar="DIR", help="folder to write to")
    _add_place(generate)
    generate.add_argument("--prefix", default="", metavar="NAME", help="what all modules' names begin with")
    generate.add_argument("--split", action="store_true", help="write a file for each module, and a list of them, .f")
    generate.add_argument(
        "--mhz",
        type=float,
        metavar="F",
        help="whatever pN says, the fewest registers that are predicted to reach F MHz on ecp5 or ice40",
    )
    generate.add_argument(
        "--confirm", action="store_true", help="place it, and add registers where the prediction fell short of --mhz"
    )
    _add_tools(generate)
    generate.add_argument("--force", action="store_true", help="replace files of other designs, too")

    verify = command(
        "verify",
        _verify,
        "simulate designs against their golden models",
        "macsmith verify mac/int8xint8 mac/e4m3xe4m3/lmul",
    )
    _add_specs(verify)
    _add_place(verify)
    _add_run_options(verify)

    cost = command(
        "cost", _cost, "measure designs with Yosys and nextpnr", "macsmith cost mac/int8xint8 --target ecp5 ice40"
    )
    _add_specs(cost)
    cost.add_argument(
        "--target", nargs="+", default=[], metavar="TARGET", help="for example ecp5, nexus, xc7 (default: ecp5)"
    )
    cost.add_argument(
        "--device",
        nargs="+",
        default=[],
        metavar="DEVICE",
        help="for example ecp5-85k, zu5ev-k26, or a file that describes one, mine.toml; it implies the target",
    )
    cost.add_argument("--no-place", action="store_true", help="count cells, but do not place: no MHz")
    cost.add_argument("--seeds", type=_positive, metavar="N", help="place N times and take the median MHz (default: 3)")
    _add_tools(cost)
    _add_run_options(cost)

    explore = command(
        "explore",
        _explore,
        "compare a space of designs and draw the Pareto frontier",
        "macsmith explore examples/narrow.toml -o build/narrow",
    )
    explore.add_argument(
        "space", nargs="?", type=Path, metavar="SPACE.toml", help="the space (default: a built-in one)"
    )
    explore.add_argument(
        "-o", "--output", type=_folder, default=STORE.parent, metavar="DIR", help=f"default: {STORE.parent}"
    )
    _add_tools(explore)
    _add_run_options(explore, store=False)

    demo = command(
        "demo", _demo, "classify images on a GEMM core in simulation", "macsmith demo --network lmul --images 200"
    )
    networks = "int8 (default), int8xint4, e4m3, lmul, mxfp4 or int8xternary"
    demo.add_argument("--network", default="int8", metavar="NAME", help=networks)
    demo.add_argument("--images", type=_positive, default=100, metavar="N", help="how many (default: 100)")

    command("doctor", _doctor, "say what of the tool chain is there", "macsmith doctor")
    return parser


def _add_specs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="for example mac/int8xint8 or mac/e4m3xe4m3/lmul")


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", help="fabric to build for (default: generic)")
    parser.add_argument("--device", help="device to build for, which implies its target: ecp5-85k, zu5ev-k26, ...")


def _add_tools(parser: argparse.ArgumentParser) -> None:
    about = "native: a nextpnr on PATH in place of the wheel's (default: $MACSMITH_TOOLS, or wheel)"
    parser.add_argument("--tools", metavar="{wheel,native}", help=about)


def _add_run_options(parser: argparse.ArgumentParser, store: bool = True) -> None:
    cores = os.cpu_count() or 1
    parser.add_argument(
        "-j", "--jobs", type=_positive, default=cores, metavar="N", help=f"jobs at a time (default: {cores})"
    )
    if store:
        parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text[:100]!r}")
    return int(text)


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("must name a folder, got ''")
    return Path(text)


def _formats(options: argparse.Namespace) -> int:
    from dse.report import table
    from hw.formats import CATALOGUE, FAMILIES, parse_format
    from hw.formats.describe import datasheet, summary

    if options.names:
        formats = [parse_format(name) for name in options.names]
        sheets = list(map(datasheet, formats))
        if options.plot:
            from dse.studies.realline import real_line

            sheets.append(str(real_line(formats, options.plot)))
        print("\n\n".join(sheets))
        return 0
    if options.plot:
        raise ValueError("--plot needs at least one FORMAT, for example: macsmith formats e4m3 int8 --plot e4m3.png")
    rows = [summary(parse_format(name)) for name in CATALOGUE]
    print(table(list(rows[0]), [list(row.values()) for row in rows]))
    print("\nAlso: " + "; ".join(family.grammar for family in FAMILIES) + ".")
    return 0


def _generate(options: argparse.Namespace) -> int:
    from costmodel.nextpnr import chosen
    from rtl_gen import emit
    from rtl_gen.emit import check_place, check_prefix
    from rtl_gen.files import check_writable

    check_prefix(options.prefix)
    chosen(options.tools)
    specs, ((target, device),) = _designs(options.specs, *_place(options), "generic")
    check_writable(options.output / "design")
    if options.mhz is not None:
        specs = list(dict.fromkeys(_pipelined(spec, target, device, options) for spec in specs))
    elif options.confirm:
        raise ValueError("--confirm needs --mhz, the frequency to confirm")
    if not options.force:
        for note in [note for spec in specs for note in check_place(options.output, spec, target, options.prefix)]:
            print(f"macsmith: {note}", file=sys.stderr)
    for spec in specs:
        for path in emit(spec, target, options.prefix).write(options.output, options.split, options.force):
            print(path, flush=True)
    return 0


def _pipelined(spec: Any, target: Any, device: Any, options: argparse.Namespace) -> Any:
    """The spec with registers for a frequency; what was found is said."""
    import hw
    from hw.formats.messages import cut
    from rtl_gen.steps import step

    with step(f"finding the registers that {cut(spec.name)} needs for {options.mhz:g} MHz"):
        found = hw.pipeline_for(spec, target, options.mhz)
    if options.confirm:
        from concurrent.futures import ThreadPoolExecutor

        from costmodel.confirm import confirmed
        from costmodel.measure import check_tools
        from costmodel.nextpnr import chosen

        check_tools(target, tools := chosen(options.tools))
        # A signal ends the tools and interrupts this thread, and so the other need not be asked what became of it.
        with ThreadPoolExecutor(1) as pool:
            cost = pool.submit(confirmed, found, target, options.mhz, tools, device=device).result()
        found, said = hw.parse(cost.spec), f"placed at {math.floor(cost.fmax or 0)} MHz"
    else:
        said = f"predicted to reach {math.floor(hw.predict(found, target).mhz)} MHz"
    print(f"macsmith: {cut(found.name)} is {said} on {target.name}", file=sys.stderr)
    return found


def _place(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The one target and the one device that a command takes, if they are given."""
    return ([] if options.target is None else [options.target]), ([] if options.device is None else [options.device])


def _designs(
    specs: Sequence[str], targets: Sequence[str], devices: Sequence[str], usual: str
) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """The specs of those names, each once, and where they are asked for, target and device.

    That they go together is checked before any is built.
    """
    import hw
    from costmodel.devices import places

    found = list(dict.fromkeys(map(hw.parse, specs)))
    asked = places(targets, devices, usual)
    for spec in found:
        for target, _ in asked:
            hw.check(spec, target)
    return found, asked


def _verify(options: argparse.Namespace) -> int:
    from dse.explore import verify_job
    from dse.jobs import run
    from dse.store import Store

    (specs, ((target, _),)), logs = _designs(options.specs, *_place(options), "generic"), options.store.parent / "sim"
    with Store(options.store) as store:
        verdicts = run([verify_job(spec, target, logs) for spec in specs], store, options.jobs)
    for verdict in verdicts:
        extent = "every operand pair" if verdict["exhaustive"] else "corners and random operands"
        print(
            f"{'PASS' if verdict['passed'] else 'FAIL'}  {verdict['spec']}  {verdict['tests']} tests, "
            f"{verdict['cycles']} cycles, {extent}"
        )
        for failure in verdict["failures"]:
            print(f"      {failure}")
    return 0 if all(verdict["passed"] for verdict in verdicts) else 1


def _cost(options: argparse.Namespace) -> int:
    from costmodel.devices import parse_device
    from costmodel.measure import check_tools
    from costmodel.nextpnr import chosen
    from costmodel.targets import load
    from dse.explore import measure_job
    from dse.jobs import run
    from dse.report import table
    from dse.store import Store

    specs, asked = _designs(options.specs, options.target, options.device, "ecp5")
    tools = chosen(options.tools)
    for target in dict.fromkeys(target for target, _ in asked):
        load(target.name)
        if not options.no_place:
            check_tools(target, tools)
    with Store(options.store) as store:
        parts = {"timed": not options.no_place, "seeds": options.seeds, "keep": store.keep, "tools": tools}
        jobs = [measure_job(spec, target, device=device, **parts) for spec in specs for target, device in asked]
        costs = run(jobs, store, options.jobs)
    on = [device or parse_device(cost["device"]) for cost, (_, device) in zip(costs, asked * len(specs), strict=True)]
    columns = ["target", "lut", "carry", "ff", "dsp", "bram"]
    lines = [
        [
            cost["spec"],
            *(str(cost[name]) for name in columns),
            device.share_text(cost),
            device.name,
            "-" if cost["fmax"] is None else f"{cost['fmax']:.1f}",
            cost["flow"],
        ]
        for cost, device in zip(costs, on, strict=True)
    ]
    print(table(["spec", *columns, "share", "of", "MHz", "flow"], lines))
    for cost, device in zip(costs, on, strict=True):
        if device.fullest(cost)[1] > 1:
            print(f"{cost['spec']} does not fit {device.name}: {device.share_text(cost)}")
    reasons = dict.fromkeys((cost["target"], cost["unplaced"]) for cost in costs if cost["unplaced"])
    for name, reason in () if options.no_place else reasons:
        print(f"MHz - on {name}: {reason}")
    return 0


def _explore(options: argparse.Namespace) -> int:
    from costmodel.nextpnr import chosen
    from dse.explore import explore
    from dse.report import frontier_table
    from dse.space import read
    from dse.store import Store

    space, tools = read(options.space), chosen(options.tools)
    with Store(options.output / STORE.name) as store:
        found = explore(space, options.output, store, options.jobs, tools)
    for axis in found.axes:
        print(frontier_table(axis, found.rows) + "\n")
    for path in found.files:
        print(path)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from dse import demo

    print(demo.report(demo.run(options.network, options.images)))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from costmodel.tools import TOOLS as measuring
    from dse.tools import TOOLS as exploring
    from rtl_gen.tools import TOOLS as writing
    from rtl_gen.tools import ToolError
    from sim.tools import TOOLS as simulating

    lines, missing = [], []
    for tool in [*writing, *simulating, *measuring, *exploring]:
        try:
            lines.append([tool.name, tool.find(), tool.purpose])
        except ToolError as error:
            lines.append([tool.name, "MISSING", tool.purpose])
            missing.append(f"{tool.name}: {error}")
    widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
    for name, version, purpose in lines:
        print(f"{name:{widths[0]}}  {version:{widths[1]}}  {purpose}")
    for line in missing:
        print(f"macsmith: {line}", file=sys.stderr)
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
