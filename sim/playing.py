"""Who plays what: cocotb what is short or has streams, and a loop in C++ what has many vectors, on one simulator."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hw
from rtl_gen import Emitted
from rtl_gen.cells import cell_models
from rtl_gen.convention import Convention
from rtl_gen.tools import ToolError
from sim.benches.play import Play, save
from sim.icarus import icarus
from sim.rows import play_rows
from sim.runner import Results, run_bench
from sim.simulator import FAST, ICARUS, LINT, QUICK, VERILATOR, Simulator, simulator

MANY = 1024
"""Cycles from which on a play goes to the loop in C++, where nothing is decided while it is played."""
TEST = "play/name="
"""How cocotb begins to name the test of a play: after it comes the play's name, or its number."""

Evidence = dict[str, dict[str, Any]]


def play_all(
    emitted: Emitted,
    plays: Sequence[Any],
    folder: Path,
    target: hw.Target,
    many: int = MANY,
    lint: Sequence[str] = LINT,
    cells: Sequence[Path] | None = None,
    kind: str = VERILATOR,
    waves: Path | None = None,
) -> tuple[Results, Evidence]:
    """Play on a design, whatever kind the plays are of.

    Parameters
    ----------
    emitted : Emitted
        The design.
    plays : sequence of Play, StreamPlay or CorePlay
        All of one kind.
    folder : Path
        For all that is read and written meanwhile.
    target : Target
        What it is built for.
    many : int
        As `MANY`.
    lint : sequence of str
        As of `simulator`.
    cells : sequence of Path, optional
        Models of the cells that it is made of, if not those of the target's form.
    kind : str
        The simulator: `VERILATOR`, or `ICARUS`, where cocotb plays everything.
    waves : Path, optional
        A file for the waveforms, in VCD, of all plays; cocotb plays them all, then.

    Returns
    -------
    What was reported, failures in the order of the plays; and what each play that passed compared, in how many cycles.
    """
    source, convention = folder / f"{emitted.name}.v", Convention.of(emitted.manifest)
    emitted.write(folder)
    cells = cell_models(target) if cells is None else cells
    many = many if kind == VERILATOR and waves is None else sys.maxsize
    bulk = [play for play in plays if isinstance(play, Play) and play.cycles >= many]
    rest = [play for play in plays if not isinstance(play, Play) or play.cycles < many]
    if kind == ICARUS:
        design = icarus(source, emitted.name, folder, cells, convention)
    else:
        optimise = FAST if bulk else QUICK
        design = simulator(source, emitted.name, folder, cells, optimise, lint, waves is not None, convention)
    evidence: Evidence = {}
    wrong: dict[str, str] = {}
    tests = len(bulk)
    if rest:
        count, wrong, evidence = play_cocotb(design, rest, folder, waves=waves)
        tests += count
    if bulk:
        wrong |= play_rows(design, bulk, folder)
        right = [play for play in bulk if play.name not in wrong]
        evidence |= {play.name: {"compared": play.samples, "cycles": play.cycles} for play in right}
    if not rest and not wrong and design.clocked:
        # Nothing with a clock is right before cocotb has seen some of it.
        _, said, _ = play_cocotb(design, [opening(bulk[0], many)], folder)
        if said:
            raise ToolError(f"{emitted.name}: the loop in C++ found nothing, but cocotb {' '.join(said.values())}")
    order = {play.name: number for number, play in enumerate(plays)}
    ordered = sorted(wrong, key=lambda name: order.get(name, len(order)))
    return Results(tests, [wrong[name] for name in ordered]), evidence


def play_cocotb(
    design: Simulator,
    plays: Sequence[Any],
    folder: Path,
    plusargs: Sequence[str] = (),
    failures_at_most: int = 0,
    waves: Path | None = None,
) -> tuple[int, dict[str, str], Evidence]:
    """Play with cocotb, by the bench that the plays name: how many tests ran, what failed, and the evidence.

    The design may read `plusargs`. No play begins after so many failures, if that is not 0. `waves`: as of `play_all`.
    """
    script, record = folder / "plays.json", folder / "evidence.json"
    record.unlink(missing_ok=True)
    save(plays, script)
    environment = {"MACSMITH_PLAYS": str(script), "MACSMITH_EVIDENCE": str(record)}
    environment["COCOTB_MAX_FAILURES"] = str(failures_at_most)
    results = run_bench(design, plays[0].bench, folder, environment, plusargs, waves)
    names = {f"{TEST}{number}": play.name for number, play in enumerate(plays)}
    failures = {}
    for line in results.failures:
        test, _, said = line.partition(": ")
        name = names.get(test, test.removeprefix(TEST))
        failures[name] = said if said.startswith(f"{name}: ") else f"{name}: {said}"
    return results.tests, failures, json.loads(record.read_text()) if record.exists() else {}


def opening(play: Play, cycles: int) -> Play:
    """How a play begins."""
    inputs, expected = ({port: codes[:cycles] for port, codes in of.items()} for of in (play.inputs, play.expected))
    return replace(play, inputs=inputs, expected=expected, cause=play.cause[:cycles], exhaustive=False)
