"""macsmith generate."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from macsmith.commands.options import (
    STORE,
    add_place,
    add_reset,
    add_specs,
    add_tools,
    add_weights,
    designs,
    folder,
    named,
)
from macsmith.commands.project import add_project, is_project, placed, run_project

ABOUT = "write a design's Verilog, and all that a project needs of it"
EXAMPLE = (
    "macsmith generate mac/e4m3xe4m3/exact -o rtl\n"
    "  macsmith generate add/bf16xbf16/bf16 --target ecp5 --mhz 200 -o rtl\n"
    "  macsmith generate mac/int8xint8 --board ulx3s --selftest -o build/ulx3s"
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
    add_weights(parser)
    parser.add_argument("-o", "--output", type=folder, required=True, metavar="DIR", help="folder to write to")
    add_place(parser)
    parser.add_argument("--prefix", default="", metavar="NAME", help="what all modules' names begin with")
    add_reset(parser, "sync-low:aclk,aresetn with streams, else sync-high:clk,rst")
    parser.add_argument("--split", action="store_true", help="write a file for each module, and a list of them, .f")
    parser.add_argument(
        "--mhz",
        type=float,
        metavar="F",
        help="whatever pN says, the fewest registers that are predicted to reach F MHz on ecp5 or ice40",
    )
    parser.add_argument(
        "--confirm", action="store_true", help="place it, and add registers where the prediction fell short of --mhz"
    )
    add_tools(parser)
    parser.add_argument("--verify", action="store_true", help="verify it, for the datasheet and the manifest")
    parser.add_argument("--measure", action="store_true", help="measure it, for the datasheet and the manifest")
    about = "estimate its cost for the datasheet, where that takes seconds: of arrays and cores"
    parser.add_argument("--estimate", action="store_true", help=about)
    about = f"results that are known, of which the datasheet tells (default: {STORE})"
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=about)
    add_project(parser)
    parser.add_argument(
        "--force", action="store_true", help="replace files of other designs, too, and those that were changed"
    )


def run(options: argparse.Namespace) -> int:
    from costmodel.nextpnr import chosen
    from dse.delivery import check_unchanged, deliver, known
    from rtl_gen import emit
    from rtl_gen.convention import parse_convention, usual_convention
    from rtl_gen.emit import check_place, check_prefix, module_name
    from rtl_gen.files import check_writable

    check_prefix(options.prefix)
    asked = None if options.reset is None else parse_convention(options.reset)
    tools = chosen(options.tools)
    if is_project(options):
        return run_project(options)
    if options.no_build:
        raise ValueError("--no-build needs --project, --selftest or --uart, of which it leaves the bitstream out")
    specs, ((target, device),) = designs(named(options), *placed(options), "generic")
    for spec in specs:
        check_writable(options.output / f"{module_name(spec, target, options.prefix)}.v")
    if options.mhz is not None:
        specs = list(dict.fromkeys(_pipelined(spec, target, device, options) for spec in specs))
    elif options.confirm:
        raise ValueError("--confirm needs --mhz, the frequency to confirm")
    if not options.force:
        for note in [note for spec in specs for note in check_place(options.output, spec, target, options.prefix)]:
            print(f"macsmith: {note}", file=sys.stderr)
        for spec in specs:
            check_unchanged(options.output / f"{module_name(spec, target, options.prefix)}.json")
    wrong = False
    wanted = {"verify": options.verify, "measure": options.measure, "estimate": options.estimate, "tools": tools}
    for spec in specs:
        design = emit(spec, target, options.prefix, asked or usual_convention(spec))
        facts = known(spec, target, design, options.store, device, **wanted)
        wrong |= bool(facts.verdict and not facts.verdict["passed"])
        for path in deliver(spec, design, options.output, facts, split=options.split, force=options.force):
            print(path, flush=True)
    return 1 if wrong else 0


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
