"""macsmith verify."""

from __future__ import annotations

import argparse
from pathlib import Path
from shutil import get_terminal_size

from macsmith.commands.options import (
    add_level,
    add_place,
    add_reset,
    add_run_options,
    add_specs,
    add_weights,
    designs,
    named,
    output_file,
    place,
    whole,
)

ABOUT = "simulate designs against their golden models"
EXAMPLE = "macsmith verify mac/int8xint8 mac/e4m3xe4m3/lmul"
PIPED = 120
"""Characters of a line that no terminal shows."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
    add_weights(parser)
    add_place(parser)
    add_level(parser)
    parser.add_argument(
        "--verilog", type=Path, metavar="FILE", help="verify this Verilog, with the same ports, in place of SPEC's own"
    )
    add_reset(parser, "that of FILE, or sync-high")
    parser.add_argument("--seed", type=whole, metavar="N", help="of what is tried by chance (default: always the same)")
    parser.add_argument("--play", metavar="NAME", help="try this play alone")
    parser.add_argument("--coverage", action="store_true", help="say of each point of the coverage how much was tried")
    parser.add_argument("--waves", type=output_file, metavar="FILE.vcd", help="write the waveforms of one SPEC, in VCD")
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    from costmodel.measure import unkept
    from dse.jobs import run
    from dse.making import verify_job
    from dse.options import hired
    from dse.repeating import repeated
    from dse.store import Store
    from dse.verdicts import extent
    from rtl_gen.columns import wrapped
    from rtl_gen.convention import parse_convention
    from rtl_gen.files import check_writable
    from sim.covered import HEADS, culprit, lines, said
    from sim.runner import SEED
    from sim.verify import means

    for option, given in (("--verilog", options.verilog), ("--waves", options.waves)):
        if given and len(options.specs) > 1:
            raise ValueError(f"{option} stands for one SPEC, got {len(options.specs)}")
    (specs, ((target, _),)), logs = designs(named(options), *place(options), "generic"), options.store.parent / "sim"
    tried = {"seed": SEED if options.seed is None else options.seed, "verilog": options.verilog}
    tried |= {"level": options.level, "simulator": options.simulator}
    convention = None if options.reset is None else parse_convention(options.reset)
    asked = {"play": options.play, "convention": convention, "waves": options.waves, **tried}
    if options.waves:
        check_writable(options.waves)
        # What was verified before has left no waveform.
        verdicts = [verify_job(spec, target, logs, **asked).do(unkept) for spec in specs]
    else:
        with hired(options) as workers, Store(options.store) as store:
            verdicts = run([verify_job(spec, target, logs, **asked) for spec in specs], store, workers)
    for verdict in verdicts:
        # A play alone has not all that is to be tried.
        covered = f", coverage {said(verdict['coverage'])} bins" if verdict["coverage"] and not options.play else ""
        covered += " by plays that passed" if covered and not verdict["passed"] else ""
        print(
            f"{'PASS' if verdict['passed'] else 'FAIL'}  {verdict['spec']}  {verdict['tests']} tests, "
            f"{verdict['cycles']} cycles, {extent(verdict)}{covered}, seed {tried['seed']}, {means(verdict)}"
        )
        if options.coverage:
            print(wrapped(HEADS, lines(verdict["coverage"]), get_terminal_size((PIPED, 24)).columns))
        for failure in verdict["failures"]:
            where = {"target": options.target, "device": options.device, "reset": options.reset}
            command = repeated(verdict["spec"], play=culprit(failure), **where, **tried)
            print(f"      {failure}\n      alone: {command}")
    return 0 if all(verdict["passed"] for verdict in verdicts) else 1
