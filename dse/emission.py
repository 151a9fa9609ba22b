"""Verilog of many designs, written on several cores; what was written is kept, packed, so that it need not be again."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from costmodel.measure import Design
from dse.points import Point
from dse.processes import in_processes
from dse.progress import Progress
from dse.store import Store
from hw.arith.schedule import TooDeep
from rtl_gen import emit
from rtl_gen.files import code_digest
from rtl_gen.steps import say
from rtl_gen.tools import package_version

KIND, FIELDS = "design", {"digest": str, "packed": str}
"""What the store has of a design: the digest of its Verilog, and that, with module and ports; both empty if it asks for
more registers than its logic has use for."""


def digests(wanted: Sequence[Point], store: Store, workers: int) -> dict[Point, str]:
    """SHA-256 of the Verilog of each point that is a design."""
    found = {point: store.get(KIND, _key(point), FIELDS) for point in wanted}
    missing = [point for point, kept in found.items() if kept is None]
    if missing:
        say(f"emitting {len(missing)} of {len(wanted)} designs")
    progress = Progress(len(missing))
    for point, _ in in_processes(partial(_keep, store.path), missing, workers):
        found[point] = store.get(KIND, _key(point), FIELDS)
        progress.add(1)
    return {point: kept["digest"] for point, kept in found.items() if kept and kept["digest"]}


def design_of(point: Point, store: Store, timed: bool) -> Design:
    """The Verilog of a point that `digests` has found to be a design."""
    packed = store.keep(KIND, _key(point), point.name, FIELDS, partial(_written, point))["packed"]
    values = json.loads(zlib.decompress(base64.b85decode(packed)))
    return Design(point.spec.name, timed=timed, **values)


def _keep(path: Path, point: Point) -> None:
    """Write a design, in a process that has no store yet."""
    with Store(path) as store:
        store.keep(KIND, _key(point), point.name, FIELDS, partial(_written, point))


def _written(point: Point) -> dict[str, str]:
    try:
        emitted = emit(point.spec, point.target)
    except TooDeep:
        return {"digest": "", "packed": ""}
    design = Design.of(point.spec, emitted)
    manifest = {name: design.manifest[name] for name in ("module", "ports")}
    values: dict[str, Any] = {"verilog": design.verilog, "manifest": manifest, "dsp": design.dsp}
    packed = base64.b85encode(zlib.compress(json.dumps(values).encode())).decode()
    return {"digest": emitted.digest, "packed": packed}


def _key(point: Point) -> str:
    return hashlib.sha256("\0".join([point.name, *_writing()]).encode()).hexdigest()


@cache
def _writing() -> tuple[str, ...]:
    """What writes Verilog, as it is in this process."""
    return code_digest("hw", "rtl_gen"), package_version("amaranth"), package_version("pyosys")
