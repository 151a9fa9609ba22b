"""macsmith: which number format and datapath for an FPGA, and the Verilog of it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from macsmith.house import hidden, is_command_line

if TYPE_CHECKING:
    from costmodel.energy import estimate_energy
    from costmodel.estimate import estimate
    from costmodel.measure import measure
    from hw import Spec, Target, build, parse, parse_format, parse_target, pipeline_for, predict
    from hw.specs.mac import MacSpec
    from rtl_gen import emit
    from sim.golden import model
    from sim.verify import verify

__all__ = [
    "MacSpec",
    "Spec",
    "Target",
    "build",
    "emit",
    "estimate",
    "estimate_energy",
    "measure",
    "model",
    "parse",
    "parse_format",
    "parse_target",
    "pipeline_for",
    "predict",
    "verify",
]

if _problem := hidden():
    if is_command_line():
        print(f"macsmith: {_problem}", file=sys.stderr)
        raise SystemExit(2)
    raise ImportError(_problem)

_HOMES = {
    "costmodel.energy": ("estimate_energy",),
    "costmodel.estimate": ("estimate",),
    "costmodel.measure": ("measure",),
    "hw.specs.mac": ("MacSpec",),
    "hw": ("Spec", "Target", "build", "parse", "parse_format", "parse_target", "pipeline_for", "predict"),
    "rtl_gen": ("emit",),
    "sim.golden": ("model",),
    "sim.verify": ("verify",),
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that the command line starts at once."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"macsmith has no {name[:100]!r}; it has {', '.join(__all__)}")
