"""Has Yosys write a module as SMT2, a solver decide it, and says what came of that."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from rtl_gen import Emitted, process, yosys
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError, last_error, package_version
from sim.proofs.candidates import Hints, candidates
from sim.proofs.frame import TOP

PROVED, HOLDS, FAILS, TIMEOUT = "proved", "holds", "fails", "timeout"
DEPTH, SECONDS = 20, 30.0
WRITE = (
    f"prep -flatten -top {TOP}",
    "memory_map",
    "async2sync",
    "chformal -lower",
    "dffunmap",
    # What Verilog leaves open is anything, at each moment.
    "setundef -undriven -anyseq",
    "opt_clean",
    "write_smt2 -stbv -wires proof.smt2",
)


@dataclass(frozen=True)
class Proof:
    """What came of trying to prove something.

    Attributes
    ----------
    outcome : str
        `PROVED`, for ever; `HOLDS`, to a depth; `FAILS`; or `TIMEOUT`, before anything was known.
    depth : int
        Cycles after the reset to which it holds, or the one in which it fails; or the k of the induction, 0 where it
        follows at once from what was found to hold of registers.
    seconds : float
    cycles : list of dict
        Where it fails: the value of each port in each cycle, in hexadecimal, from the reset on.
    complete : bool
        Whether the depth that was asked for was reached.
    note : str
        What else is to be said of it.
    """

    outcome: str
    depth: int
    seconds: float
    cycles: list[dict[str, str]] = field(default_factory=list)
    complete: bool = True
    note: str = ""

    def __str__(self) -> str:
        early = "" if self.complete else ", then out of time"
        said = {
            PROVED: "proved" + (f" by induction at {self.depth}" if self.depth else ""),
            HOLDS: f"holds to depth {self.depth}{early}",
            FAILS: f"fails in cycle {self.depth}",
            TIMEOUT: "timeout",
        }[self.outcome]
        return f"{said} ({self.note})" if self.note else said

    def table(self) -> str:
        """The counterexample: a line for each port that is not always zero, a column for each cycle."""
        names = [name for name in (self.cycles[0] if self.cycles else {}) if any(of[name] != "0" for of in self.cycles)]
        rows = [["cycle", *(str(number) for number in range(len(self.cycles)))]]
        rows += [[name, *(of[name] for of in self.cycles)] for name in names]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def decide(
    emitted: Emitted,
    module: str,
    shown: Sequence[str],
    depth: int = DEPTH,
    seconds: float = SECONDS,
    hints: Hints | None = None,
) -> Proof:
    """Try to prove the assertions of a module around a design.

    Parameters
    ----------
    emitted : Emitted
        The design.
    module : str
        Verilog of the module, called `TOP`.
    shown : sequence of str
        Its signals that a counterexample shows.
    depth, seconds : int and float
        When to give up.
    hints : Hints, optional
        Registers of the module that may say something of the design's.

    Raises
    ------
    ToolError
        Yosys refuses the Verilog, or the solver is missing or fails.
    """
    package_version("bitwuzla")
    start = time.monotonic()
    with scratch() as folder:
        (folder / "design.v").write_text(emitted.verilog)
        (folder / "proof.v").write_text(module)
        yosys.run(["read_verilog design.v", "read_verilog -formal proof.v", *WRITE], folder)
        found = candidates((folder / "proof.smt2").read_text(), emitted.modules, emitted.name, hints)
        request = {"text": str(folder / "proof.smt2"), "top": TOP, "depth": depth, "names": list(shown)}
        # What is not proved by half of the time is looked at without: guesses may take longer than all that is bounded.
        answers = _answers({**request, "candidates": found}, folder, seconds / 2)
        if not answers or not {"proved", "fails"} & answers[-1].keys():
            left = seconds - (time.monotonic() - start)
            further = _answers({**request, "bounded": True}, folder, left)
            answers = max(answers, further, key=_known)
    return _proof(answers, depth, time.monotonic() - start)


def _known(answers: Sequence[dict[str, Any]]) -> int:
    """How much answers say: that it fails, or to what depth it holds."""
    last = answers[-1] if answers else {}
    return sys.maxsize if "fails" in last else last.get("holds", -1)


def _proof(answers: Sequence[dict[str, Any]], depth: int, seconds: float) -> Proof:
    last = answers[-1] if answers else {}
    if "proved" in last:
        return Proof(PROVED, last["proved"], seconds)
    if "fails" in last:
        return Proof(FAILS, last["fails"], seconds, last["cycles"])
    # In cycle 0 there is the reset.
    if not last.get("holds"):
        return Proof(TIMEOUT, 0, seconds)
    return Proof(HOLDS, last["holds"], seconds, complete=last["holds"] == depth)


def _answers(request: dict[str, Any], folder: Path, seconds: float) -> list[dict[str, Any]]:
    """What the solver has answered when it ends or its time does."""
    asked, answers = folder / "request.json", folder / "answers"
    asked.write_text(json.dumps(request))
    answers.unlink(missing_ok=True)
    program = str(files("sim.proofs").joinpath("solver.py"))
    try:
        # -P: a file of the user's in the current folder is not taken for a module.
        done = process.run([sys.executable, "-P", program, asked, answers], folder, timeout=max(seconds, 0.001))
    except subprocess.TimeoutExpired:
        done = None
    if done is not None and done.returncode != 0:
        raise ToolError(f"the solver failed: {last_error(done.stderr) or process.how_it_ended(done.returncode)}")
    lines = answers.read_text().splitlines() if answers.exists() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            break  # its time was up as it wrote this
    return found
