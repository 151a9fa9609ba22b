"""macsmith: which number format and datapath for an FPGA, and the Verilog of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from macsmith.ending import is_command_line
from macsmith.house import hidden

if TYPE_CHECKING:
    from costmodel.devices import Device, parse_device
    from costmodel.energy import estimate_energy
    from costmodel.estimate import estimate
    from costmodel.measure import measure
    from dse.columns import Column, declare
    from dse.compiling.compiler import compile_model
    from dse.compiling.output import write as write_program
    from dse.delivery import deliver
    from dse.explore import explore, rows_of, screened
    from dse.groups import Group
    from dse.judging import judged
    from dse.objectives import Objective, objectives
    from dse.outcome import write_csv
    from dse.recommend import recommend
    from dse.reporting import write_report
    from dse.running import runs
    from dse.space import Space
    from dse.space import read as read_space
    from dse.store import Store
    from dse.table import corrected, estimated, front, measured, on, rated, table_of, verified
    from dse.workloads.gemms import find as find_gemms
    from hw import Spec, Target, build, parse, parse_format, parse_target, pipeline_for, predict
    from hw.specs.mac import MacSpec
    from rtl_gen import emit
    from rtl_gen.convention import Convention, parse_convention
    from sim.golden import model
    from sim.standin import StandIn
    from sim.verify import verify

__all__ = [
    "Column",
    "Convention",
    "Device",
    "Group",
    "MacSpec",
    "Objective",
    "Space",
    "Spec",
    "StandIn",
    "Store",
    "Target",
    "build",
    "compile_model",
    "corrected",
    "declare",
    "deliver",
    "emit",
    "estimate",
    "estimate_energy",
    "estimated",
    "explore",
    "find_gemms",
    "front",
    "judged",
    "measure",
    "measured",
    "model",
    "objectives",
    "on",
    "parse",
    "parse_convention",
    "parse_device",
    "parse_format",
    "parse_target",
    "pipeline_for",
    "predict",
    "rated",
    "read_space",
    "recommend",
    "rows_of",
    "runs",
    "screened",
    "table_of",
    "verified",
    "verify",
    "write_csv",
    "write_program",
    "write_report",
]

if _problem := hidden():
    if is_command_line():
        print(f"macsmith: {_problem}", file=sys.stderr)
        raise SystemExit(2)
    raise ImportError(_problem)

_HOMES = {
    "Column": "dse.columns:Column",
    "Convention": "rtl_gen.convention:Convention",
    "Device": "costmodel.devices:Device",
    "Group": "dse.groups:Group",
    "MacSpec": "hw.specs.mac:MacSpec",
    "Objective": "dse.objectives:Objective",
    "Space": "dse.space:Space",
    "Spec": "hw:Spec",
    "StandIn": "sim.standin:StandIn",
    "Store": "dse.store:Store",
    "Target": "hw:Target",
    "build": "hw:build",
    "compile_model": "dse.compiling.compiler:compile_model",
    "corrected": "dse.table:corrected",
    "declare": "dse.columns:declare",
    "deliver": "dse.delivery:deliver",
    "emit": "rtl_gen:emit",
    "estimate": "costmodel.estimate:estimate",
    "estimate_energy": "costmodel.energy:estimate_energy",
    "estimated": "dse.table:estimated",
    "explore": "dse.explore:explore",
    "find_gemms": "dse.workloads.gemms:find",
    "front": "dse.table:front",
    "judged": "dse.judging:judged",
    "measure": "costmodel.measure:measure",
    "measured": "dse.table:measured",
    "model": "sim.golden:model",
    "objectives": "dse.objectives:objectives",
    "on": "dse.table:on",
    "parse": "hw:parse",
    "parse_convention": "rtl_gen.convention:parse_convention",
    "parse_device": "costmodel.devices:parse_device",
    "parse_format": "hw:parse_format",
    "parse_target": "hw:parse_target",
    "pipeline_for": "hw:pipeline_for",
    "predict": "hw:predict",
    "rated": "dse.table:rated",
    "read_space": "dse.space:read",
    "recommend": "dse.recommend:recommend",
    "rows_of": "dse.explore:rows_of",
    "runs": "dse.running:runs",
    "screened": "dse.explore:screened",
    "table_of": "dse.table:table_of",
    "verified": "dse.table:verified",
    "verify": "sim.verify:verify",
    "write_csv": "dse.outcome:write_csv",
    "write_program": "dse.compiling.output:write",
    "write_report": "dse.reporting:write_report",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that the command line starts at once."""
    if name in _HOMES:
        from pkgutil import resolve_name

        return resolve_name(_HOMES[name])
    raise AttributeError(f"macsmith has no {name[:100]!r}; it has {', '.join(__all__)}")
