"""macsmith demo."""

from __future__ import annotations

import argparse

from macsmith.commands.options import positive

ABOUT = "classify images on a GEMM core in simulation"
EXAMPLE = "macsmith demo --network lmul --images 200"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    networks = "int8 (default), int8xint4, e4m3, lmul, mxfp4 or int8xternary"
    parser.add_argument("--network", default="int8", metavar="NAME", help=networks)
    parser.add_argument("--images", type=positive, default=100, metavar="N", help="how many (default: 100)")


def run(options: argparse.Namespace) -> int:
    from dse import demo

    print(demo.report(demo.run(options.network, options.images)))
    return 0
