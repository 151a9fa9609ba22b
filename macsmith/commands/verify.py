"""macsmith verify."""

from __future__ import annotations

import argparse
from pathlib import Path

from macsmith.commands.options import add_level, add_place, add_run_options, add_specs, designs, place, whole

ABOUT = "simulate designs against their golden models"
EXAMPLE = "macsmith verify mac/int8xint8 mac/e4m3xe4m3/lmul"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
    add_place(parser)
    add_level(parser)
    parser.add_argument(
        "--verilog", type=Path, metavar="FILE", help="verify this Verilog, with the same ports, in place of SPEC's own"
    )
    parser.add_argument("--seed", type=whole, metavar="N", help="of what is tried by chance (default: always the same)")
    parser.add_argument("--play", metavar="NAME", help="try this play alone")
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    from dse.jobs import run
    from dse.making import verify_job
    from dse.options import hired
    from dse.repeating import repeated
    from dse.store import Store
    from sim.runner import SEED
    from sim.verify import means

    if options.verilog and len(options.specs) > 1:
        raise ValueError(f"--verilog stands for one SPEC, got {len(options.specs)}")
    (specs, ((target, _),)), logs = designs(options.specs, *place(options), "generic"), options.store.parent / "sim"
    tried = {"seed": SEED if options.seed is None else options.seed, "verilog": options.verilog}
    tried |= {"level": options.level, "simulator": options.simulator}
    with hired(options) as workers, Store(options.store) as store:
        verdicts = run([verify_job(spec, target, logs, play=options.play, **tried) for spec in specs], store, workers)
    for verdict in verdicts:
        extent = "every operand pair" if verdict["exhaustive"] else "corners and random operands"
        print(
            f"{'PASS' if verdict['passed'] else 'FAIL'}  {verdict['spec']}  {verdict['tests']} tests, "
            f"{verdict['cycles']} cycles, {extent}, seed {tried['seed']}, {means(verdict)}"
        )
        for failure in verdict["failures"]:
            where = {"target": options.target, "device": options.device}
            command = repeated(verdict["spec"], play=failure.partition(":")[0], **where, **tried)
            print(f"      {failure}\n      alone: {command}")
    return 0 if all(verdict["passed"] for verdict in verdicts) else 1
