"""All that a person takes away from a table: the page, and the pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas

from dse.objectives import Objective
from dse.reporting.comparison import compare
from dse.reporting.page import page
from dse.reporting.picture import pareto
from hw.formats import check_int
from hw.formats.messages import echo
from rtl_gen import write_atomic

BAND, DOMINATED = 3000, 2000
"""How many designs that are on no frontier a report draws, at most: a page of all of 100,000 would be 40 MB."""
MOST = 10**6


def write_report(
    table: pandas.DataFrame,
    objectives: Sequence[Objective],
    folder: Path,
    title: str,
    *,
    frontier_of: Sequence[Objective] | None = None,
    band: int = BAND,
    dominated: int = DOMINATED,
    seed: int = 1,
) -> list[Path]:
    """Write ``report.html`` and, for each device, the first two objectives against each other as PNG and SVG.

    Parameters
    ----------
    table : DataFrame
        As `dse.reporting.comparison.compare` takes it.
    objectives : sequence of Objective
        At least two; the first goes up the page's first plot, the second across.
    folder : Path
        Where to write.
    title : str
        The page's heading.
    frontier_of : sequence of Objective, optional
        As `compare` takes it.
    band, dominated : int
        How many designs within the intervals, and of the dominated ones, are drawn at most.
    seed : int
        By which these are chosen.

    Returns
    -------
    The paths written, the page first.

    Raises
    ------
    TypeError, ValueError
        As `compare`; or another argument is not what it must be.
    OSError
        The folder can't be written.
    """
    for name, text, kind in (("folder", folder, Path), ("title", title, str)):
        if not isinstance(text, kind):
            raise TypeError(f"{name} must be a {kind.__name__}, got {echo(text)}")
    for name, number in (("band", band), ("dominated", dominated), ("seed", seed)):
        check_int(name, number, 0, MOST)
    compared = compare(table, objectives, frontier_of)
    drawn = compared.drawn(band, dominated, seed)
    written = [folder / "report.html"]
    write_atomic(written[0], page(compared, drawn, title))
    for place, name in enumerate(compared.places):
        path = folder / _file("-".join(["pareto", *([name] if name else [])]))
        written += pareto(compared, 1, 0, place, drawn, path)
    return written


def _file(name: str) -> str:
    """A name that any system takes for a file."""
    return re.sub(r"[^\w.-]", "_", name)
