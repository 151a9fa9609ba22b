"""The Verilog of a row: ours, and what Yosys makes of an operator."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import hw
from costmodel.measure import Design
from dse.jobs import Job
from dse.making import design_job
from dse.studies.qor.rows import Row
from rtl_gen import emit

BOOTH = ("opt_expr", "opt_clean", "wreduce", "opt_clean", "booth")
"""Booth's pass wants multipliers as narrow as they are; the flow before it does that to plain ones later."""
VARIANTS = {
    "ours": "our unit, as emitted for the family",
    "generic": "our unit in portable RTL, where the family has a form of its own; not placed",
    "stock": "the Verilog operator",
    "booth": "the Verilog operator through Yosys's pass `booth`",
}


def designs(row: Row, target: hw.Target) -> dict[str, Design]:
    """The Verilog of each of `VARIANTS` that there is."""
    emitted = emit(row.spec, target)
    found = {"ours": Design.of(row.spec, emitted)}
    try:
        generic = emit(row.spec)
    except ValueError:
        pass  # portable RTL may have no place for so many registers
    else:
        if _body(generic.verilog) != _body(emitted.verilog):
            found["generic"] = replace(Design.of(row.spec, generic), name=f"{row.spec} (generic)", timed=False)
    if row.stock:
        manifest = {"module": "stock", "ports": emitted.manifest["ports"]}
        verilog = module(manifest["ports"], row.stock)
        found["stock"] = Design(f"{row.spec} (stock)", verilog, manifest, found["ours"].dsp)
        found["booth"] = Design(f"{row.spec} (booth)", verilog, manifest, found["ours"].dsp, BOOTH)
    return found


def module(ports: Sequence[dict[str, Any]], body: str) -> str:
    """Verilog of a module `stock` with the ports of a manifest."""
    listed = ", ".join(f"{port['direction']} [{port['width'] - 1}:0] {port['name']}" for port in ports)
    return f"module stock({listed.replace('[0:0] ', '')});\n{body}\nendmodule\n"


def _body(verilog: str) -> str:
    return re.sub(r"(?m)^//.*\n", "", verilog)


def measure_job(design: Design, target: hw.Target) -> Job:
    """The job that measures a design."""
    text = json.dumps([design.verilog, design.dsp, design.prepare, design.timed])
    return design_job("qor", text, design, target)
