"""Accuracies of arithmetics on workloads: from the table that comes with the project, from a store, or evaluated.

    python -m dse.accuracies

evaluates the arithmetics of ``data/arithmetics.toml`` and writes the table, ``data/accuracies.csv``. A row has the key
of its score, which hashes all that the score depends on; a row whose key is another by now is evaluated anew.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import hw
from dse.crew import Workers
from dse.csvfile import csv_text
from dse.essence import digest_of, module_essence
from dse.job import Job, Value
from dse.jobs import guarded, run
from dse.options import add_workers, hired
from dse.store import Store
from dse.workloads.arithmetic import Arithmetic, arithmetic_of, parse_arithmetic
from dse.workloads.workload import WORKLOADS, Score, Workload, find_workload
from hw.formats import check_choice
from hw.formats.messages import echo
from rtl_gen import write_atomic

STORE = Path("build/accuracies/store.sqlite")
TABLE, LIST = "accuracies.csv", "arithmetics.toml"
FIELDS = get_type_hints(Score)
COLUMNS = ("workload", "arithmetic", *FIELDS, "screen_db", "key")
"""Of the table: a score's fields, and what the cheap predictor said."""
HEAD = """\
# What workloads give in arithmetics, made by `make accuracies` (python -m dse.accuracies).
# loss: points below floating point, paired case by case, with its standard error; screen_db: the cheap predictor's.
# key: a hash of all that a score depends on; a row with another key than it would have today is not used.
"""


def data(name: str) -> Path:
    """A data file of this folder."""
    return Path(str(files("dse").joinpath("data", name)))


@cache
def shipped() -> dict[str, Score]:
    """The scores of the table that comes with the project, by key."""
    return {row["key"]: score_of(row) for row in rows_of(data(TABLE))}


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table; none if there is no such file.

    Raises
    ------
    ValueError
        It has other columns.
    """
    if not path.exists():
        return []
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"{path} must have the columns {', '.join(COLUMNS)}, got {echo(reader.fieldnames)}")
    return list(reader)


def score_of(row: Mapping[str, str]) -> Score:
    """The score that a row of the table holds."""
    values: Any = {name: int(row[name]) if kind is int else float(row[name]) for name, kind in FIELDS.items()}
    return values


def as_arithmetic(of: Arithmetic | hw.Spec | str) -> Arithmetic:
    """The arithmetic that is meant: itself, that of a spec, or that of a name.

    Raises
    ------
    TypeError, ValueError
        It is none, and no spec with one.
    """
    if isinstance(of, Arithmetic):
        return of
    return parse_arithmetic(of) if isinstance(of, str) else arithmetic_of(of)


def score_job(arithmetic: Arithmetic, workload: Workload) -> Job:
    """The job that evaluates an arithmetic on a workload."""

    work = partial(_evaluated, _sendable(workload), arithmetic)
    return Job("score", workload.key(arithmetic), f"{workload.name} in {arithmetic.name}", work, FIELDS, python=True)


def _sendable(workload: Workload) -> str | Workload:
    """What stands for a workload where it has to go to another process: its name, if it has one there."""
    return workload.name if workload.name in WORKLOADS else workload


def _found(workload: str | Workload) -> Workload:
    return find_workload(workload) if isinstance(workload, str) else workload


def _evaluated(workload: str | Workload, arithmetic: Arithmetic) -> Value:
    return dict(_found(workload).evaluate(arithmetic))


def _screened(workload: str | Workload, arithmetic: Arithmetic) -> Value:
    return {"db": _found(workload).screen(arithmetic)}


def accuracies(
    of: Iterable[Arithmetic | hw.Spec | str], workload: str | Workload, store: Store, workers: Workers = 1
) -> list[Score]:
    """What a workload gives in arithmetics, each evaluated once however often it is asked for.

    Parameters
    ----------
    of : iterable of Arithmetic, Spec or str
        Arithmetics, specs or names of arithmetics.
    workload : str or Workload
        A key of `dse.workloads.workload.WORKLOADS`, or a workload.
    store : Store
        What is in it is not evaluated, nor what the table that comes with the project has.
    workers : int or Crew
        Who evaluates.

    Returns
    -------
    A score for each, in their order.

    Raises
    ------
    TypeError, ValueError
        Something is no arithmetic, or there is no such workload.
    ToolError
        The workload needs a package that is not installed.
    """
    task = _found(workload)
    arithmetics = [as_arithmetic(each) for each in of]
    jobs = {each: score_job(each, task) for each in dict.fromkeys(arithmetics)}
    scores: dict[str, Any] = dict(shipped())
    missing = [job for job in jobs.values() if job.key not in scores]
    if missing:
        scores |= zip((job.key for job in missing), run(missing, store, workers), strict=True)
    return [scores[jobs[each].key] for each in arithmetics]


def listed() -> list[Arithmetic]:
    """The arithmetics that the table has."""
    groups = tomllib.loads(data(LIST).read_text())
    names = [f"{name}x{name}/exact/exact" for name in (*groups["integers"], *groups["minifloats"])]
    names += [f"{name}x{name}/exact" for name in groups["blocks"]]
    return [parse_arithmetic(name) for name in (*names, *groups["others"])]


def screen_job(arithmetic: Arithmetic, workload: Workload) -> Job:
    """The job that predicts, cheaply, how an arithmetic ranks on a workload."""

    key = digest_of(workload.key(arithmetic), module_essence("dse.workloads.screening"))
    work = partial(_screened, _sendable(workload), arithmetic)
    return Job("screen", key, f"screen {arithmetic.name}, {workload.name}", work, {"db": float}, python=True)


def table(workloads: Sequence[Workload], store: Store, workers: Workers) -> str:
    """The table of all listed arithmetics on workloads; of other workloads, what the table has."""
    made = [row for workload in workloads for row in _rows(workload, store, workers)]
    names = {workload.name for workload in workloads}
    # Read after all that takes time: another run may have written its workload's rows by now.
    kept = [row for row in rows_of(data(TABLE)) if row["workload"] not in names]
    return csv_text(HEAD, COLUMNS, sorted([*kept, *made], key=lambda row: list(WORKLOADS).index(row["workload"])))


def _rows(workload: Workload, store: Store, workers: Workers) -> list[dict[str, str]]:
    """The table's rows of a workload."""
    of = listed()
    scores = accuracies(of, workload, store, workers)
    screens = run([screen_job(each, workload) for each in of], store, workers)
    rows = []
    for arithmetic, score, screen in zip(of, scores, screens, strict=True):
        rounded = {name: f"{value:.6g}" for name, value in {**score, "screen_db": screen["db"]}.items()}
        where = {"workload": workload.name, "arithmetic": arithmetic.name, "key": workload.key(arithmetic)}
        rows.append({**where, **rounded})
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate what is listed, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.accuracies", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(WORKLOADS)} (default: all)")
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"(default: {STORE})")
    options = parser.parse_args(arguments)

    def work() -> None:
        for name in options.workloads:
            check_choice("workload", name, WORKLOADS)
        chosen = [find_workload(name) for name in options.workloads or WORKLOADS]
        with hired(options) as workers, Store(options.store) as store:
            write_atomic(data(TABLE), table(chosen, store, workers))

    return guarded("python -m dse.accuracies", work)


if __name__ == "__main__":
    sys.exit(main())
