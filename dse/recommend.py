"""One answer: the design that does most on a device, of those whose arithmetic loses no more than one may."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas

from costmodel.devices import Device
from dse.crew import Workers
from dse.explore import screened
from dse.objectives import OBJECTIVES, Objective
from dse.space import Space, check_bound, read
from dse.store import Store
from dse.table import front
from hw.formats.messages import echo
from hw.timing.delays import is_known

FULL = 90.0
"""Per cent of a device that a design may take: beyond it, place and route is slow and clocks fall."""
SPACE = "recommend"


@dataclass(frozen=True)
class Recommendation:
    """What to take, and why.

    Attributes
    ----------
    spec, device : str
    reasons : tuple of str
        Why this arithmetic, why this size, and what the next better one costs.
    table : DataFrame
        What it was chosen from: the frontier of throughput and loss, best first.
    """

    spec: str
    device: str
    reasons: tuple[str, ...]
    table: pandas.DataFrame

    @property
    def answer(self) -> str:
        """In one line."""
        return f"{self.spec}: macsmith generate {self.spec} --device {self.device} -o rtl"


def recommend(device: Device, workload: str, loss: float, store: Store, workers: Workers) -> Recommendation:
    """Choose an array for a device.

    Parameters
    ----------
    device : Device
    workload : str
        A name in `dse.workloads.workload.WORKLOADS`.
    loss : float
        Points below fp32 that it may lose, at most.
    store : Store
        What is in it is not counted or evaluated again.
    workers : int or Crew

    Raises
    ------
    TypeError, ValueError
        There is no such workload, `loss` is no number from 0 on, or no design fits and loses so little: the message
        says what the least is.
    """
    if not isinstance(device, Device):
        raise TypeError(f"device must be a Device, as macsmith.parse_device gives one, got {echo(device)}")
    check_bound("loss", loss)
    if loss < 0:
        raise ValueError(f"loss must be points from 0 on, got {loss:g}")
    goal = OBJECTIVES["throughput" if is_known(device.target.name) else "rate"]
    space = replace(
        read(SPACE),
        devices=(device,),
        workload=workload,
        objectives=(goal, OBJECTIVES["loss"]),
        constraints={"share": FULL},
    )
    found = screened(space, store, workers)
    table = front(found.rows.table(found.numbers), space.objectives, space.constraints)
    line = table[table["frontier"]].assign(goal=goal.best(table).values[table["frontier"]])
    line = line.sort_values(["loss", "goal"], ascending=[True, False], ignore_index=True)
    within = line[line["loss"] <= loss]
    if within.empty:
        least = line.iloc[0]
        raise ValueError(
            f"no array that fits {device.name} loses at most {loss:g} points on {workload}: "
            f"the least is {least['loss']:.2f}, of {least['arithmetic']}"
        )
    best = within.loc[within["goal"].idxmax()]
    return Recommendation(
        best["spec"], device.name, tuple(_reasons(best, line, goal, device, workload, _largest(space))), line
    )


def _largest(space: Space) -> str:
    """The largest of the sizes that are compared, for people: 32 x 32."""
    return " x ".join(map(str, np.max([group.sizes().max(axis=0) for group in space.groups], axis=0)))


def _reasons(
    best: pandas.Series, line: pandas.DataFrame, goal: Objective, device: Device, workload: str, largest: str
) -> list[str]:
    clock = f" at {best['mhz_estimated']:.0f} MHz" if np.isfinite(best["mhz_estimated"]) else ""
    faster = line[line["goal"] > best["goal"]]
    exacter = line[(line["loss"] < best["loss"]) & (line["goal"] < best["goal"])]
    share = f"{best['rows']} x {best['columns']} take {_share(best)} of {device.title}{clock}"
    found = [
        f"{best['arithmetic']} loses {best['loss']:.2f} ± {best['loss_stderr']:.2f} points on {workload}, paired.",
        f"{share}, for {goal.amount(best['goal'])} (estimated).",
    ]
    if len(faster):
        found.append(_step("More", faster.loc[faster["goal"].idxmin()], best, goal))
    elif len(exacter):
        found.append(_step("Less loss", exacter.loc[exacter["loss"].idxmax()], best, goal))
    else:
        found.append(f"No other array that fits does more, or loses less, of those compared, up to {largest}.")
    return found


def _step(what: str, other: pandas.Series, best: pandas.Series, goal: Objective) -> str:
    return (
        f"{what}: {other['spec']} has {other['goal'] / best['goal']:.2f} times its {goal.title}, "
        f"loses {other['loss']:.2f} ± {other['loss_stderr']:.2f} points, and takes {_share(other)}."
    )


def _share(row: pandas.Series) -> str:
    return f"about {row['used_estimated']:.0f} %"
