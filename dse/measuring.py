"""Points, measured: alone where they are placed, several in a run of Yosys where they are only counted.

That a tool fails on one of them is a result, too, and the rest goes on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, get_type_hints

import hw
from costmodel.measure import Cost, Design, Keep, measure_batch, measure_design, measure_key
from dse.crew import Workers
from dse.emission import design_of
from dse.job import Job, Value
from dse.jobs import run
from dse.points import Point
from dse.store import Store
from hw.specs.base import uses_blocks
from rtl_gen import process
from rtl_gen.steps import many
from rtl_gen.tools import ToolError

TOGETHER = 10
"""Designs in a run of Yosys."""
FIELDS: Mapping[str, Mapping[str, Any]] = {"measure": get_type_hints(Cost), "failed": {"failed": str}}
"""What is kept of a point that is counted, by kind."""
Digested = tuple[Point, str]
"""A point, and the SHA-256 of its Verilog."""


def placing_job(point: Point, digest: str) -> Job:
    """The job that measures and places a point."""
    key = measure_key(digest, point.target)
    return Job("point", key, f"measure {point.name}", partial(_placed, point), parts=True)


def _placed(point: Point, keep: Keep) -> Value:
    try:
        return measure_design(design_of(point, keep, timed=True), point.target, keep=keep).to_dict()
    except ToolError as error:
        if process.is_stopped():
            raise
        return {"failed": str(error)}


def counted(wanted: Sequence[Digested], store: Store, workers: Workers) -> dict[Digested, Value]:
    """What each point takes that is not placed, or ``failed``: from the store, or counted now, in batches."""
    found = {pair: value for pair in wanted if (value := kept(*pair, store)) is not None}
    batches = counting_jobs([pair for pair in dict.fromkeys(wanted) if pair not in found])
    results = run([job for _, job in batches], store, workers)
    for (batch, _), value in zip(batches, results, strict=True):
        found.update(zip(batch, value["costs"], strict=True))
    return found


def kept(point: Point, digest: str, store: Store) -> Value | None:
    """What the store has of a point that is counted."""
    key = _key(point, digest)
    found = (store.get(kind, key, fields) for kind, fields in FIELDS.items())
    return next((value for value in found if value is not None), None)


def counting_jobs(missing: Sequence[Digested]) -> list[tuple[list[Digested], Job]]:
    """The jobs that count points, with the points of each; its result has their ``costs`` in that order."""
    return [(batch, _counting_job(batch)) for batch in _batches(missing)]


def _batches(missing: Sequence[Digested]) -> Iterator[list[Digested]]:
    """Those that go together: on one family, with or without multiplier blocks."""
    groups: dict[Any, list[Digested]] = defaultdict(list)
    for point, digest in missing:
        group = groups[point.target, uses_blocks(getattr(point.spec, "form", ""))]
        group.append((point, digest))
        if len(group) == TOGETHER:
            yield list(group)
            group.clear()
    yield from (group for group in groups.values() if group)


def _counting_job(batch: Sequence[Digested]) -> Job:
    target = batch[0][0].target
    key = hashlib.sha256("\0".join(_key(*one) for one in batch).encode()).hexdigest()
    label = f"count {many(len(batch), 'design')} on {target.name}"
    return Job("counted", key, label, partial(_counted, tuple(batch), target), {"costs": list[dict]}, parts=True)


def _counted(batch: Sequence[Digested], target: hw.Target, keep: Keep) -> Value:
    found = _each([design_of(point, keep, timed=False) for point, _ in batch], target)
    costs = []
    for (point, digest), result in zip(batch, found, strict=True):
        kind, value = ("measure", result.to_dict()) if isinstance(result, Cost) else ("failed", {"failed": str(result)})
        costs.append(keep(kind, _key(point, digest), point.name, FIELDS[kind], partial(dict, value)))
    return {"costs": costs}


def _each(designs: Sequence[Design], target: hw.Target) -> list[Cost | ToolError]:
    """As `measure_batch`; a cell that the target's file does not know is an error of the design that has it, alone."""
    try:
        return measure_batch(designs, target)
    except ValueError as error:
        if len(designs) == 1:
            return [ToolError(str(error))]
        half = len(designs) // 2
        return [*_each(designs[:half], target), *_each(designs[half:], target)]


def _key(point: Point, digest: str) -> str:
    return measure_key(digest, point.target, timed=False)
