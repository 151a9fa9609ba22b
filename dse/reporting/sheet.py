"""A design's sheet, in words: why it is on a frontier, what the next better one costs, what binds it, how to get it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.devices import TOTALS, devices
from dse.columns import COLUMNS
from dse.objectives import Objective
from dse.reporting.comparison import Comparison, joined

ABOUT = "≈"
"""Before what is estimated."""


@dataclass(frozen=True)
class Reason:
    """Of a design on the frontier of two objectives.

    Attributes
    ----------
    why : str
        Why it is there, with the nearest competitor.
    further : str
        What the next one that is better in the second objective costs of the first.
    """

    why: str
    further: str


def reasons(
    compared: Comparison, x: int, y: int, place: int, among: NDArray[np.bool_] | None = None
) -> dict[int, Reason]:
    """Of each design on `Comparison.line`, by row.

    Parameters
    ----------
    compared : Comparison
    x, y : int
        Objectives, by number.
    place : int
        The device, by number.
    among : array of bool of shape (rows,), optional
        The rows that count; all by default.
    """
    pair = _Pair(compared, x, y, place)
    line: list[int | None] = [None, *map(int, compared.line(x, y, place, among)), None]
    return {
        row: Reason(pair.why(row, before), pair.further(row, after))
        for before, row, after in zip(line, line[1:], line[2:], strict=False)
        if row is not None
    }


@dataclass(frozen=True)
class _Pair:
    """Two objectives on a device."""

    compared: Comparison
    x: int
    y: int
    place: int

    @property
    def where(self) -> str:
        name = self.compared.places[self.place]
        return f" on {name}" if name else ""

    def at(self, row: int) -> tuple[float, float]:
        values = (float(self.compared.best[number].values[row]) for number in (self.x, self.y))
        return next(values), next(values)

    def says(self, number: int, row: int) -> str:
        """A row's value of an objective, with what it is."""
        return told(self.compared, number, row)

    def beside(self, row: int) -> list[str]:
        """A row's values of what the frontier is of beside these two."""
        return [self.says(number, row) for number in self.compared.beside(self.x, self.y)]

    def why(self, row: int, rival: int | None) -> str:
        first, second = (self.compared.objectives[number] for number in (self.x, self.y))
        own, has = self.says(self.x, row), self._has(row)
        if rival is None:
            return f"No other design{self.where} has {first.better} than its {own}{has}."
        near = f"{self.says(self.x, rival)}, but {self.says(self.y, rival)}{self._has(rival)}"
        return (
            f"No other design{self.where} has {own} or {first.better} and "
            f"{self.says(self.y, row)} or {second.better}{has}. Nearest is {self.compared.spec(rival)}: {near}."
        )

    def _has(self, row: int) -> str:
        """The further values of a row, to end a sentence on the two with."""
        return f"; it has {joined(self.beside(row))}" if self.beside(row) else ""

    def further(self, row: int, after: int | None) -> str:
        first, second = (self.compared.objectives[number] for number in (self.x, self.y))
        if after is None:
            return f"None{self.where} is better in {second.title}: {self.says(self.y, row)} is the best."
        (x, y), (next_x, next_y) = self.at(row), self.at(after)
        share = f" ({100 * (next_x - x) / abs(x):+.0f} %)" if x else ""
        return (
            f"{self.compared.spec(after)}: {_change(second, next_y - y)}, for {_change(first, next_x - x)}{share}; "
            f"it has {joined([self.says(self.x, after), self.says(self.y, after), *self.beside(after)])}."
        )


def told(compared: Comparison, number: int, row: int) -> str:
    """A row's value of an objective, by number, with what it is, and a mark if it is estimated."""
    best = compared.best[number]
    text = compared.objectives[number].amount(float(best.values[row]))
    return text if best.is_measured[row] else f"{ABOUT} {text}"


def _change(objective: Objective, difference: float) -> str:
    unit, title = objective.declared.beside, objective.title
    counted = f"{unit} of {title}" if unit else title
    return f"{objective.shown(abs(difference))} {counted} {'more' if difference > 0 else 'less'}"


def binds(row: dict[str, Any]) -> str:
    """Which kind of cell the device runs out of first, and how many of the design it holds; empty if it is not known.

    Parameters
    ----------
    row : dict
        Of the table, with ``device`` and, of each of `costmodel.devices.TOTALS`, what was measured or estimated.
    """
    device = devices().get(str(row.get("device")))
    counts = {kind: _count(row, kind) for kind in TOTALS}
    if device is None or any(count is None for count, _ in counts.values()):
        return ""
    shares = device.shares({kind: count for kind, (count, _) in counts.items()})
    first, second = sorted(TOTALS, key=lambda kind: -shares[kind])[:2]
    if shares[first] == 0:
        return ""
    count, mark = counts[first]
    title = COLUMNS[first].title
    if shares[first] == float("inf"):
        return f"{title}: it takes {mark}{count:,.0f}, and {device.title} has none."
    holds = int(1 / shares[first])
    fits = f"{holds:,} would fit" if holds else "it does not fit"
    then = f"; next is {COLUMNS[second].title}, {_percent(shares[second])}" if shares[second] else ""
    return (
        f"{title}: {mark}{count:,.0f} of the {getattr(device, first):,} of {device.title}, "
        f"{_percent(shares[first])}; {fits}{then}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _count(row: dict[str, Any], kind: str) -> tuple[float | None, str]:
    """What a design takes of a kind of cell, and a mark if that is estimated."""
    for name, mark in ((kind, ""), (f"{kind}_estimated", f"{ABOUT} ")):
        value = row.get(name)
        if value is not None and value == value:
            return float(value), mark
    return None, ""


def command(row: dict[str, Any]) -> str:
    """What writes a design's Verilog: to be given to a shell as it is.

    Parameters
    ----------
    row : dict
        Of the table, with ``spec`` and, if there are any, ``device`` and ``target``.
    """
    device, target = str(row.get("device")), row.get("target")
    where: list[str] = []
    if device in devices():
        where = ["--device", device]
    elif isinstance(target, str):
        where = ["--target", target]
    return shlex.join(["macsmith", "generate", str(row["spec"]), *where, "-o", "rtl"])
