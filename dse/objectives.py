"""What designs are compared by: each objective says where its values are, and which are better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas
from numpy.typing import NDArray

from dse.columns import OURS, Column, described
from hw.formats import check_choice
from hw.formats.messages import check_name, cut, echo

DIRECTIONS = ("less", "more")
NINE_OF_TEN = NormalDist().inv_cdf(0.95)
"""Standard errors to either side that hold as much as the intervals of estimates do: 90 %."""
LARGE = 1e9
Floats = NDArray[np.float64]


class Best(NamedTuple):
    """The best that is known of each design: arrays of shape (rows,), NaN where nothing is."""

    values: Floats
    low: Floats
    high: Floats
    is_measured: NDArray[np.bool_]

    def settled(self) -> Best:
        """The same without a spread where it was measured: tools can't make that of a standard error less."""
        low, high = (np.where(self.is_measured, self.values, end) for end in (self.low, self.high))
        return self._replace(low=low, high=high)


@dataclass(frozen=True)
class Objective:
    """A quantity to have less or more of.

    Attributes
    ----------
    name : str
        As a space and the command line write it.
    better : str
        ``"less"`` or ``"more"``.
    column : str or None
        Of what was measured, or simulated exactly; None if there is no such.
    estimated, low, high : str or None
        Of the estimate, and of the ends of its 90 %.
    stderr : str or None
        Of the standard error of `column`.
    log : bool
        Whether an axis is logarithmic.

    Raises
    ------
    TypeError
        A name is not a str.
    ValueError
        `better` is something else, no column is named, or one end of an interval is without the other.
    """

    name: str
    better: str
    column: str | None = None
    estimated: str | None = None
    low: str | None = None
    high: str | None = None
    stderr: str | None = None
    log: bool = False

    def __post_init__(self) -> None:
        check_name("an objective's name", self.name)
        check_choice(f"better of objective {cut(self.name)}", self.better, DIRECTIONS)
        for name in self.columns:
            check_name(f"a column of objective {cut(self.name)}", name)
        if self.column is None and self.estimated is None:
            raise ValueError(f"objective {cut(self.name)} must name a column, or that of an estimate")
        if (self.low is None) != (self.high is None) or (self.low is not None and self.estimated is None):
            raise ValueError(f"objective {cut(self.name)} must name both ends of an estimate's interval, or none")

    @classmethod
    def of(cls, name: str, better: str, column: str, log: bool = False) -> Objective:
        """One whose columns are named as `dse.columns` names them: ``c``, ``c_estimated``, ``c_low``, ``c_high``."""
        return cls(name, better, column, f"{column}_estimated", f"{column}_low", f"{column}_high", log=log)

    @property
    def columns(self) -> list[str]:
        """All columns that it names."""
        every = (self.column, self.estimated, self.low, self.high, self.stderr)
        return [name for name in every if name is not None]

    @property
    def declared(self) -> Column:
        """The column that says what it is."""
        return described(self.column or self.columns[0])

    @property
    def title(self) -> str:
        return self.declared.title

    @property
    def unit(self) -> str:
        return self.declared.unit

    @property
    def head(self) -> str:
        """Title and unit, for an axis."""
        return self.declared.head

    @property
    def sign(self) -> int:
        """What a value is to be multiplied by for less to be better."""
        return 1 if self.better == "less" else -1

    def hoped(self, best: Best) -> Floats:
        """The better end of what is known of each design."""
        return best.low if self.sign > 0 else best.high

    def reaches(self, values: Floats | float, bound: float) -> NDArray[np.bool_]:
        """Which values are as good as a bound, or better; NaN is not."""
        return np.asarray(self.sign * np.asarray(values) <= self.sign * bound)

    @property
    def side(self) -> str:
        """On which side of a bound a value may be: ``at most``, or ``at least`` where more is better."""
        return "at most" if self.sign > 0 else "at least"

    def missed(self, value: float, bound: float) -> str:
        """By how much a value is beyond a bound: ``3 more``."""
        by, way = abs(value - bound), "more" if self.sign > 0 else "less"
        shown = self.shown(by)
        # What is behind the point is not nothing, and a number of any size is not to be a line long.
        return f"{shown if float(shown) and by < LARGE else f'{by:.2g}'} {way}"

    def shown(self, value: float) -> str:
        """A value for people, without its unit."""
        return self.declared.shown(value)

    def amount(self, value: float) -> str:
        """A value with its unit, and its title where the unit does not say what it is: ``loss 0.31 points``."""
        shown, unit = self.shown(value), self.declared.beside
        return f"{self.title} {shown} {unit}" if unit else f"{shown} {self.title}"

    def best(self, table: pandas.DataFrame) -> Best:
        """The best that is known of each row: what was measured where it was, else the estimate with its interval.

        Parameters
        ----------
        table : DataFrame
            It needs `column` or `estimated`; the other, the ends and the standard error count where they are there.

        Raises
        ------
        TypeError
            `table` is no DataFrame.
        ValueError
            It has neither column, or a text where there must be a number.
        """
        if not isinstance(table, pandas.DataFrame):
            raise TypeError(f"table must be a DataFrame, got {echo(table)}")
        if self.column not in table and self.estimated not in table:
            wanted = " or ".join(name for name in (self.column, self.estimated) if name is not None)
            raise ValueError(f"objective {cut(self.name)} needs column {cut(wanted)}, which the table does not have")
        measured, guessed = _numbers(table, self.column), _numbers(table, self.estimated)
        is_measured = np.isfinite(measured)
        spread = NINE_OF_TEN * _filled(_numbers(table, self.stderr), np.zeros(len(table)))
        ends = (_filled(_numbers(table, end), guessed) for end in (self.low, self.high))
        low, high = (
            np.where(is_measured, measured + side * spread, end) for side, end in zip((-1, 1), ends, strict=True)
        )
        return Best(np.where(is_measured, measured, guessed), low, high, is_measured)

    def checked(self, table: pandas.DataFrame) -> Best:
        """As `best`; in columns that macsmith does not declare itself every row must have a finite number.

        Raises
        ------
        TypeError, ValueError
            As `best`, or there is none: the message names column and row.
        """
        found = self.best(table)
        own = [name for name in self.columns if name not in OURS and name in table]
        for name in own:
            _refuse(table, name, np.isinf(table[name].to_numpy(dtype=float, na_value=np.nan)))
        if own:
            _refuse(table, own[0], np.isnan(found.values))
        return found


def _refuse(table: pandas.DataFrame, name: str, bad: NDArray[np.bool_]) -> None:
    """Raise if there is such a row."""
    if bad.any():
        place = int(bad.argmax())
        value = table[name].iloc[place]
        raise ValueError(
            f"column {cut(name)} must have a finite number in every row, got {cut(value)} in {_row(table, place)}"
        )


def _row(table: pandas.DataFrame, place: int) -> str:
    """A row for people: its label, and its design where there is one."""
    spec = f", {cut(table['spec'].iloc[place])}" if "spec" in table else ""
    return f"row {cut(table.index[place])}{spec}"


def _numbers(table: pandas.DataFrame, name: str | None) -> Floats:
    """A column as floats: NaN where there is no number, and everywhere if there is no column."""
    if name is None or name not in table:
        return np.full(len(table), np.nan)
    try:
        found: Floats = table[name].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(f"column {cut(name)} must have numbers, got {_first_text(table, name)}") from None
    return np.where(np.isfinite(found), found, np.nan)


def _first_text(table: pandas.DataFrame, name: str) -> str:
    """The first value of a column that is no number, and where it stands."""
    for place, value in enumerate(table[name]):
        if value is not None and value is not pandas.NA and not isinstance(value, Real):
            return f"{echo(value)} in {_row(table, place)}"
    return echo(table[name].dtype)


def _filled(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(values), otherwise, values)


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective("loss", "less", "loss", stderr="loss_stderr"),
        Objective.of("lut", "less", "lut", log=True),
        Objective.of("share", "less", "used", log=True),
        Objective.of("lut_per_op", "less", "lut_rate", log=True),
        Objective("rate", "more", "rate", log=True),
        Objective("dsp", "less", "dsp", "dsp_estimated"),
        Objective("bram", "less", "bram", "bram_estimated"),
        # pJ are by two calibrations on other libraries, so no design's are measured.
        Objective("energy", "less", None, "energy_pj", "energy_low_pj", "energy_high_pj", log=True),
        Objective.of("mhz", "more", "mhz"),
        Objective.of("latency", "less", "latency_us", log=True),
        Objective.of("throughput", "more", "gops", log=True),
        Objective.of("throughput_per_lut", "more", "gops_klut", log=True),
        Objective.of("frames_s", "more", "frames_s", log=True),
    )
}
"""By name; to add one, enter it here, and declare its columns in `dse.columns`."""


def objectives(names: Iterable[str]) -> list[Objective]:
    """The objectives of names.

    Raises
    ------
    TypeError, ValueError
        A name is not a str, or not one of `OBJECTIVES`.
    """
    asked = list(names)
    for name in asked:
        check_choice("objective", name, OBJECTIVES)
    return [OBJECTIVES[name] for name in asked]
