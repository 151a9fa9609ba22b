"""From a space to an answer: screened by estimate, then verified and measured until the frontier stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas
from numpy.typing import NDArray

from costmodel.measure import check_tools
from dse.bounds import unmet
from dse.budget import Budget
from dse.crew import Workers
from dse.derived import TIMED
from dse.frontier import pareto
from dse.judging import judged_columns
from dse.objectives import Best, Objective
from dse.pool import Pool
from dse.screen import Rows, Screened, costs, middles, screen
from dse.space import Space
from dse.store import Store
from dse.table import corrected, front, measured, meeting, on, verified
from hw.formats.messages import echo
from rtl_gen.steps import many, say

EACH = 8
"""Designs that are verified and measured in a round."""
KEPT = 2000
"""Rows of a band that are named and looked at."""
BESIDE = 300
"""Rows that are in the table though they are dominated, spread over the space: what a frontier is seen against."""


@dataclass(frozen=True)
class Round:
    """What a round did.

    Attributes
    ----------
    designs : tuple of str
        What was measured: designs and devices.
    frontier : int
        Designs on the frontier after it.
    changed : bool
        Whether it is another frontier than before.
    """

    designs: tuple[str, ...]
    frontier: int
    changed: bool


@dataclass(frozen=True)
class Exploration:
    """What was found.

    Attributes
    ----------
    space : Space
    table : DataFrame
        A row for a design on a device: what may be on the frontier and was looked at, and some of what is dominated.
    screened : Screened
        All rows that were estimated.
    rounds : list of Round
    stands : bool
        Whether all of the frontier is measured, and stood still for a round.
    """

    space: Space
    table: pandas.DataFrame
    screened: Screened
    rounds: list[Round] = field(default_factory=list)
    stands: bool = False

    @property
    def counts(self) -> str:
        """How many designs there were to each step, in a sentence."""
        done = sum(len(round.designs) for round in self.rounds)
        return (
            f"{many(len(self.screened.rows), 'design')} on devices were estimated, "
            f"{len(self.screened.numbers):,} may be on a frontier, and {done:,} were verified and measured"
        )


Watch = Callable[[Exploration], None]
Step = Callable[[pandas.DataFrame], pandas.DataFrame]


def screened(space: Space, store: Store, workers: Workers) -> Screened:
    """Estimate and judge every row of a space.

    Raises
    ------
    ValueError
        Nothing is left; the message says why.
    """
    return screen(rows_of(space, store, workers))


def rows_of(space: Space, store: Store, workers: Workers) -> Rows:
    """The rows of a space, counted and judged; its ``table()`` is all of them, for a small one.

    Raises
    ------
    TypeError
        `space` is no Space, or `store` no Store.
    ValueError
        The space has no design, or its workload can't use a unit.
    """
    _check_types(space=(space, Space), store=(store, Store))
    pool = Pool.of(space, store, workers)
    say(f"{many(len(space), 'design')} on devices, of {many(len(pool.designs), 'part')}")
    if pool.refused:
        (reason, _count), others = pool.refused.most_common(1)[0], len(pool.refused) - 1
        further = f"; and {many(others, 'reason')} more" if others else ""
        say(f"{pool.refused.total()} {'is' if pool.refused.total() == 1 else 'are'} left out: {reason}{further}")
    return Rows(pool, judged_columns(pool.specs, list(space.asked.values()), space.workload, store, workers))


def explore(
    space: Space,
    store: Store,
    workers: Workers,
    logs: Path,
    budget: float | None = None,
    tools: str = "wheel",
    watch: Watch | None = None,
) -> Exploration:
    """Screen a space, then verify and measure what may be on its frontier, until that stands still for a round.

    Parameters
    ----------
    space : Space
    store : Store
        What is in it is not done again.
    workers : int or Crew
        Jobs at a time.
    logs : Path
        Where the logs of a design that fails are kept.
    budget : float, optional
        Seconds after which no round begins, without those that took only what the store has; by default there is no
        such end.
    tools : str
        Whose nextpnr measures, as `measure` takes it.
    watch : callable, optional
        Is given what was found after each round.

    Raises
    ------
    TypeError
        An argument is of another type.
    ValueError
        Nothing is left of the space, the workload can't use a unit, or `budget` is less than 0 or NaN.
    ToolError
        A tool is missing or failed, or a design is not what its golden model says.
    """
    _check_types(space=(space, Space), store=(store, Store), logs=(logs, Path))
    purse = Budget(float("inf") if budget is None else budget, store)
    for target in space.targets:
        check_tools(target, tools)
    with purse.counting():
        found = screened(space, store, workers)
    for note in found.notes:
        say(note)
    timed = needs_clock(list(space.asked.values()))
    table = front(some(found), space.objectives, space.constraints)
    step = partial(_looked_at, store=store, workers=workers, timed=timed, logs=logs, tools=tools)
    result = settle(Exploration(space, table, found), step, purse, watch)
    if space.constraints and not result.table["frontier"].any():
        say(unmet(result.table, space.constraints, result.stands))
    return result


def _check_types(**arguments: tuple[object, type]) -> None:
    """Raise TypeError unless each argument is of its type."""
    for name, (value, kind) in arguments.items():
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {kind.__name__}, got {echo(value)}")


def settle(result: Exploration, step: Step, budget: Budget | None = None, watch: Watch | None = None) -> Exploration:
    """Measure what may be on a frontier until that stands still for a round.

    Parameters
    ----------
    result : Exploration
        What was found so far; `front` has marked its table.
    step : callable
        Gives a table of few designs with what the tools say of them.
    budget : Budget, optional
        When that is spent, no round begins.
    watch : callable, optional
        As `explore` takes it.
    """
    space = result.space
    goals, table = space.objectives, result.table
    while not result.stands and not (budget and budget.spent):
        chosen, is_sure = choose(table, goals, space.constraints)
        if not chosen.any():
            return replace(result, stands=True)
        before = _names(table[table["frontier"]])
        with budget.counting() if budget else nullcontext():
            table = front(corrected(on(table, chosen, step)), goals, space.constraints)
        after = _names(table[table["frontier"]])
        done = Round(tuple(sorted(_names(table[chosen]))), len(after), before != after)
        stands = not is_sure and not done.changed and bool(is_measured(table)[table["frontier"]].all())
        result = replace(result, table=table, rounds=[*result.rounds, done], stands=stands)
        say(f"round {len(result.rounds)}: {len(done.designs)} measured, {done.frontier} on the frontier")
        if watch:
            watch(result)
    return result


def needs_clock(asked: Sequence[Objective]) -> bool:
    """Whether objectives depend on MHz, so that designs have to be placed."""
    return any(objective.column in TIMED for objective in asked)


def _looked_at(
    table: pandas.DataFrame, store: Store, workers: Workers, timed: bool, logs: Path, tools: str
) -> pandas.DataFrame:
    return measured(verified(table, store, workers, logs), store, workers, timed, tools=tools)


def is_measured(table: pandas.DataFrame) -> NDArray[np.bool_]:
    """Which rows the tools have seen."""
    return table["lut"].notna().to_numpy() if "lut" in table else np.zeros(len(table), dtype=bool)


def _names(table: pandas.DataFrame) -> set[str]:
    return {f"{spec} on {device}" for spec, device in zip(table["spec"], table["device"], strict=True)}


def some(found: Screened) -> pandas.DataFrame:
    """The band, and some of the rows beside it that meet the constraints, as a table."""
    rows, space = found.rows, found.rows.pool.space
    spread = np.linspace(0, len(rows) - 1, min(BESIDE, len(rows))).astype(np.int64)
    kept = nearest(found)
    table = rows.table(np.union1d(kept, np.setdiff1d(spread, found.numbers)))
    goals = [goal.best(table) for goal in space.asked.values()]
    ok = np.logical_and.reduce([np.isfinite(best.values) for best in goals])
    return table[ok & meeting(table, space.constraints, Objective.hoped)].reset_index(drop=True)


def nearest(found: Screened) -> NDArray[np.int64]:
    """The band's rows; of more than `KEPT`, those whose best case is farthest beyond the frontier's middle."""
    numbers = found.numbers
    if len(numbers) > KEPT:
        pool = found.rows.pool
        devices = [pool.placements[place].device.name for place in found.rows.placements(numbers)]
        known = pandas.DataFrame(found.rows.columns(numbers)).assign(device=devices)
        hopes = _hopes(known, np.ones(len(known), dtype=bool), pool.space.objectives)
        say(f"{len(numbers)} rows may be on the frontier; the {KEPT} with most hope are looked at")
        numbers = np.sort(numbers[np.argsort(-hopes, kind="stable")[:KEPT]])
    return numbers


def _hopes(table: pandas.DataFrame, near: NDArray[np.bool_], goals: Sequence[Objective]) -> NDArray[np.float64]:
    """`hope` of the rows that are near, device by device; of others there is none."""
    found = np.full(len(table), -np.inf)
    for rows in table.groupby("device", sort=False).indices.values():
        here = rows[near[rows]]
        if len(here):
            found[here] = hope(table.iloc[here], goals)
    return found


def hope(table: pandas.DataFrame, goals: Sequence[Objective]) -> NDArray[np.float64]:
    """How far the best case of each row of one device is beyond the frontier of all middles, as a share of its range.

    The best case is of what measuring may change: a loss that was simulated stays what it is. Infinite for what is on
    that frontier, at most 0 for what can't come to be.
    """
    found = [goal.best(table).settled() for goal in goals]
    low, _ = costs(goals, found)
    middle = middles(goals, found)
    on_it = pareto(middle)
    best = middle[on_it]
    spread = np.maximum(np.ptp(best, axis=0), 1e-9)
    # Beyond all of the frontier is beyond its nearest point, in that objective in which it gains most.
    gains = ((best[None] - low[:, None]) / spread).max(axis=2).min(axis=1)
    return np.where(on_it, np.inf, gains)


def choose(
    table: pandas.DataFrame, goals: Sequence[Objective], constraints: Mapping[str, float] | None = None
) -> tuple[NDArray[np.bool_], bool]:
    """What to measure next: of the frontier what is not measured, or else what may come to be on it, by most hope.

    Returns
    -------
    A mask of the rows, at most `EACH`, and whether they are of the frontier.
    """
    unseen = ~is_measured(table)
    is_sure = bool((unseen & table["frontier"]).any())
    hopes = _hopes(table, (table["band"] | table["frontier"]).to_numpy(), goals)
    # A loss that was simulated stays what it is, whatever the tools say.
    may = table["frontier"] if is_sure else meeting(table, constraints or {}, _to_be_hoped) & (hopes > 0)
    wanted = np.flatnonzero(unseen & may)
    mask = np.zeros(len(table), dtype=bool)
    mask[wanted[np.argsort(-hopes[wanted], kind="stable")[:EACH]]] = True
    return mask, is_sure


def _to_be_hoped(goal: Objective, best: Best) -> NDArray[np.float64]:
    """The better end of what measuring may make of each row."""
    return goal.hoped(best.settled())
