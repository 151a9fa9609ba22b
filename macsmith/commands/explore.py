"""macsmith explore."""

from __future__ import annotations

import argparse
import re

from macsmith.commands.options import STORE, add_run_options, add_tools, folder

ABOUT = "say which design of a space to take: estimated, verified, measured, compared"
EXAMPLE = "macsmith explore examples/narrow.toml --budget 20m -o build/narrow"
UNITS = {"s": 1, "m": 60, "h": 3600}


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    about = "the space: a file, or the name of one that comes with macsmith (default: default)"
    parser.add_argument("space", nargs="?", metavar="SPACE.toml", help=about)
    parser.add_argument(
        "-o", "--output", type=folder, default=STORE.parent, metavar="DIR", help=f"default: {STORE.parent}"
    )
    parser.add_argument("--budget", type=seconds, metavar="TIME", help="begin no round after it: 90s, 20m, 2h")
    parser.add_argument("--list", action="store_true", help="list the spaces that come with macsmith, and end")
    add_tools(parser)
    add_run_options(parser, store=False)


def seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh])", text)
    if not found or not float(found[1]):
        raise argparse.ArgumentTypeError(f"must be a time with its unit, like 90s, 20m or 2h, got {text[:100]!r}")
    return float(found[1]) * UNITS[found[2]]


def run(options: argparse.Namespace) -> int:
    from dse.space import known, read

    if options.list:
        for name in known():
            print(f"{name:12}  {read(name).question}")
        return 0
    return _explore(options)


def _explore(options: argparse.Namespace) -> int:
    from rich.console import Console

    from costmodel.nextpnr import chosen
    from dse.explore import explore
    from dse.options import hired
    from dse.outcome import WRITTEN, write
    from dse.reporting.comparison import compare
    from dse.reporting.terminal import advice, frontier_table
    from dse.space import read, text_of
    from dse.store import Store
    from rtl_gen.files import check_writable

    space, tools = read(options.space), chosen(options.tools)
    for name in WRITTEN:
        check_writable(options.output / name)
    with hired(options) as workers, Store(options.output / STORE.name) as store:
        found = explore(space, store, workers, options.output / "sim", options.budget, tools)
    compared, console = compare(found.table, space.objectives), Console()
    print(f"{found.counts}.\n")
    for place in range(len(compared.places)):
        console.print(frontier_table(compared, place))
        print(advice(compared, place))
    for path in write(found, text_of(options.space), options.output):
        print(path)
    if not found.stands:
        print("The budget is spent, and the frontier may still move: the same command again goes on.")
    return 0
