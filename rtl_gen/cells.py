"""Where the models of a family's cells are: they say what a cell does. Yosys brings most, and others are ours."""

from __future__ import annotations

from pathlib import Path

from hw.target import Target
from rtl_gen.tools import package_folder

MODELS: dict[str, tuple[str, ...]] = {
    "ecp5": ("ecp5/common_sim.vh", "ecp5/ccu2c_sim.vh"),
    "ice40": ("ice40/cells_sim.v",),
    "ice40up": ("ice40/cells_sim.v",),
    "machxo2": ("lattice/cells_sim_xo2.v",),
    "nexus": ("nexus/cells_sim.v",),
    "xc7": ("xilinx/cells_sim.v",),
    "xcup": ("xilinx/cells_sim.v",),
}
"""The files under Yosys's share folder, for each target that `hw.arith` builds with cells for."""
OWN: dict[str, tuple[str, ...]] = {"ecp5": ("dp16kd.v", "ecp5_mult18x18d.v"), "gowin": ("gowin_mult.v",)}
"""Files of ours, of cells that have no model there."""


def cell_models(target: Target) -> list[Path]:
    """Verilog files with a model of every cell that a design for `target` may have; none for portable RTL."""
    share, ours = package_folder("pyosys") / "share", Path(__file__).parent / "models"
    theirs = [share / name for name in MODELS.get(target.name, ())]
    return [*theirs, *(ours / name for name in OWN.get(target.name, ()))]
