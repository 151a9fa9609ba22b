"""macsmith faults."""

from __future__ import annotations

import argparse

from macsmith.commands.options import add_run_options, add_specs, whole

ABOUT = "flip bits of registers in simulation: what is masked, corrupted or hangs, and how far results move"
EXAMPLE = "macsmith faults mac/int8xint8 mac/e4m3xe4m3 --flips 2000"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
    parser.add_argument("--flips", type=whole, metavar="N", help="of each structure (default: 1000)")
    parser.add_argument("--seed", type=whole, metavar="N", help="of operands, bits and cycles (default: 1)")
    parser.add_argument(
        "--stream", default="normal", metavar="NAME", help="operands: normal, uniform, or a file, recorded.npz"
    )
    parser.add_argument("--target", default="generic", help="fabric whose form of the unit it is (default: generic)")
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    import hw
    from costmodel.upsets import FLIPS, SEED, check_trial, told
    from dse.jobs import run
    from dse.making import upsets_job
    from dse.options import hired
    from dse.store import Store

    flips = FLIPS if options.flips is None else options.flips
    seed = SEED if options.seed is None else options.seed
    check_trial(flips, seed)
    specs, target = [hw.parse(name) for name in dict.fromkeys(options.specs)], hw.parse_target(options.target)
    with hired(options) as workers, Store(options.store) as store:
        found = run([upsets_job(spec, flips, seed, options.stream, target) for spec in specs], store, workers)
    for spec, value in zip(specs, found, strict=True):
        print(f"{spec}, seed {seed}")
        for line in told(value["fates"]):
            print(f"  {line}")
    return 0
