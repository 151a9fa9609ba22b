"""`python -m dse.fit ecp5`: measures the designs of study `timing`, and fits a family's delays on them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import hw
from costmodel.delays import FITTED, fit, summary
from dse.jobs import run
from dse.making import measure_job
from dse.options import add_workers, hired
from dse.store import Store
from dse.studies.text import tools
from dse.studies.timing import Timing
from rtl_gen.files import write_all

STORE = Path("build/pareto/store.sqlite")
HEAD = """\
# Delays of {title} in ns, as `hw.timing.delays.Delays` says. Made by `python -m dse.fit {name}` from {count} placed
# designs of dse/studies/timing.toml, by least squares of their periods' relative errors, with
# {tools}.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dse.fit", description=__doc__)
    parser.add_argument("target", help="a family that an open tool places on, for example ecp5")
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")
    options = parser.parse_args(arguments)
    target, study = hw.parse_target(options.target), Timing.load()
    with hired(options) as workers, Store(options.store) as store:
        costs = run([measure_job(row, target) for row in study.rows], store, workers)
    placed = [(row, cost) for row, cost in zip(study.rows, costs, strict=True) if cost["fmax"]]
    print(f"before: {summary(placed, target)}", file=sys.stderr)
    delays = asdict(fit([(row, cost["fmax"]) for row, cost in placed], target))
    made = tools(cost["versions"] for _, cost in placed)
    head = HEAD.format(title=target.title, name=target.name, count=len(placed), tools=made)
    text = head + f"inputs = {delays['inputs']}\n" + "".join(f"{name} = {delays[name]:.3f}\n" for name in FITTED)
    path = Path(str(files("hw.timing.families"))) / f"{target.name}.toml"
    write_all({path: text})
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
