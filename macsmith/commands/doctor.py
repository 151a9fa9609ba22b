"""macsmith doctor."""

from __future__ import annotations

import argparse
import sys

ABOUT = "say what of the tool chain is there"
EXAMPLE = "macsmith doctor"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""


def run(options: argparse.Namespace) -> int:
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
