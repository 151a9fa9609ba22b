"""The GEMM core of block formats."""

from __future__ import annotations

from functools import cached_property

from amaranth.hdl import Module

from hw.specs.blockgemm import BlockGemmSpec
from hw.units.array import Array
from hw.units.blockadd import BlockAdd
from hw.units.core.blocks import add_block_operands
from hw.units.core.control import Run
from hw.units.core.operands import Sums
from hw.units.gemm import Gemm
from hw.units.unit import Unit


class BlockGemm(Gemm):
    """``C = A B`` of matrices in block formats; registers and streams as of `Gemm`, without parameters.

    Parameters
    ----------
    spec : BlockGemmSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    s_axis_a_*, s_axis_b_* : AXI4-Stream
        A word: as of `Gemm`, of elements, and above them a scale: word j of a block brings that of row j of the tile
        of A, or of column j of the tile of B; of words that are more, none is looked at.
    and those of `Gemm`

    Raises
    ------
    TypeError, ValueError
        As `Gemm`.
    """

    spec: BlockGemmSpec
    spec_type = BlockGemmSpec

    @property
    def meanings(self) -> dict[str, str]:
        said, spec = super().meanings, self.spec
        for name, block in (("a", spec.a), ("b", spec.b)):
            fmt, count = spec.operands[name]
            said[f"s_axis_{name}_tdata"] += f"; from bit {fmt.width * count} a scale, {block.scale}"
        return said

    @cached_property
    def parts(self) -> dict[str, Unit]:
        spec = self.spec
        add = BlockAdd(spec.add, self.target)
        # Rows wait in a queue of the core's: one more would leave earlier than the formula of cycles says.
        add.puts_aside = False
        return {"array": Array(spec.array, self.target), "add": add}

    def _sums(self, m: Module, run: Run) -> Sums:
        return add_block_operands(m, self.spec, run, self)
