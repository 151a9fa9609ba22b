"""Where the models of a family's cells are: they say what a cell does. Yosys brings most, and others are ours."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from hw.target import Target

MODELS: dict[str, str] = {
    "ecp5": "ecp5/cells_sim.v",
    "ice40": "ice40/cells_sim.v",
    "ice40up": "ice40/cells_sim.v",
    "machxo2": "lattice/cells_sim_xo2.v",
    "nexus": "nexus/cells_sim.v",
    "xc7": "xilinx/cells_sim.v",
    "xcup": "xilinx/cells_sim.v",
}
"""The file under Yosys's share folder, for each target that `hw.arith` builds with cells for."""

OURS: dict[str, str] = {"ecp5": "ecp5_mult18x18d.v", "gowin": "gowin_mult.v"}
"""The file among our own models, for each target whose blocks Yosys has no model of."""


def cell_models(target: Target) -> list[Path]:
    """Verilog files with a model of every cell that a design for `target` may have; none for portable RTL."""
    yosys = [Path(str(files("pyosys"))) / "share" / MODELS[target.name]] if target.name in MODELS else []
    ours = [Path(__file__).with_name("models") / OURS[target.name]] if target.name in OURS else []
    return [*yosys, *ours]
