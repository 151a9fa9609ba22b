"""From a study to its files: what is in the store is not done again, so a run that was stopped goes on where it was."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dse.crew import Workers
from dse.jobs import run_groups
from dse.store import Store
from dse.studies import stamp
from dse.studies.study import Jobs, Study
from rtl_gen import write_atomic
from rtl_gen.files import check_writable
from rtl_gen.steps import say


def plan(study: Study[Any], logs: Path) -> list[tuple[Any, Jobs]]:
    """Each row with its jobs; their keys need the Verilog of every design, and that takes time."""
    planned: list[tuple[Any, Jobs]] = []
    said = time.monotonic()
    for row in study.rows:
        if time.monotonic() - said > 2:
            said = time.monotonic()
            say(f"{study.name}: planned {len(planned)} of {len(study.rows)} rows, now {row.name}")
        planned.append((row, study.jobs(row, logs)))
    return planned


def files(study: Study[Any], store: Store, workers: Workers) -> dict[str, str | bytes]:
    """All files of a study, by their paths below docs/; the page with its stamp.

    Raises
    ------
    ToolError
        A tool is missing or failed, or a design is not what its golden model says.
    """
    study = study.prepared(store)
    planned = plan(study, store.path.parent / "sim")
    results = run_groups([jobs for _, jobs in planned], store, workers)
    made = study.files([(row, values) for (row, _), values in zip(planned, results, strict=True)])
    return _stamped(study, made, planned)


def write(study: Study[Any], store: Store, workers: Workers, docs: Path) -> list[Path]:
    """Write a study's files, each whole or not at all; the paths of those that were other before."""
    check_writable(docs / study.page)
    made = files(study, store, workers)
    changed = stamp.differing(made, docs)
    for name in changed:
        write_atomic(docs / name, made[name])
    return [docs / name for name in changed]


def out_of_date(study: Study[Any], store: Store, docs: Path) -> str:
    """What of a page would be made anew; empty if nothing.

    A page is up to date if its sources are those of its stamp; or if every row has the keys that its stamp has. If
    all results are in the store, its files must be, too, what would be made of them.
    """
    there = stamp.read(docs / study.page)
    if study.rows and (there is None or not stamp.doubt(study, docs)):
        return stamp.doubt(study, docs)
    study = study.prepared(store)
    planned = plan(study, store.path.parent / "sim")
    if there is not None and (rows := there.changed(_stamp(study, planned))):
        return f"{len(rows)} of {len(study.rows)} rows: {', '.join(rows)}"
    found = [(row, {name: store.get(job.kind, job.key) for name, job in jobs.items()}) for row, jobs in planned]
    whole = [(row, {name: value for name, value in values.items() if value}) for row, values in found]
    if whole != found:
        return ""
    made = _stamped(study, study.files(whole), planned)
    differing = stamp.differing(made, docs, [study.page] if study.rows else [])
    return f"other text or pictures in {', '.join(differing)}" if differing else ""


def _stamp(study: Study[Any], planned: list[tuple[Any, Jobs]]) -> stamp.Stamp:
    return stamp.stamp(study, [(row.name, jobs) for row, jobs in planned])


def _stamped(
    study: Study[Any], made: dict[str, str | bytes], planned: list[tuple[Any, Jobs]]
) -> dict[str, str | bytes]:
    if not study.rows:
        return made
    page = made[study.page]
    assert isinstance(page, str)
    gap = "\n" if study.page.endswith(".md") else ""
    return {**made, study.page: page + gap + _stamp(study, planned).line(study.page)}
