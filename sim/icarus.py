"""Icarus Verilog as a second simulator: it knows X, so what depends on a register before its reset is seen."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rtl_gen import process
from rtl_gen.convention import PLAIN, Convention
from rtl_gen.steps import step
from rtl_gen.tools import ToolError
from sim import tools
from sim.simulator import ICARUS, Simulator, complaint

COMPILED = "sim.vvp"
"""Where cocotb's runner looks for what is to be run."""
TIMESCALE = "+timescale+1ns/1ps\n"


def icarus(
    source: Path, module: str, folder: Path, libraries: Sequence[Path] = (), convention: Convention = PLAIN
) -> Simulator:
    """Compile a design for Icarus; the arguments are those of `sim.simulator.simulator`.

    Raises
    ------
    ToolError
        Icarus is not installed, or can't compile the design.
    """
    compiler = tools.iverilog()
    (folder / "timescale.f").write_text(TIMESCALE)
    # A carry cell's inputs have defaults in iCE40's models, in a syntax that no Verilog has.
    options = ["-g2012", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", *(f"-I{path.parent}" for path in libraries)]
    command: list[str | Path] = [
        compiler,
        "-s",
        module,
        "-o",
        COMPILED,
        "-f",
        "timescale.f",
        *options,
        source.resolve(),
        *libraries,
    ]
    log = folder / "log.txt"
    with step(f"Icarus compiles {module}"), log.open("w") as said:
        done = process.run(command, folder, output=said)
    if done.returncode != 0:
        how = f"iverilog ended with {process.how_it_ended(done.returncode)}"
        raise ToolError(f"{module} can't be compiled: {complaint(log) or how}")
    return Simulator(module, folder, {}, ICARUS, convention)


def installed() -> bool:
    """Whether it can be asked."""
    return shutil.which(tools.IVERILOG) is not None
