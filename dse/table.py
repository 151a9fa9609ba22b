"""Steps from table to table: one row for a design on a device, and each step adds columns.

A table is a DataFrame with the columns ``spec`` and ``device``; `dse.columns` says what the others are. `Rows.table`
makes one of a space, `table_of` of any designs, and a step never changes the one that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

import hw
from costmodel.devices import Device, parse_device
from costmodel.estimate.growth import padded_sizes, samples
from costmodel.estimate.residual import CORRECTED
from dse import derived
from dse.costs import Placed
from dse.costs import measured as measured_rows
from dse.counting import parts_of
from dse.crew import Workers
from dse.frontier import band as band_of
from dse.frontier import pareto
from dse.jobs import run
from dse.making import verify_job
from dse.objectives import Best, Objective, objectives
from dse.running import Runs
from dse.screen import costs, middles, named
from dse.space import check_bound
from dse.store import Store
from dse.verdicts import extent
from dse.workloads.gemms.product import GemmList
from dse.written import read, writing_job
from hw.formats.messages import cut, echo
from rtl_gen.tools import ToolError

PRIOR = 2.0
"""Measured designs that the estimate itself, with its interval, counts for when it is corrected."""
NEEDED = ("spec", "device")
MEASURED = ("lut", "carry", "ff", "dsp", "bram", "mhz")
SIMULATED = 64
"""Elements of the largest array that is simulated itself: beyond it that takes minutes."""


def table_of(specs: Sequence[hw.Spec | str], devices: Sequence[Device | str]) -> pandas.DataFrame:
    """A table of each design on each device.

    Raises
    ------
    TypeError, ValueError
        There is no such design, or device, or the one can't be had on the other.
    """
    rows = []
    for device in [parse_device(device) if isinstance(device, str) else device for device in devices]:
        for spec in [hw.parse(spec) if isinstance(spec, str) else spec for spec in specs]:
            hw.check(spec, device.target)
            rows.append({**Placed(spec, device.target, device).stated, "device": device.name})
    return pandas.DataFrame(rows)


def placed(table: pandas.DataFrame) -> list[Placed]:
    """The designs of a table's rows.

    Raises
    ------
    TypeError, ValueError
        It is no table of designs.
    """
    check_table(table)
    found = []
    for name, on in zip(table["spec"], table["device"], strict=True):
        device = parse_device(on)
        found.append(Placed(hw.parse(name), device.target, device))
    return found


def check_table(table: object) -> None:
    """Raise unless it is a table of designs."""
    if not isinstance(table, pandas.DataFrame):
        raise TypeError(f"table must be a DataFrame, got {echo(table)}")
    if missing := [name for name in NEEDED if name not in table]:
        raise ValueError(f"table must have a column {missing[0]}, got {cut(', '.join(map(str, table)))}")


def front(
    table: pandas.DataFrame,
    wanted: Sequence[Objective | str],
    constraints: Mapping[str, float] | None = None,
) -> pandas.DataFrame:
    """Mark what no other design on the same device is better than, and what may be such within the intervals.

    Parameters
    ----------
    table : DataFrame
    wanted : sequence of Objective, or of their names
    constraints : mapping of str to float, optional
        By objectives' names: what does not meet one by the best that is known is not on the frontier.

    Returns
    -------
    DataFrame with columns ``frontier`` and ``band``; a row of which an objective is not known has neither.

    Raises
    ------
    TypeError, ValueError
        It is no table of designs, there is no such objective or none at all, or a bound is no finite number.
    """
    check_table(table)
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise TypeError(f"wanted must be a sequence of objectives or their names, got {echo(wanted)}")
    if not wanted:
        raise ValueError("wanted must be one objective or more, got none")
    for name, bound in (constraints or {}).items():
        check_bound(f"constraint {cut(name)}", bound)
    goals = [goal if isinstance(goal, Objective) else objectives([goal])[0] for goal in wanted]
    found = [goal.checked(table) for goal in goals]
    low, high = costs(goals, found)
    middle = middles(goals, found)
    sure = meeting(table, constraints or {}, lambda goal, best: best.values)
    may = meeting(table, constraints or {}, Objective.hoped)
    is_known = np.logical_and.reduce(np.isfinite(middle), axis=1)
    # What may break a constraint takes nothing away.
    high = np.where(sure[:, None], high, np.inf)
    on, near = np.zeros(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    for rows in table.groupby("device", sort=False).indices.values():
        here = rows[is_known[rows] & sure[rows]]
        on[here] = pareto(middle[here])
        here = rows[is_known[rows] & may[rows]]
        near[here] = band_of(low[here], high[here])
    return table.assign(frontier=on, band=near | on)


def meeting(
    table: pandas.DataFrame, constraints: Mapping[str, float], case: Callable[[Objective, Best], NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """Which rows meet all constraints, by objectives' names, where each row's value is what `case` takes for it."""
    found = np.ones(len(table), dtype=bool)
    for goal, bound in zip(objectives(constraints), constraints.values(), strict=True):
        found &= goal.reaches(case(goal, goal.best(table)), bound)
    return found


def estimated(
    table: pandas.DataFrame, store: Store, workers: Workers, gemms: GemmList | None = None
) -> pandas.DataFrame:
    """Add what is known of each row without a tool, as `Rows.columns` does: counts and MHz with intervals, GOPS, share.

    Parameters
    ----------
    table : DataFrame
    store : Store
        What is in it is not counted again.
    workers : int or Crew
    gemms : GemmList, optional
        Matrix products: their cycles and frames a second are added, NaN where a unit can't make them.

    Raises
    ------
    TypeError, ValueError
        It is no table of designs, or `gemms` no list.
    """
    designs = placed(table)
    # Those that differ in their sizes only are one part.
    smallest = [(samples(of.spec)[0] if of.spec.sizes else of.spec, of.target) for of in designs]
    part, distinct = pandas.factorize(pandas.Series(smallest, dtype=object))
    parts = parts_of(list(distinct), store, workers)
    sizes = padded_sizes([of.spec for of in designs], parts.sizes)
    found: dict[str, Any] = parts.estimate(part, sizes)
    if gemms is not None:
        found |= Runs([spec for spec, _ in distinct], gemms).columns(part, sizes)
    return rated(table.assign(**named(found)))


def measured(
    table: pandas.DataFrame,
    store: Store,
    workers: Workers,
    timed: bool = True,
    seeds: int | None = None,
    tools: str = "wheel",
) -> pandas.DataFrame:
    """Add what the real tools say of each row: LUT, carry, FF, DSP, BRAM, flow, MHz, and what follows from these."""
    rows = measured_rows(placed(table), store, workers, timed, seeds, tools)
    found = _filled(table, [{name: row[name] for name in (*MEASURED, "flow")} for row in rows])
    return rated(found.astype(dict.fromkeys(MEASURED, float)))


def verified(table: pandas.DataFrame, store: Store, workers: Workers, logs: Any) -> pandas.DataFrame:
    """Add on what each row's design, as it is built for its device, was verified; a large one as a small of its kind.

    Raises
    ------
    ToolError
        A design is not what its golden model says.
    """
    designs = placed(table)
    small = [simulated(of.spec) for of in designs]
    tried = [(spec, of.target) for spec, of in zip(small, designs, strict=True)]
    texts = run([writing_job(*each) for each in tried], store, workers)
    jobs = [verify_job(*each, logs, emitted=read(text)) for each, text in zip(tried, texts, strict=True)]
    rows = []
    for verdict, spec, of in zip(run(jobs, store, workers), small, designs, strict=True):
        if not verdict["passed"]:
            raise ToolError(f"{verdict['spec']} differs from its golden model: {verdict['failures'][0]}")
        much = extent(verdict, f"{verdict['cycles']} cycles").replace("operand ", "")
        sizes = "x".join(str(getattr(spec, name)) for name in spec.sizes)
        rows.append({"verified": much if spec == of.spec else f"{much} at {sizes}"})
    return _filled(table, rows)


def simulated(spec: hw.Spec) -> hw.Spec:
    """What is simulated to verify a design: itself, or the largest of those that tell how a large one grows."""
    if elements(spec) <= SIMULATED:
        return spec
    return max(samples(spec), key=elements)


def elements(spec: hw.Spec) -> int:
    """The product of a design's sizes."""
    return prod(getattr(spec, name) for name in spec.sizes)


def _filled(table: pandas.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """A table with more columns, by row."""
    more = pandas.DataFrame(rows, index=table.index)
    return table.assign(**{name: more[name] for name in more})


def on(
    table: pandas.DataFrame, chosen: NDArray[np.bool_], step: Callable[[pandas.DataFrame], pandas.DataFrame]
) -> pandas.DataFrame:
    """A step on some rows only: the others keep what they have, or have nothing in the columns that it adds."""
    part = step(table[chosen])
    found = table.copy()
    for name in part:
        if name not in found:
            numeric = part[name].dtype.kind in "fi"
            found[name] = pandas.Series(np.nan, index=found.index, dtype=float if numeric else object)
        elif found[name].dtype != part[name].dtype and found[name].dtype.kind != "f":
            found[name] = found[name].astype(object)
        found.loc[part.index, name] = part[name]
    return found


def corrected(table: pandas.DataFrame) -> pandas.DataFrame:
    """Estimates drawn to what was measured of the same unit on the same family, and intervals as wide as what is left.

    The estimate itself counts for `PRIOR` measurements, so one alone moves it by a third.
    """
    check_table(table)
    columns = {
        f"{name}_{end}": table[f"{name}_{end}"].to_numpy(dtype=float).copy()
        for name in CORRECTED
        for end in ("estimated", "low", "high")
        if f"{name}_{end}" in table
    }
    units = table["spec"].str.partition("/")[0]
    for rows in table.groupby([units, table["target"]], sort=False).indices.values():
        for name in CORRECTED:
            if name in table and f"{name}_estimated" in columns:
                _draw(columns, name, table[name].to_numpy(dtype=float), rows)
    return rated(table.assign(**columns))


def _draw(columns: dict[str, NDArray[np.float64]], name: str, known: NDArray[np.float64], rows: NDArray[Any]) -> None:
    middle, low, high = (columns[f"{name}_{end}"] for end in ("estimated", "low", "high"))
    seen = rows[np.isfinite(known[rows]) & (known[rows] > 0) & (middle[rows] > 0)]
    if not len(seen):
        return
    off = np.log(known[seen] / middle[seen])
    shift = off.sum() / (len(off) + PRIOR)
    for side, end in ((-1, low), (1, high)):
        with np.errstate(divide="ignore", invalid="ignore"):
            width = np.abs(np.log(end[rows] / middle[rows]))
        # Nine of ten of a normal distribution are within 1.645 of its deviations.
        spread = np.sqrt((PRIOR * width**2 + (1.645 * (off - shift)) ** 2 @ np.ones(len(off))) / (len(off) + PRIOR))
        end[rows] = np.where(middle[rows] > 0, middle[rows] * np.exp(shift + side * spread), end[rows])
    middle[rows] *= np.exp(shift)


def rated(table: pandas.DataFrame) -> pandas.DataFrame:
    """Work out what follows from estimates and from what was measured, as they are now: GOPS, share, and so on."""
    values = {**derived.totals([parse_device(name) for name in table["device"]]), **_plain(table, ("rate", "latency"))}
    values |= _plain(table, [name for name in ("cycles",) if name in table])
    values["each"] = table["makes"].map(derived.EACH).to_numpy()
    found: dict[str, Any] = {}
    counts = [name for name in derived.COUNTS if f"{name}_estimated" in table]
    if counts:
        ends = [f"{name}_{end}" for name in counts for end in derived.ENDS if f"{name}_{end}" in table]
        middle = {name: table[f"{name}_estimated"].to_numpy(dtype=float) for name in counts}
        found |= derived.estimated({**values, **middle, **_plain(table, ends)})
    if "lut" in table:
        found |= derived.measured({**values, **_plain(table, derived.COUNTS)})
    return table.assign(**found)


def _plain(table: pandas.DataFrame, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Columns as numbers; NaN where there is none."""
    return {
        name: table[name].to_numpy(dtype=float, na_value=np.nan) if name in table else np.full(len(table), np.nan)
        for name in names
    }
