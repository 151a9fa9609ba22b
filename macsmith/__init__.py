"""macsmith: which number format and datapath for an FPGA, and the Verilog of it."""

from __future__ import annotations

from costmodel.energy import estimate_energy
from costmodel.measure import measure
from hw import MacSpec, Spec, Target, build, parse, parse_format, parse_target
from rtl_gen import emit
from sim.golden import model
from sim.verify import verify

__all__ = [
    "MacSpec",
    "Spec",
    "Target",
    "build",
    "emit",
    "estimate_energy",
    "measure",
    "model",
    "parse",
    "parse_format",
    "parse_target",
    "verify",
]
