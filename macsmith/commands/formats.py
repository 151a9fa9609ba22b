"""macsmith formats."""

from __future__ import annotations

import argparse
from pathlib import Path

ABOUT = "list number formats, or describe some"
EXAMPLE = "macsmith formats e4m3 int8 --plot e4m3.png"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("names", nargs="*", metavar="FORMAT", help="a format to describe, for example mxfp4")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the formats' values on the real line: a .png, .svg or .pdf"
    )


def run(options: argparse.Namespace) -> int:
    from hw.formats import CATALOGUE, FAMILIES, parse_format
    from hw.formats.describe import datasheet, summary
    from rtl_gen.columns import table

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
