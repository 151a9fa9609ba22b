"""macsmith verify."""

from __future__ import annotations

import argparse

from macsmith.commands.options import add_place, add_run_options, add_specs, designs, place

ABOUT = "simulate designs against their golden models"
EXAMPLE = "macsmith verify mac/int8xint8 mac/e4m3xe4m3/lmul"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    add_specs(parser)
    add_place(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    from dse.jobs import run
    from dse.making import verify_job
    from dse.options import hired
    from dse.store import Store

    (specs, ((target, _),)), logs = designs(options.specs, *place(options), "generic"), options.store.parent / "sim"
    with hired(options) as workers, Store(options.store) as store:
        verdicts = run([verify_job(spec, target, logs) for spec in specs], store, workers)
    for verdict in verdicts:
        extent = "every operand pair" if verdict["exhaustive"] else "corners and random operands"
        print(
            f"{'PASS' if verdict['passed'] else 'FAIL'}  {verdict['spec']}  {verdict['tests']} tests, "
            f"{verdict['cycles']} cycles, {extent}"
        )
        for failure in verdict["failures"]:
            print(f"      {failure}")
    return 0 if all(verdict["passed"] for verdict in verdicts) else 1
