"""The parts of a space: what each design is before its size is said, on each device.

A space of a hundred thousand rows has some hundred parts. Each is parsed, checked and counted once, and rows are then
made of numbers: which part, which sizes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

import hw
from costmodel.devices import Device
from costmodel.estimate.part import check_counted, part_key
from costmodel.estimate.table import Parts
from dse.counting import Design, parts_of
from dse.crew import Workers
from dse.groups import Group
from dse.job import Job
from dse.jobs import run
from dse.points import can_be
from dse.space import Space
from dse.store import Store
from hw.timing.delays import is_known


@dataclass(frozen=True)
class Placement:
    """Designs of a group that differ in their sizes only, on a device; `spec` is one of them."""

    spec: hw.Spec
    device: Device
    group: int
    choice: Mapping[str, str]

    @property
    def design(self) -> Design:
        return self.spec, self.device.target


@dataclass(frozen=True)
class Pool:
    """What a space is made of.

    Attributes
    ----------
    space : Space
    placements : list of Placement
        By their numbers.
    refused : Counter of str
        Why names of the space are no designs, and how many.
    store : Store
        Has what is counted.
    workers : int or Crew
        Who counts.
    """

    space: Space
    placements: list[Placement]
    refused: Counter[str]
    store: Store
    workers: Workers

    @classmethod
    def of(cls, space: Space, store: Store, workers: Workers) -> Pool:
        """Parse, check and deepen the designs of a space.

        Raises
        ------
        ValueError
            There is none.
        """
        refused: Counter[str] = Counter()
        wanted: dict[tuple[hw.Spec, Device], Placement] = {}
        for number, group in enumerate(space.groups):
            for placement in _placements(number, group, space.devices, refused):
                wanted.setdefault((placement.spec, placement.device), placement)
        placements = list(wanted.values())
        if "mhz" in space.constraints:
            placements = _deepened(space, placements, refused, store, workers)
        if not placements:
            why = "; ".join(f"{reason} ({count} times)" for reason, count in refused.most_common(3))
            raise ValueError(f"the space has no design: {why}")
        return cls(space, placements, refused, store, workers)

    @property
    def specs(self) -> list[hw.Spec]:
        return [placement.spec for placement in self.placements]

    @cached_property
    def designs(self) -> list[Design]:
        """Distinct parts on families, by their numbers in `parts`."""
        return list(dict.fromkeys(placement.design for placement in self.placements))

    @cached_property
    def parts(self) -> Parts:
        """What they count, each once."""
        return parts_of(self.designs, self.store, self.workers)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The number in `parts` of each placement."""
        places = {design: number for number, design in enumerate(self.designs)}
        return np.array([places[placement.design] for placement in self.placements])

    @cached_property
    def grids(self) -> list[NDArray[np.int64]]:
        """The sizes that there are of each group, by its `sized` axes: each is tried with the first of the others."""
        return [
            _grid(group, [p.spec for p in self.placements if p.group == n][:1])
            for n, group in enumerate(self.space.groups)
        ]


def _grid(group: Group, some: Sequence[hw.Spec]) -> NDArray[np.int64]:
    every = group.sizes()
    keep = np.ones(len(every), dtype=bool)
    for spec in some:
        for place, name in enumerate(group.sized):
            for value in map(int, group.axes[name]):
                if not _can_be_sized(spec, name, value):
                    keep &= every[:, place] != value
    return every[keep]


def _can_be_sized(spec: hw.Spec, name: str, value: int) -> bool:
    try:
        spec.resized([value if size == name else getattr(spec, size) for size in spec.sizes])
    except ValueError:
        return False
    return True


def _placements(number: int, group: Group, devices: Sequence[Device], refused: Counter[str]) -> list[Placement]:
    """The designs of a group, each with sizes that there are."""
    found, sizes = [], group.sizes()
    for choice in group.choices():
        try:
            spec = _first(group, choice, sizes)
            check_counted(spec)
        except ValueError as error:
            refused[f"{group.spec}: {_short(error)}"] += len(sizes) * len(devices)
            continue
        for device in devices:
            if can_be(spec, device.target):
                found.append(Placement(spec, device, number, choice))
            else:
                refused[f"{group.spec} can't be had on {device.target.name}"] += len(sizes)
    return found


def _first(group: Group, choice: Mapping[str, str], sizes: NDArray[np.int64]) -> hw.Spec:
    """A design of the first sizes; if there is none, of the smallest, which is one if any is."""
    try:
        return group.parse(choice, sizes[0].tolist())
    except ValueError:
        smallest = sizes.min(axis=0, initial=np.iinfo(np.int64).max)
        if not group.sized or (smallest == sizes[0]).all():
            raise
        return group.parse(choice, smallest.tolist())


def _short(error: ValueError) -> str:
    """Why there is no such design, without its name and how names are written."""
    return str(error).partition(": ")[2].partition(" (it is written")[0]


def _deepened(
    space: Space, placements: Sequence[Placement], refused: Counter[str], store: Store, workers: Workers
) -> list[Placement]:
    """The same, where names do not say how deep they are with as many registers as the space's MHz need."""
    mhz = space.constraints["mhz"]
    asked = {p.design for p in placements if not space.groups[p.group].says_depth and is_known(p.device.target.name)}
    jobs = {design: _pipeline_job(design, mhz) for design in asked}
    found = dict(zip(jobs, run(list(jobs.values()), store, workers), strict=True))
    deep = []
    for placement in placements:
        chosen = found.get(placement.design)
        if chosen is None:
            deep.append(placement)
        elif chosen["spec"]:
            deep.append(replace(placement, spec=hw.parse(chosen["spec"])))
        else:
            refused[chosen["why"]] += 1
    return deep


def _pipeline_job(design: Design, mhz: float) -> Job:
    """The job that chooses a design's pipeline for a frequency."""
    key = hashlib.sha256(f"{part_key(*design)}\0{mhz:g}".encode()).hexdigest()
    label = f"pipeline of {design[0]} on {design[1].name} for {mhz:g} MHz"
    return Job("pipeline", key, label, partial(_deepen, *design, mhz), {"spec": str, "why": str}, python=True)


def _deepen(spec: hw.Spec, target: hw.Target, mhz: float) -> dict[str, str]:
    """The design that reaches a frequency, or why none does."""
    try:
        return {"spec": hw.pipeline_for(spec, target, mhz).name, "why": ""}
    except ValueError as error:
        return {"spec": "", "why": str(error)}
