"""macsmith cost."""

from __future__ import annotations

import argparse

from macsmith.commands.options import add_run_options, add_specs, add_tools, designs, positive

ABOUT = "measure designs with Yosys and nextpnr"
EXAMPLE = "macsmith cost mac/int8xint8 --target ecp5 ice40"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
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
    parser.add_argument("--no-place", action="store_true", help="count cells, but do not place: no MHz")
    parser.add_argument(
        "--seeds", type=positive, metavar="N", help="place N times and take the median MHz (default: 3)"
    )
    add_tools(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    from costmodel.devices import parse_device
    from costmodel.measure import check_tools
    from costmodel.nextpnr import chosen
    from costmodel.targets import load
    from dse.explore import measure_job
    from dse.jobs import run
    from dse.report import table
    from dse.store import Store

    specs, asked = designs(options.specs, options.target, options.device, "ecp5")
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
