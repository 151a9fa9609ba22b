"""What designs cost, side by side: a table of designs on devices, to which each step adds columns.

`dse.columns` says what the columns are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

import hw
from costmodel.devices import Device, parse_device
from costmodel.estimate import Estimate, estimate
from costmodel.measure import device_for
from costmodel.targets import load
from dse.columns import COLUMNS, RANGED
from dse.crew import Workers
from dse.derived import DERIVED, EACH
from dse.emission import digests
from dse.jobs import Job, run, run_groups
from dse.making import energy_job, gates_job, measure_job, switching_job
from dse.measuring import counted
from dse.points import Point
from dse.store import Store
from rtl_gen.steps import step


@dataclass(frozen=True)
class Placed:
    """A design somewhere: on a device, or on that which stands for a family."""

    spec: hw.Spec
    target: hw.Target
    device: Device | None = None

    @property
    def stated(self) -> dict[str, Any]:
        """What the design says itself."""
        rate = self.spec.rate
        return {"spec": self.spec.name, "target": self.target.name, "makes": rate.of, "rate": float(rate.count)}


Row = dict[str, Any]


def estimated(designs: Sequence[Placed], store: Store) -> list[Row]:
    """Estimated columns, without a tool; what was counted is kept."""
    rows = []
    for design in designs:
        with step(f"counting {design.spec} for {design.target.name}"):
            rows.append(_estimated(design, estimate(design.spec, design.target, store.keep)))
    return rows


def _estimated(design: Placed, found: Estimate) -> Row:
    row: Row = {}
    for name in RANGED:
        value = getattr(found, name)
        row[f"{name}_estimated"] = value.value if value else None
        row[f"{name}_low"], row[f"{name}_high"] = (value.low, value.high) if value else (None, None)
    counts = {"lut": found.lut.value, "ff": found.ff.value, "dsp": found.dsp, "bram": found.bram}
    device = design.device or device_for(load(design.target.name), found.dsp)
    mhz = found.mhz.value if found.mhz else None
    rates = {f"{name}_estimated": value for name, value in _rates(design, found.lut.value, mhz).items()}
    share = {"device": device.name, "share_estimated": device.share_text(counts)}
    return {**row, "dsp_estimated": found.dsp, "bram_estimated": found.bram, **share, **rates}


def measured(
    designs: Sequence[Placed],
    store: Store,
    workers: Workers,
    timed: bool = True,
    seeds: int | None = None,
    tools: str = "wheel",
) -> list[Row]:
    """Measured columns, by the real tools; ``unplaced`` says why there are no MHz, ``fits`` whether there is room.

    Designs that are not timed go through Yosys several at a time.
    """
    found = {} if timed else _counted(designs, store, workers)
    alone = [design for design in designs if design not in found]
    jobs = [measure_job(of.spec, of.target, timed, seeds, tools, of.device) for of in alone]
    found |= zip(alone, run(jobs, store, workers), strict=True)
    return [_measured(design, found[design]) for design in designs]


def _counted(designs: Sequence[Placed], store: Store, workers: Workers) -> dict[Placed, Mapping[str, Any]]:
    """What designs take, but for those that a tool failed on: who measures such a one alone is told why."""
    points = {design: Point(design.spec, design.target, placed=False) for design in designs}
    written = digests(list(dict.fromkeys(points.values())), store, workers)
    costs = {pair[0]: cost for pair, cost in counted(list(written.items()), store, workers).items()}
    failed = {"failed": ""}
    return {of: costs[point] for of, point in points.items() if "failed" not in costs.get(point, failed)}


def _measured(design: Placed, cost: Mapping[str, Any]) -> Row:
    device = design.device or parse_device(cost["device"])
    counts = {name: cost[name] for name in ("lut", "carry", "ff", "dsp", "bram", "flow", "unplaced")}
    share = {"device": device.name, "share": device.share_text(cost), "fits": device.fullest(cost)[1] <= 1}
    return {**counts, "mhz": cost["fmax"], **share, **_rates(design, cost["lut"], cost["fmax"])}


def switched(
    designs: Sequence[Placed],
    store: Store,
    workers: Workers,
    gates: str | None = None,
    energy: str = "",
    stream: str = "normal",
) -> list[Row]:
    """Columns of what is no family's cells.

    Parameters
    ----------
    designs : sequence of Placed
    store : Store
    workers : int or Crew
    gates : str, optional
        A Liberty file by which gates are counted, our own library's if empty; by default they are not.
    energy : str
        A table of published energies, by which pJ are told, and toggles beside an INT8 MAC's; none if empty.
    stream : str
        What operands are: as `costmodel.streams` takes it.
    """
    jobs: list[dict[str, Job]] = []
    for design in designs:
        wanted = {} if gates is None else {"gates": gates_job(design.spec, gates or None)}
        if energy:
            wanted["energy"] = energy_job(design.spec, energy, stream)
            wanted["switching"] = switching_job(design.spec, design.target, stream)
        jobs.append(wanted)
    return [_switched(values) for values in run_groups(jobs, store, workers)]


def _switched(values: Mapping[str, Mapping[str, Any]]) -> Row:
    row: Row = {}
    if "gates" in values:
        row |= {name: values["gates"][name] for name in ("nand2", "memory_bits")}
    if "energy" in values:
        energy = values["energy"]
        row |= {"energy_pj": energy["picojoules"], "energy_low_pj": energy["low"], "energy_high_pj": energy["high"]}
        row["switching"] = values["switching"]["ratio"]
    return row


def _rates(design: Placed, lut: float, mhz: float | None) -> Row:
    """What an operation takes, and how many a second there are."""
    rate = design.spec.rate
    known = {"lut": lut, "mhz": mhz, "rate": float(rate.count), "each": EACH[rate.of]}
    return {
        "lut_rate": DERIVED["lut_rate"].work(known),
        "gops": None if mhz is None else DERIVED["gops"].work(known),
    }


def table(designs: Sequence[Placed], *steps: Sequence[Row]) -> pandas.DataFrame:
    """Designs with the columns that steps have found of them, in the order of `COLUMNS`."""
    rows = [design.stated for design in designs]
    for columns in steps:
        for row, more in zip(rows, columns, strict=True):
            row.update(more)
    frame = pandas.DataFrame(rows)
    return frame[[name for name in COLUMNS if name in frame]]
