"""The cocotb bench of a design as a folder that needs cocotb and a simulator, and nothing of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from rtl_gen import Emitted
from rtl_gen.owner import comment
from sim.benches.play import told

PACKAGE = "sim.benches"
IMPORT = re.compile(rf"^from {re.escape(PACKAGE)}\.(\w+) import", re.M)


def cocotb_files(design: Emitted, plays: Sequence[Any], sources: Sequence[str] = ()) -> dict[str, str]:
    """Makefile, plays and bench: texts by path in the folder, which lies beside the Verilog.

    Parameters
    ----------
    design : Emitted
    plays : sequence of Play, StreamPlay or CorePlay
        All of one kind.
    sources : sequence of str
        The files of Verilog beside the folder, if not NAME.v alone.
    """
    kind = plays[0].bench.rpartition(".")[2]
    head, read = comment(design.owner.header, "#"), sources or [f"{design.name}.v"]
    modules = {f"bench/{name}.py": head + text.replace(f"{PACKAGE}.", "bench.") for name, text in _needed(kind).items()}
    about = {"name": design.manifest["name"], "target": design.manifest["target"]}
    about |= {"macsmith": design.manifest["macsmith"], "plays": [told(play) for play in plays]}
    needs = "".join(f"{each}\n" for each in ("cocotb>=2.1,<3", *(["cocotbext-axi>=0.1.28"] if kind == "axi" else [])))
    return {
        "Makefile": head + MAKEFILE.format(name=design.name, sources=" ".join(f"$(ABOVE)/{s}" for s in read)),
        "requirements.txt": head + needs,
        f"test_{design.name}.py": head + TEST.format(kind=kind, clocking=_python(design.manifest["clocking"])),
        "plays.json": json.dumps(about) + "\n",
        "bench/__init__.py": head + '"""The bench that this folder runs."""\n',
        **modules,
    }


def _needed(kind: str) -> dict[str, str]:
    """The modules that a bench is made of, by name: itself and all that it imports."""
    found: dict[str, str] = {}
    left = [kind]
    while left:
        if (name := left.pop()) not in found:
            found[name] = files(PACKAGE).joinpath(f"{name}.py").read_text()
            left += IMPORT.findall(found[name])
    return {name: found[name] for name in sorted(found)}


def _python(clocking: Any) -> str:
    return json.dumps(json.dumps(clocking))


MAKEFILE = """\
# `make` runs it with cocotb (requirements.txt), in Icarus Verilog or, with SIM=verilator, in Verilator.

SIM ?= icarus
TOPLEVEL_LANG = verilog
ABOVE = $(abspath $(CURDIR)/..)
VERILOG_SOURCES = {sources} $(CELLS)
TOPLEVEL = {name}
COCOTB_TOPLEVEL = {name}
COCOTB_TEST_MODULES = test_{name}
COCOTB_HDL_TIMEUNIT = 1ns
COCOTB_HDL_TIMEPRECISION = 1ps
export PYTHONPATH := $(CURDIR):$(PYTHONPATH)
ifeq ($(SIM),verilator)
EXTRA_ARGS += --timescale 1ns/1ps -Wno-fatal
endif

include $(shell cocotb-config --makefiles)/Makefile.sim
"""

TEST = '''\
"""What the bench plays on the design, from plays.json; what was compared is written to evidence.json."""

import os
from pathlib import Path

HERE = Path(__file__).parent
os.environ.setdefault("MACSMITH_PLAYS", str(HERE / "plays.json"))
os.environ.setdefault("MACSMITH_EVIDENCE", str(HERE / "evidence.json"))
os.environ.setdefault("MACSMITH_CLOCKING", {clocking})
# Of a run before.
Path(os.environ["MACSMITH_EVIDENCE"]).unlink(missing_ok=True)

from bench.{kind} import *  # noqa: E402, F403
'''
