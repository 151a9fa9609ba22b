"""macsmith explore."""

from __future__ import annotations

import argparse
from pathlib import Path

from macsmith.commands.options import STORE, add_run_options, add_tools, folder

ABOUT = "compare a space of designs and draw the Pareto frontier"
EXAMPLE = "macsmith explore examples/narrow.toml -o build/narrow"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("space", nargs="?", type=Path, metavar="SPACE.toml", help="the space (default: a built-in one)")
    parser.add_argument(
        "-o", "--output", type=folder, default=STORE.parent, metavar="DIR", help=f"default: {STORE.parent}"
    )
    add_tools(parser)
    add_run_options(parser, store=False)


def run(options: argparse.Namespace) -> int:
    from costmodel.nextpnr import chosen
    from dse.explore import explore
    from dse.options import hired
    from dse.report import frontier_table
    from dse.space import read
    from dse.store import Store

    space, tools = read(options.space), chosen(options.tools)
    with hired(options) as workers, Store(options.output / STORE.name) as store:
        found = explore(space, options.output, store, workers, tools)
    for axis in found.axes:
        print(frontier_table(axis, found.rows) + "\n")
    for path in found.files:
        print(path)
    return 0
