"""Verilog of designs as a result to keep: packed, by the code that writes it, so that who needs many need not wait."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import asdict
from functools import cache, partial
from typing import TYPE_CHECKING

import hw
from dse.job import Job, Value
from rtl_gen import Emitted, emit
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version

if TYPE_CHECKING:
    from costmodel.measure import Keep

KIND, FIELDS = "verilog", {"packed": str}


def writing_job(spec: hw.Spec, target: hw.Target) -> Job:
    """The job that emits a design; `read` gives what came of it."""
    return Job(KIND, _key(spec, target), _label(spec, target), partial(_written, spec, target), FIELDS, python=True)


def written(spec: hw.Spec, target: hw.Target, keep: Keep) -> Emitted:
    """A design; `keep` has it if that job was done, or else from now on."""
    return read(keep(KIND, _key(spec, target), _label(spec, target), FIELDS, partial(_written, spec, target)))


def read(value: Value) -> Emitted:
    """The design that a job has written."""
    return Emitted(**json.loads(zlib.decompress(base64.b85decode(value["packed"]))))


def _written(spec: hw.Spec, target: hw.Target) -> Value:
    values = json.dumps(asdict(emit(spec, target)))
    return {"packed": base64.b85encode(zlib.compress(values.encode())).decode()}


def _label(spec: hw.Spec, target: hw.Target) -> str:
    return f"write {spec} for {target.name}"


def _key(spec: hw.Spec, target: hw.Target) -> str:
    return hashlib.sha256("\0".join([spec.name, target.name, *writers()]).encode()).hexdigest()


@cache
def writers() -> tuple[str, ...]:
    """What writes Verilog, as it is in this process."""
    return code_digest("hw", "rtl_gen"), package_version("amaranth"), package_version("pyosys")
