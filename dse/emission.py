"""Verilog of many designs, written on several cores; what was written is kept, packed, so that it need not be again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from costmodel.measure import Design, Keep
from dse.crew import Workers
from dse.jobs import Job, run
from dse.points import Point
from dse.store import Store
from dse.written import pack, unpack, writers
from hw.arith.schedule import TooDeep
from rtl_gen import emit

KIND, FIELDS = "design", {"digest": str, "packed": str}
"""What the store has of a design: the digest of its Verilog, and that, with module and ports; both empty if it asks for
more registers than its logic has use for."""


def digests(wanted: Sequence[Point], store: Store, workers: Workers) -> dict[Point, str]:
    """SHA-256 of the Verilog of each point that is a design."""
    found = zip(wanted, run([emission_job(point) for point in wanted], store, workers), strict=True)
    return {point: kept["digest"] for point, kept in found if kept["digest"]}


def emission_job(point: Point) -> Job:
    """The job that writes a point's Verilog."""
    return Job(KIND, _key(point), f"write {point.name}", partial(_written, point), FIELDS, python=True)


def design_of(point: Point, keep: Keep, timed: bool) -> Design:
    """The Verilog of a point that `digests` has found to be a design; `keep` has what that wrote."""
    packed = keep(KIND, _key(point), point.name, FIELDS, partial(_written, point))["packed"]
    return Design(point.spec.name, timed=timed, **unpack(packed))


def _written(point: Point) -> dict[str, str]:
    try:
        emitted = emit(point.spec, point.target)
    except TooDeep:
        return {"digest": "", "packed": ""}
    design = Design.of(point.spec, emitted)
    manifest = {name: design.manifest[name] for name in ("module", "ports")}
    values: dict[str, Any] = {"verilog": design.verilog, "manifest": manifest, "dsp": design.dsp}
    return {"digest": emitted.digest, "packed": pack(values)}


def _key(point: Point) -> str:
    return hashlib.sha256("\0".join([point.name, *writers()]).encode()).hexdigest()
