"""Verilog of many points, written on several cores; what was written is kept, as who verifies it finds it, too."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from costmodel.measure import Design, Keep
from dse.crew import Workers
from dse.jobs import Job, run
from dse.points import Point
from dse.store import Store
from dse.written import writers, written
from hw.arith.schedule import TooDeep

KIND, FIELDS = "digest", {"digest": str}
"""What the store has of a point: the digest of its Verilog, empty if it asks for more registers than its logic has use
for."""


def digests(wanted: Sequence[Point], store: Store, workers: Workers) -> dict[Point, str]:
    """SHA-256 of the Verilog of each point that is a design."""
    found = zip(wanted, run([emission_job(point) for point in wanted], store, workers), strict=True)
    return {point: kept["digest"] for point, kept in found if kept["digest"]}


def emission_job(point: Point) -> Job:
    """The job that writes a point's Verilog, which is a part that it keeps."""
    key = hashlib.sha256("\0".join([point.name, *writers()]).encode()).hexdigest()
    return Job(KIND, key, f"write {point.name}", partial(_digested, point), FIELDS, parts=True, python=True)


def design_of(point: Point, keep: Keep, timed: bool) -> Design:
    """The Verilog of a point that `digests` has found to be a design; `keep` has what that wrote."""
    return Design.of(point.spec, written(point.spec, point.target, keep), timed)


def _digested(point: Point, keep: Keep) -> dict[str, str]:
    try:
        return {"digest": written(point.spec, point.target, keep).digest}
    except TooDeep:
        return {"digest": ""}
