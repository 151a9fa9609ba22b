"""Verilog of designs as a result to keep: packed, by the code that writes it, so that who needs many need not wait."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from functools import cache, partial
from typing import Any

import hw
from dse.job import Job, Value
from rtl_gen import Emitted, emit
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version

KIND, FIELDS = "verilog", {"packed": str}


def writing_job(spec: hw.Spec, target: hw.Target) -> Job:
    """The job that emits a design; `read` gives what came of it."""
    key = hashlib.sha256("\0".join([spec.name, target.name, *writers()]).encode()).hexdigest()
    return Job(KIND, key, f"write {spec} for {target.name}", partial(_written, spec, target), FIELDS, python=True)


def read(value: Value) -> Emitted:
    """The design that a job has written."""
    return Emitted(**unpack(value["packed"]))


def pack(values: dict[str, Any]) -> str:
    """Values as JSON has them, in a short text."""
    return base64.b85encode(zlib.compress(json.dumps(values).encode())).decode()


def unpack(text: str) -> dict[str, Any]:
    """What `pack` was given."""
    values: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(text)))
    return values


@cache
def writers() -> tuple[str, ...]:
    """What writes Verilog, as it is in this process."""
    return code_digest("hw", "rtl_gen"), package_version("amaranth"), package_version("pyosys")


def _written(spec: hw.Spec, target: hw.Target) -> Value:
    emitted = emit(spec, target)
    return {"packed": pack({"name": emitted.name, "verilog": emitted.verilog, "manifest": emitted.manifest})}
