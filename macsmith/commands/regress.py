"""macsmith regress."""

from __future__ import annotations

import argparse
from pathlib import Path

from macsmith.commands.options import add_level, add_run_options, output_file, whole

ABOUT = "verify designs of every unit, and say of each unit how many are right"
EXAMPLE = "macsmith regress --quick -j 2 --junit build/regress/quick.xml"
STORE = Path("build/regress/store.sqlite")


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    grid = parser.add_mutually_exclusive_group()
    grid.add_argument("--quick", action="store_true", help="a few designs of each unit: for each change")
    grid.add_argument("--full", action="store_true", help="thousands of designs: for a night")
    said = "of these only designs whose name has this, as gemm/; what they are found to be is kept for the whole"
    parser.add_argument("--only", default="", metavar="TEXT", help=said)
    add_level(parser)
    parser.add_argument("--list", action="store_true", help="name the designs, and verify none")
    parser.add_argument("--seed", type=whole, metavar="N", help="of what is tried by chance (default: always the same)")
    parser.add_argument("--junit", type=output_file, metavar="FILE", help="write the outcomes as JUnit XML, too")
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")
    add_run_options(parser, store=False)


def run(options: argparse.Namespace) -> int:
    from dse.junit import junit
    from dse.options import hired
    from dse.regression import HEADS, cases, lines, netlists, regress, with_text
    from dse.store import Store
    from hw.formats import check_choice
    from rtl_gen.columns import table
    from rtl_gen.files import check_writable, write_atomic
    from rtl_gen.steps import many, say
    from sim import tools
    from sim.runner import SEED
    from sim.verify import LEVELS, NETLIST, SIMULATORS

    grid = "quick" if options.quick else "full" if options.full else "standard"
    check_choice("--level", options.level, LEVELS)
    check_choice("--simulator", options.simulator, SIMULATORS)
    wanted, seed = with_text(cases(grid), options.only), SEED if options.seed is None else options.seed
    wanted = netlists(wanted) if options.level == NETLIST else wanted
    if options.list:
        print("\n".join(map(str, wanted)))
        return 0
    if options.junit is not None:
        check_writable(options.junit)
    means = {"level": options.level, "simulator": options.simulator}
    part = f"{grid}, of which {options.only}" if options.only else grid
    about = {"grid": part, **means, "seed": str(seed), **tools.versions(options.simulator)}
    with hired(options) as workers, Store(options.store) as store:
        say(f"{many(len(wanted), 'design')}; " + ", ".join(f"{name} {value}" for name, value in about.items()))
        outcomes = regress(wanted, store, workers, options.store.parent / "sim", seed, **means)
    if options.junit is not None:
        write_atomic(options.junit, junit(outcomes, about))
    for outcome in outcomes:
        if not outcome.passed:
            print(f"{'FAIL' if outcome.verdict else 'ERROR'}  {outcome.case}, seed {seed}")
            for line, command in outcome.failures:
                print(f"      {line}\n      alone: {command}")
    print(table(HEADS, lines(outcomes)))
    return 0 if all(outcome.passed for outcome in outcomes) else 1
