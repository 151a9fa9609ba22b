"""macsmith check."""

from __future__ import annotations

import argparse
from pathlib import Path

ABOUT = "say whether files that generate has written were changed since"
EXAMPLE = "macsmith check rtl/mac_int8xint8_exact_kulisch1024_p1.json"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("manifests", nargs="+", type=Path, metavar="NAME.json", help="a manifest, in its folder")


def run(options: argparse.Namespace) -> int:
    from dse.delivery.manifest import differing

    found = [line for path in options.manifests for line in differing(path)]
    print("\n".join(found) if found else "all files are as they were written")
    return 1 if found else 0
