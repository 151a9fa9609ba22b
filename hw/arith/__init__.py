"""Building blocks that know bits, not formats; and the only place that names a family's cells."""

from __future__ import annotations

from amaranth.hdl import Signal, Value

from hw.arith.fabric import Fabric
from hw.arith.gated import gated
from hw.arith.ice40 import Ice40
from hw.arith.inblock import multiply_in_block
from hw.arith.lattice import CELLS, Lattice
from hw.arith.logic import Logic
from hw.arith.product import star
from hw.arith.xilinx import CHAIN, Xilinx

FABRICS: dict[str, Fabric] = {
    "": Fabric(),
    "SB_CARRY": Ice40(),
    **{kind: Lattice(kind) for kind in CELLS},
    **{kind: Xilinx(kind) for kind in CHAIN},
}
"""What builds rows, by a target's carry cell."""


MAX_FACTOR = 64
"""Bits of the widest operand of a multiplier."""


def fabric(m: Logic) -> Fabric:
    """The fabric that a datapath is for."""
    return FABRICS[m.target.carry]


def multiply(m: Logic, name: str, x: Value, y: Value) -> Signal:
    """``x * y``, exactly, signed if one of them is; built as ``m.form`` says.

    Raises
    ------
    ValueError
        An operand has no bits, or more than `MAX_FACTOR`.
    """
    for operand, value in (("x", x), ("y", y)):
        if not 1 <= len(value) <= MAX_FACTOR:
            raise ValueError(f"{operand} must have 1..{MAX_FACTOR} bits, got {len(value)}")
    if m.form == "dsp":
        return multiply_in_block(m, name, x, y)
    if m.form == "luts" and not m.target.carry:
        # Rows: what is written as an operator would take a block.
        return gated(m, fabric(m), name, x, y, 2) if min(len(x), len(y)) > 1 else star(m, name, x, y)
    return fabric(m).multiply(m, name, x, y, fast=m.form == "fast")
