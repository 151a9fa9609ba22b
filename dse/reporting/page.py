"""``report.html``: one file with its data, style and code in it, that asks no network for anything.

What draws in the browser is in ``page/``: canvas and SVG, some hundred lines. A plotting library (plotly 7.1) would
add 4.8 MB to each report and 55 MB to the installation, and need WebGL for parallel coordinates.
"""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from dse.columns import SOURCES, Column, described
from dse.reporting.choice import choice
from dse.reporting.comparison import STATUS_TITLES, Comparison, Rows, Status
from dse.reporting.sheet import ABOUT, binds, command, reasons

SCRIPTS = ("data.js", "scale.js", "scatter.js", "parallel.js", "sheet.js", "main.js")
"""In the order in which they build on each other."""
DIGITS = 6
"""Significant digits that the page has of a number."""


def page(compared: Comparison, drawn: Rows, title: str) -> str:
    """The whole file.

    Parameters
    ----------
    compared : Comparison
    drawn : array of int
        The rows that it shows.
    title : str
        Its heading.
    """
    # What a user named may hold anything: a tag's beginning would end the script that the data is in.
    data = json.dumps(contents(compared, drawn), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    parts = {
        "title": escape(title),
        "style": _text("page.css"),
        "data": data.replace("<", "\\u003c"),
        "script": "\n".join(map(_text, SCRIPTS)),
    }
    text = _text("page.html")
    head, *rest = text.split("{{")
    # Not one replacement after another, for a part may hold what looks like a place for the next.
    return head + "".join(parts[name] + after for name, _, after in (piece.partition("}}") for piece in rest))


def contents(compared: Comparison, drawn: Rows) -> dict[str, Any]:
    """What the page's code reads: columns by number of the drawn row, and texts."""
    number = {int(row): place for place, row in enumerate(drawn)}
    rows = compared.table.iloc[drawn].to_dict("records")
    return {
        "about": ABOUT,
        "frontierOf": compared.frontier_title,
        "statuses": [STATUS_TITLES[status] for status in Status],
        "places": [_place(compared, drawn, number, place) for place in range(len(compared.places))],
        "place": compared.place[drawn].tolist(),
        "spec": [str(row["spec"]) for row in rows],
        "status": compared.status[drawn].tolist(),
        "objectives": [_objective(compared, drawn, which) for which in range(len(compared.objectives))],
        "columns": [_column(described(str(name)), compared.table[name].iloc[drawn]) for name in _others(compared)],
        "lines": {f"{x},{y}": _lines(compared, number, x, y) for x, y in _ordered(compared)},
        "why": [_text_of(row.get("why")) for row in rows],
        "binds": [binds(row) for row in rows],
        "commands": [command(row) for row in rows],
    }


def _text(name: str) -> str:
    return files("dse.reporting").joinpath("page", name).read_text("utf-8")


def _ordered(compared: Comparison) -> list[tuple[int, int]]:
    """Pairs both ways round: what the next better costs depends on which objective is paid in."""
    return [pair for x, y in compared.pairs for pair in ((x, y), (y, x))]


def _place(compared: Comparison, drawn: Rows, number: dict[int, int], place: int) -> dict[str, Any]:
    """A device: its designs by status, how many there are of and how many are drawn, and which to take."""
    here = compared.place == place
    shown = np.zeros(len(here), dtype=bool)
    shown[drawn] = True
    counts = [[int(np.sum(here & (compared.status == status) & of)) for status in Status] for of in (True, shown)]
    unknown = [int(np.sum(here & ~np.isfinite(best.values))) for best in compared.best]
    taken = choice(compared, place)
    return {
        "name": compared.places[place] or "all",
        "rows": counts[0],
        "drawn": counts[1],
        "unknown": unknown,
        "take": taken and number[taken.row],
        "because": taken and taken.because,
    }


def _objective(compared: Comparison, drawn: Rows, which: int) -> dict[str, Any]:
    objective, best = compared.objectives[which], compared.best[which]
    return {
        **_declared(objective.declared),
        "head": objective.head,
        "better": objective.better,
        "log": objective.log,
        "values": _rounded(best.values[drawn]),
        "low": _rounded(best.low[drawn]),
        "high": _rounded(best.high[drawn]),
        "measured": best.is_measured[drawn].astype(int).tolist(),
    }


def _declared(column: Column) -> dict[str, Any]:
    return {
        "title": column.title,
        "unit": column.beside,
        "source": f"{column.source}: {SOURCES[column.source]}",
        "meaning": column.meaning,
        "places": column.places,
    }


def _others(compared: Comparison) -> list[Any]:
    """The columns that the page does not have otherwise."""
    return [name for name in compared.table if name not in ("spec", "frontier", "band", "why")]


def _column(column: Column, values: pandas.Series) -> dict[str, Any]:
    """A column of the sheet: numbers as they are, all else as texts."""
    is_number = pandas.api.types.is_numeric_dtype(values) and not pandas.api.types.is_bool_dtype(values)
    return {**_declared(column), "values": (_rounded if is_number else _texts)(values)}


def _rounded(values: NDArray[Any] | pandas.Series) -> list[float | int | None]:
    found = pandas.Series(values).to_numpy(dtype=float, na_value=np.nan)
    return [_number(value) if np.isfinite(value) else None for value in found.tolist()]


def _number(value: float) -> float | int:
    short = float(f"{value:.{DIGITS}g}")
    return int(value) if value == int(value) else short


def _texts(values: pandas.Series) -> list[str | None]:
    return [_text_of(value) for value in values]


def _text_of(value: Any) -> str | None:
    """A text; None where there is none, or NaN or another of pandas' ways to say so."""
    return None if pandas.api.types.is_scalar(value) and pandas.isna(value) else str(value)


def _lines(compared: Comparison, number: dict[int, int], x: int, y: int) -> list[list[list[Any]]]:
    """The frontier of two objectives on each device: the drawn row, why it is there, and what the next costs."""
    return [
        [[number[row], of.why, of.further] for row, of in reasons(compared, x, y, place).items()]
        for place in range(len(compared.places))
    ]
