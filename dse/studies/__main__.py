"""Make the pages of docs/ that come from runs, or say which are out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dse.crew import Workers
from dse.jobs import guarded
from dse.options import add_workers, hired
from dse.store import Store
from dse.studies import make
from dse.studies.catalogue import STUDIES
from dse.studies.study import Study
from hw.formats import check_choice
from rtl_gen.steps import say

# Where `macsmith explore`, `verify` and `cost` keep theirs: what they have found is not done again.
STORE, DOCS = Path("build/pareto/store.sqlite"), Path("docs")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make or check; the exit code: 0 done, 1 a page is out of date, 2 it could not be done, 130 interrupted."""
    listed = "\n".join(f"  {name:8} {study.about}" for name, study in STUDIES.items())
    parser = argparse.ArgumentParser(
        prog="python -m dse.studies",
        description=f"{(__doc__ or '').strip()}\n\nstudies:\n{listed}",
        epilog="examples:\n  python -m dse.studies -j 2\n  python -m dse.studies units --row dot/int8xint8",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="studies (default: all)")
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help=f"default: {DOCS}")
    parser.add_argument("--row", default="", metavar="TEXT", help="print the page of only the rows that have this text")
    parser.add_argument("--target", nargs="+", default=[], metavar="TARGET", help="print the page of these targets")
    parser.add_argument("--check", action="store_true", help="make nothing; exit code 1 if a page is out of date")
    options = parser.parse_args(arguments)
    stale: list[str] = []
    code = guarded("studies", lambda: stale.extend(_run(options)))
    return code or int(bool(stale))


def _run(options: argparse.Namespace) -> list[str]:
    """Do what is asked; the names of pages that were found out of date."""
    for name in options.names:
        check_choice("NAME", name, STUDIES)
    part = bool(options.row or options.target)
    if part and (options.check or options.output):
        raise ValueError("--row and --target make a part of a page, which is printed: leave --check and --output out")
    if part and len(options.names) != 1:
        raise ValueError(f"--row and --target need one NAME, got {len(options.names)}")
    with hired(options) as workers, Store(options.store) as store:
        studies = [STUDIES[name].load() for name in dict.fromkeys(options.names or STUDIES)]
        if part:
            _print(studies[0].part(options.row, options.target), store, workers)
            return []
        docs = options.output or DOCS
        if options.check:
            return [study.page for study in studies if _stale(study, store, docs)]
        for study in studies:
            _make(study, store, workers, docs)
        return []


def _make(study: Study[Any], store: Store, workers: Workers, docs: Path) -> None:
    changed = make.write(study, store, workers, docs)
    for path in changed:
        print(path, flush=True)
    if not changed:
        say(f"{docs / study.page}: nothing new")


def _print(study: Study[Any], store: Store, workers: Workers) -> None:
    print(make.files(study, store, workers)[study.page], end="", flush=True)


def _stale(study: Study[Any], store: Store, docs: Path) -> bool:
    """Say whether a page is out of date, and why."""
    reason = make.out_of_date(study, store, docs)
    remedy = f"; make it anew by `python -m dse.studies {study.name}`"
    print(f"{docs / study.page}: " + (f"out of date, {reason}{remedy}" if reason else "up to date"), flush=True)
    return bool(reason)


if __name__ == "__main__":
    sys.exit(main())
