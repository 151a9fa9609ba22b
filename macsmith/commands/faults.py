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
    parser.add_argument(
        "--workload", choices=("digits", "random"), help="of a GEMM core: the digits network, or random matrices"
    )
    parser.add_argument("--images", type=whole, metavar="N", help="of digits (default: 8)")
    parser.add_argument("--target", default="generic", help="fabric whose form of the unit it is (default: generic)")
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    return _of_cores(options) if options.workload else _of_units(options)


def _of_cores(options: argparse.Namespace) -> int:
    import hw
    from costmodel.upsets import FLIPS, SEED
    from dse.coreupsets import IMAGES, core_upsets_job, told
    from dse.jobs import run
    from dse.options import hired
    from dse.store import Store

    if options.stream != "normal":
        raise ValueError("--stream and --workload disagree: a core's operands are the workload's")
    asked = (options.flips, FLIPS), (options.seed, SEED), (options.images, IMAGES)
    flips, seed, images = (usual if given is None else given for given, usual in asked)
    specs, target = [hw.parse(name) for name in dict.fromkeys(options.specs)], hw.parse_target(options.target)
    jobs = [core_upsets_job(spec, options.workload, flips, seed, images, target) for spec in specs]
    with hired(options) as workers, Store(options.store) as store:
        found = run(jobs, store, workers)
    for spec, value in zip(specs, found, strict=True):
        print(f"{spec}, {options.workload}, seed {seed}")
        for line in told(value["fates"], options.workload):
            print(f"  {line}")
    return 0


def _of_units(options: argparse.Namespace) -> int:
    import hw
    from costmodel.upsets import FLIPS, SEED, check_trial, told
    from dse.jobs import run
    from dse.making import upsets_job
    from dse.options import hired
    from dse.store import Store
    from hw.formats.messages import cut
    from hw.specs.gemm import GemmSpec

    if options.images is not None:
        raise ValueError("--images is of --workload digits")
    flips = FLIPS if options.flips is None else options.flips
    seed = SEED if options.seed is None else options.seed
    check_trial(flips, seed)
    specs, target = [hw.parse(name) for name in dict.fromkeys(options.specs)], hw.parse_target(options.target)
    if cores := [spec for spec in specs if isinstance(spec, GemmSpec)]:
        raise ValueError(f"{cut(cores[0])} is a core: say what it works on (--workload digits or random)")
    with hired(options) as workers, Store(options.store) as store:
        found = run([upsets_job(spec, flips, seed, options.stream, target) for spec in specs], store, workers)
    for spec, value in zip(specs, found, strict=True):
        print(f"{spec}, seed {seed}")
        for line in told(value["fates"]):
            print(f"  {line}")
    return 0
