"""Every row of a space by estimate, a chunk at a time: which may be on the frontier of their device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from costmodel.estimate.growth import padded_sizes
from costmodel.estimate.residual import CORRECTED
from dse.derived import EACH, estimated, totals
from dse.frontier import Front, pareto
from dse.objectives import Best, Objective
from dse.pool import Pool
from dse.progress import progress
from dse.running import Runs
from hw.units import spec_type

TOGETHER = 1 << 16
"""Rows that are estimated at a time."""
Ints = NDArray[np.int64]
Columns = dict[str, Any]


class Rows:
    """The rows of a space, by number: those of a placement follow one another, one for each of its sizes.

    Parameters
    ----------
    pool : Pool
    values : mapping of str to array of shape (placements,)
        Columns that depend on the placement alone, such as ``loss``.
    """

    def __init__(self, pool: Pool, values: Mapping[str, NDArray[Any]]) -> None:
        self.pool, self.values = pool, dict(values)
        groups = pool.space.groups
        self._grids = pool.grids
        self._group = np.array([placement.group for placement in pool.placements])
        lengths = np.array([len(self._grids[placement.group]) for placement in pool.placements])
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._base = padded_sizes(pool.specs, pool.parts.sizes)
        self._sized = [[spec_type(group.unit).sizes.index(name) for name in group.sized] for group in groups]
        device = totals([placement.device for placement in pool.placements])
        self._constants = {**device, "each": np.array([EACH[spec.rate.of] for spec in pool.specs])}
        gemms = pool.space.gemms
        self._runs = None if gemms is None else Runs(pool.specs, gemms)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def placements(self, numbers: Ints) -> Ints:
        """The placement of each row."""
        return np.searchsorted(self._starts, numbers, side="right") - 1

    def first(self, place: int) -> int:
        """The number of a placement's first row."""
        return int(self._starts[place])

    def sizes(self, numbers: Ints) -> Ints:
        """The sizes of each row, of shape (rows, sizes of the widest part)."""
        places = self.placements(numbers)
        found, within = self._base[places], numbers - self._starts[places]
        for group, (grid, columns) in enumerate(zip(self._grids, self._sized, strict=True)):
            if columns:
                here = np.flatnonzero(self._group[places] == group)
                found[here[:, None], columns] = grid[within[here]]
        return found

    def columns(self, numbers: Ints) -> Columns:
        """What is known of rows: estimated and computed columns, and those that came with the placements."""
        places = self.placements(numbers)
        sizes = self.sizes(numbers)
        found: Columns = self.pool.parts.estimate(self.pool.numbers[places], sizes)
        if self._runs is not None:
            found |= self._runs.columns(places, sizes)
        constants = {name: values[places] for name, values in self._constants.items()}
        derived = estimated({**found, **constants})
        return {**named(found), **derived, **{name: values[places] for name, values in self.values.items()}}

    def table(self, numbers: Ints | None = None) -> pandas.DataFrame:
        """Rows as a table, with the designs' names, where they are, and the values of the space's axes.

        By default it is all of them, which takes a second for ten thousand.
        """
        if numbers is None:
            numbers = np.arange(len(self), dtype=np.int64)
        places, sizes = self.placements(numbers), self.sizes(numbers)
        stated = []
        for place, own in zip(places.tolist(), sizes.tolist(), strict=True):
            placement = self.pool.placements[place]
            spec = placement.spec
            if spec.sizes and own[: len(spec.sizes)] != [getattr(spec, name) for name in spec.sizes]:
                spec = spec.resized(own[: len(spec.sizes)])
            said = {"spec": spec.name, "target": placement.device.target.name, "device": placement.device.name}
            stated.append(
                {**said, "makes": spec.rate.of, **placement.choice, **{n: getattr(spec, n) for n in spec.sizes}}
            )
        return pandas.DataFrame(stated).assign(**self.columns(numbers))


def named(found: Mapping[str, Any]) -> Columns:
    """What `Parts.estimate` and `Runs.columns` give, by the names of a table's columns."""
    return {f"{name}_estimated" if name in (*CORRECTED, "dsp", "bram") else name: found[name] for name in found}


@dataclass(frozen=True)
class Screened:
    """What a screening left.

    Attributes
    ----------
    rows : Rows
    numbers : int64 array
        Of the rows that may be on a device's frontier.
    unknown : dict of str to int
        Rows of which an objective's value is not known, by the objective's name.
    failing : dict of str to int
        Rows that can't meet a constraint, by its name.
    nearest : dict of str to float
        The best value that any row has of what is constrained.
    known : set of int
        The places of devices of which a row has all values that are asked for.
    """

    rows: Rows
    numbers: Ints
    unknown: dict[str, int]
    failing: dict[str, int]
    nearest: dict[str, float]
    known: set[int]

    @property
    def notes(self) -> list[str]:
        """What is not compared though it is in the space, a sentence for each objective that has no estimate there."""
        space = self.rows.pool.space
        gone = [device.name for place, device in enumerate(space.devices) if place not in self.known]
        where = f", among them all on {' and '.join(gone)}" if gone else ""
        return [
            f"{count:,} of {len(self.rows):,} are not compared{where}: {space.asked[name].title} is not estimated there"
            for name, count in self.unknown.items()
        ]


def screen(rows: Rows) -> Screened:
    """Estimate every row of a space, and keep what may be on the frontier of its device.

    Raises
    ------
    ValueError
        No row meets the constraints: the message says which one leaves none, and by how much.
    """
    sieve = _Sieve(rows)
    with progress(len(rows)) as shown:
        for numbers in _chunks(len(rows)):
            sieve.add(numbers)
            shown.add(count=len(numbers))
    result = Screened(rows, sieve.kept, sieve.unknown, sieve.failing, sieve.nearest, sieve.known)
    if not len(result.numbers):
        raise ValueError(_emptied(result))
    return result


class _Sieve:
    """Takes rows, chunk by chunk; what may be on a frontier stays."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.space = rows, rows.pool.space
        self._device = np.array([self.space.devices.index(placement.device) for placement in rows.pool.placements])
        self._fronts = [Front(len(self.space.objectives)) for _ in self.space.devices]
        self.failing = dict.fromkeys(self.space.constraints, 0)
        self._nearest = dict.fromkeys(self.space.constraints, np.inf)
        self._unknown = dict.fromkeys(self.space.asked, 0)
        self.known: set[int] = set()

    @property
    def kept(self) -> Ints:
        return np.sort(np.concatenate([front.numbers for front in self._fronts]))

    @property
    def nearest(self) -> dict[str, float]:
        return {name: self.space.asked[name].sign * value for name, value in self._nearest.items()}

    @property
    def unknown(self) -> dict[str, int]:
        return {name: count for name, count in self._unknown.items() if count}

    def add(self, numbers: Ints) -> None:
        columns, places = self.rows.columns(numbers), self.rows.placements(numbers)
        found = {name: known(objective, columns) for name, objective in self.space.asked.items()}
        devices = self._device[places]
        ok = self._known(found, len(numbers))
        self.known |= set(np.unique(devices[ok]).tolist())
        ok &= self._allowed(found, ok)
        sure = ok & self._meets(found, len(numbers))
        wanted = [found[objective.name] for objective in self.space.objectives]
        middle = middles(self.space.objectives, wanted)
        ok &= _of_their_parts(middle, places, ok) | _of_their_parts(middle, places, sure)
        low, high = costs(self.space.objectives, wanted)
        # What may break a constraint takes nothing away.
        high = np.where(sure[:, None], high, np.inf)
        for number in np.unique(devices):
            here = ok & (devices == number)
            self._fronts[number].add(low[here], high[here], numbers[here])

    def _meets(self, found: Mapping[str, Best], count: int) -> NDArray[np.bool_]:
        """Which rows meet the constraints by what is estimated of them."""
        ok = np.ones(count, dtype=bool)
        for name, bound in self.space.constraints.items():
            ok &= self.space.asked[name].reaches(found[name].values, bound)
        return ok

    def _known(self, found: Mapping[str, Best], count: int) -> NDArray[np.bool_]:
        """Which rows are known in all that is asked."""
        ok = np.ones(count, dtype=bool)
        for name, best in found.items():
            is_known = np.isfinite(best.values)
            self._unknown[name] += int(np.count_nonzero(~is_known))
            ok &= is_known
        return ok

    def _allowed(self, found: Mapping[str, Best], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of the known rows may meet the constraints."""
        ok = known.copy()
        for name, bound in self.space.constraints.items():
            objective = self.space.asked[name]
            hoped = objective.hoped(found[name])
            passes = objective.reaches(hoped, bound)
            self.failing[name] += int(np.count_nonzero(ok & ~passes))
            self._nearest[name] = float(np.nanmin(objective.sign * hoped, initial=self._nearest[name]))
            ok &= passes
        return ok


def _chunks(count: int) -> Iterator[Ints]:
    for start in range(0, count, TOGETHER):
        yield np.arange(start, min(start + TOGETHER, count), dtype=np.int64)


def known(objective: Objective, columns: Mapping[str, Any]) -> Best:
    """What is known of an objective, of columns as `Rows` gives them."""
    return objective.best(pandas.DataFrame({n: columns[n] for n in objective.columns if n in columns}, copy=False))


def costs(objectives: Sequence[Objective], found: Sequence[Best]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of all objectives, less being better, of shape (rows, objectives)."""
    ends = [
        (best.low, best.high) if of.sign > 0 else (-best.high, -best.low)
        for of, best in zip(objectives, found, strict=True)
    ]
    low, high = (np.stack(side, axis=1) for side in zip(*ends, strict=True))
    return low, high


def middles(objectives: Sequence[Objective], found: Sequence[Best]) -> NDArray[np.float64]:
    """What is known best of all objectives, less being better, of shape (rows, objectives)."""
    return np.stack([of.sign * best.values for of, best in zip(objectives, found, strict=True)], axis=1)


def _of_their_parts(costs: NDArray[np.float64], places: Ints, ok: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows no other of the same part beats: by how much a part's estimate is off, it is off at all sizes."""
    kept = np.zeros(len(places), dtype=bool)
    for run in np.split(np.arange(len(places)), np.flatnonzero(np.diff(places)) + 1):
        here = run[ok[run]]
        kept[here] = pareto(costs[here])
    return kept


def _emptied(found: Screened) -> str:
    """Why nothing is left."""
    space, count = found.rows.pool.space, len(found.rows)
    if alone := [
        name
        for name, bound in space.constraints.items()
        if np.isfinite(found.nearest[name]) and not space.asked[name].reaches(found.nearest[name], bound)
    ]:
        name = alone[0]
        objective, bound, best = space.asked[name], space.constraints[name], found.nearest[name]
        unit = f" {objective.unit}" if objective.unit else ""
        return (
            f"no design meets {name} {objective.side} {bound:g}: of {count} rows the best has "
            f"{objective.shown(best)}{unit}, {objective.missed(best, bound)}"
        )
    if space.constraints and all(map(np.isfinite, found.nearest.values())):
        by = ", ".join(f"{name} leaves out {number}" for name, number in found.failing.items())
        return f"no design meets all constraints together, though each alone is met: of {count} rows {by}"
    name, number = max(found.unknown.items(), key=lambda pair: pair[1])
    return f"nothing is known of {name}, of {number} of {count} rows: name other objectives, or other devices"
