"""Test the benches by mutation: ``python -m sim.mutants [SPEC...]``; the exit code is 1 if too many mutants survive."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import hw
from hw.formats.messages import cut, echo
from rtl_gen import process
from rtl_gen.files import check_writable, write_atomic
from rtl_gen.scratch import scratch
from rtl_gen.steps import say, shown
from rtl_gen.tools import ToolError
from sim import rowfile
from sim.mutants import kept
from sim.mutants.proof import SECONDS, Prover
from sim.mutants.score import COUNT, NEEDED, SAMPLE, build, designs, good, judged, sample, score
from sim.mutants.table import page, row, survivors, table
from sim.mutants.trial import Trial
from sim.runner import SEED

PROGRAM = "sim.mutants"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try mutants; the exit code: 0 enough are killed, 1 too many survive, 2 it could not be done."""
    options = _parser().parse_args(arguments)
    try:
        return process.interruptible(PROGRAM, lambda: _run(options), keeps=bool(options.write))
    except (ValueError, TypeError, OSError, ToolError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {PROGRAM}", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="default: a small design of each unit")
    parser.add_argument("-j", type=int, default=1, metavar="N", help="programs at a time (default: %(default)s)")
    parser.add_argument("--sample", action="store_true", help="a quick look at the units that are quick to simulate")
    most = f"mutants of each design (default: {COUNT}, of a sample {SAMPLE})"
    parser.add_argument("--count", type=int, help=most)
    parser.add_argument("--seed", type=int, default=SEED, help="of the choice of mutants (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each proof (default: %(default)g)")
    parser.add_argument("--at-most", type=float, metavar="S", help="seconds for a design; then no mutant begins")
    parser.add_argument("--only", type=int, metavar="K", help="try mutant K of one design, and say what comes of it")
    parser.add_argument("--list", action="store_true", help="only say what the mutants are")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a page, with the rows of earlier runs")
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.j < 1:
        raise ValueError(f"-j must be at least 1, got {options.j}")
    for name, seconds in (("seconds", options.seconds), ("at-most", options.at_most)):
        if seconds is not None and not 0 < seconds < math.inf:
            raise ValueError(f"--{name} must be a number above 0, got {seconds}")
    if options.sample and options.specs:
        raise ValueError(f"--sample must come without a SPEC, got {cut(options.specs[0])}")
    if options.count is None:
        options.count = SAMPLE if options.sample else COUNT
    if options.write:
        check_writable(options.write)
        rowfile.read(rowfile.beside(options.write), kept.Row)
    specs = [hw.parse(name) for name in options.specs or (sample() if options.sample else designs()).values()]
    with process.at_most(options.j), shown():
        if options.list:
            return _list(specs, options)
        if options.only is not None:
            return _alone(specs, options)
        return _all(specs, options)


def _list(specs: Sequence[hw.Spec], options: argparse.Namespace) -> int:
    for spec in specs:
        for mutant in build(spec, options.count, options.seed).mutants:
            print(f"{spec.name}  {mutant.number:3}  {mutant.name}")
    return 0


def _alone(specs: Sequence[hw.Spec], options: argparse.Namespace) -> int:
    """One mutant of one design."""
    if len(specs) != 1:
        raise ValueError(f"--only must come with one SPEC, got {len(specs)}")
    built = build(specs[0], options.count, options.seed)
    if not 1 <= options.only <= len(built.mutants):
        raise ValueError(f"--only must be from 1 to {len(built.mutants)}, got {echo(options.only)}")
    with scratch() as folder:
        trial = Trial(specs[0], built, folder)
        prover = Prover(built, folder, trial.late)
        result = judged(trial, prover, built.mutants[options.only - 1], options.seconds)
    print(f"{result.outcome}  {specs[0].name}: {result.mutant.name}: {result.why}")
    return 1 if result.outcome == "survived" else 0


def _all(specs: Sequence[hw.Spec], options: argparse.Namespace) -> int:
    """All mutants of some designs: the survivors, and a table."""
    scores, rows, limit = [], [], options.at_most or math.inf
    for number, spec in enumerate(specs, 1):
        each = score(spec, options.count, options.seed, options.seconds, limit)
        scores.append(each)
        rows.append(row(each, _chosen(options)))
        done = f"{100 * each.score:.1f} % of {len(each.results)} in {each.seconds:.0f} s"
        say(f"[{number}/{len(specs)}] {spec.name}: {done}")
        for line in survivors(each, options.count, options.seed):
            print(line, flush=True)
        if options.write:
            _write(options.write, rows)
    print(table(rows))
    if not good(scores):
        print(f"too many mutants survive: each unit's score must be at least {100 * NEEDED:g} %")
        return 1
    return 0


def _write(file: Path, rows: Sequence[kept.Row]) -> None:
    """A page of these rows, and of those of earlier runs; what is done is kept if the run is ended."""
    every = kept.merged(rowfile.read(rowfile.beside(file), kept.Row), rows)
    rowfile.write(every, rowfile.beside(file))
    write_atomic(file, page(every, f"python -m {PROGRAM}"))


def _chosen(options: argparse.Namespace) -> str:
    """The options that make a row again."""
    chosen = [f"--count {options.count} --seed {options.seed}"]
    chosen += [f"--seconds {options.seconds:g}"] if options.seconds != SECONDS else []
    chosen += [f"--at-most {options.at_most:g}"] if options.at_most else []
    return " ".join(chosen)


if __name__ == "__main__":
    raise SystemExit(main())
