"""macsmith recommend."""

from __future__ import annotations

import argparse
import re

from macsmith.commands.options import add_run_options

ABOUT = "say which arithmetic and which array to take for a device, and why"
EXAMPLE = "macsmith recommend --device ecp5-25k --workload minilm --loss 1"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("--device", required=True, help="where it is to fit: ecp5-25k, zu5ev-k26, or a file of yours")
    parser.add_argument("--workload", default="minilm", help="what accuracy is of (default: minilm)")
    parser.add_argument(
        "--loss", type=points, default=1.0, metavar="POINTS", help="what it may lose, below fp32 (default: 1)"
    )
    add_run_options(parser)


def points(text: str) -> float:
    # Not all that Python takes for a number is one here: nan, 1_0, digits of other scripts.
    if not re.fullmatch(r"[0-9]*\.?[0-9]+(e-?[0-9]{1,2})?", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"must be points from 0 on, like 1 or 0.5, got {text[:100]!r}")
    return float(text)


def run(options: argparse.Namespace) -> int:
    from costmodel.devices import parse_device
    from dse.options import hired
    from dse.recommend import recommend
    from dse.store import Store

    device = parse_device(options.device)
    with hired(options) as workers, Store(options.store) as store:
        found = recommend(device, options.workload, options.loss, store, workers)
    print(found.answer)
    for reason in found.reasons:
        print(f"  {reason}")
    return 0
