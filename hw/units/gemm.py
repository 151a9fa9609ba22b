"""The GEMM core."""

from __future__ import annotations

from functools import cached_property

from amaranth.hdl import Module
from amaranth.lib.wiring import Out

from hw.specs.gemm import GemmSpec
from hw.specs.gemm_registers import gemm_registers
from hw.target import GENERIC, Target
from hw.units.array import Array
from hw.units.core.control import Run, add_control
from hw.units.core.operands import Sums, add_operands, add_parameters
from hw.units.core.registers import address_width, axil_members
from hw.units.core.resident import add_resident_operands
from hw.units.core.results import add_drain, add_stream, requantised, wide
from hw.units.requant import Requant
from hw.units.stream import stream_members
from hw.units.unit import Unit, check_form, check_unit


class Gemm(Unit):
    """``C = requantise(A B + bias)``, a tile after the other; AXI4-Stream in and out, AXI4-Lite for the rest.

    A run begins with a start in register COMMAND, and takes a frame of A, one of B and, if it needs them, one of
    parameters; TLAST ends each. It gives a frame of results. Bits that fill up `tdata` are ignored.

    Parameters
    ----------
    spec : GemmSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    s_axil_* : AXI4-Lite
        `hw.specs.gemm_registers` says what is where.
    s_axis_a_*, s_axis_b_* : AXI4-Stream
        Words of ``spec.operands`` codes, the first in the lowest bits. For flow os: columns of a tile of A, tile by
        tile down A; rows of a tile of B, tile by tile across B. For ws: A's tiles are cut into slices as deep as the
        array is high, and a word is a row of one; slice by slice, tile by tile. For is: the same of the transposes,
        A and B exchanged.
    s_axis_p_* : AXI4-Stream, only if ``spec.parameters``
        A word a column of C: the codes of ``spec.parameters``, each in a slot of ``slot(width)`` bits.
    m_axis_* : AXI4-Stream
        Words of ``spec.output_lanes`` codes of a row of a tile of C, or, for flow is, of its transpose, each code in a
        slot of ``slot(width)`` bits, with the sign extended. Rows of a tile follow each other, then tiles across, then
        down. `tkeep` marks the slots that are in C.
    irq : Out(1)
        The last start has come to its end, or was refused.

    Raises
    ------
    TypeError
        `spec` is not a GemmSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from the parts' `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec_type: type[GemmSpec] = GemmSpec

    def __init__(self, spec: GemmSpec, target: Target = GENERIC) -> None:
        check_unit(spec, self.spec_type, target)
        check_form(spec.form, target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        self.registers = gemm_registers(spec)
        axil = axil_members(address_width(self.registers))
        ports = {f"s_axil_{name}": member for name, member in axil.items()}
        ports |= stream_members(spec.wires)
        ports |= {"m_axis_tkeep": Out(spec.stream_widths["m_axis"] // 8), "irq": Out(1)}
        super().__init__(ports)

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        operands, parameters = spec.operands.items(), spec.parameters.items()
        said = {f"s_axis_{name}_tdata": f"{n} codes of {name.upper()}, {fmt}" for name, (fmt, n) in operands}
        said["s_axis_p_tdata"] = f"of a column of C: {', '.join(f'{name} {fmt}' for name, fmt in parameters)}"
        said["m_axis_tdata"] = f"{spec.output_lanes} codes of C, {spec.result}"
        said["m_axis_tkeep"] = "which bytes are in C"
        said["clk"] = "clock, rising edge"
        said["rst"] = "synchronous reset: forgets all that is under way, and all settings"
        said["irq"] = "the last start has come to its end, or was refused"
        for name in self.signature.members:
            said.setdefault(name, "AXI4-Lite: registers" if name.startswith("s_axil") else "AXI4-Stream")
        return said

    @cached_property
    def parts(self) -> dict[str, Unit]:
        requant = self.spec.requant
        scaler = {} if requant is None else {"requant": Requant(requant, self.target)}
        return {"array": Array(self.spec.array, self.target), **scaler}

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        run = add_control(m, spec, self)
        sums = self._sums(m, run)
        drain, piece = add_drain(m, spec, run, sums, add_parameters(m, spec, run, self))
        piece = requantised(m, spec, run, piece) if spec.requant else wide(m, spec, self.target, run, piece)
        add_stream(m, spec, run, drain, piece, self)
        run.count()
        # A start that is being accepted has not come to its end.
        m.d.comb += self.irq.eq((run.planner.done | run.planner.refused) & ~run.planner.begin)
        return m

    def _sums(self, m: Module, run: Run) -> Sums:
        """Everything up to the sums of tiles."""
        return (add_operands if self.spec.flow == "os" else add_resident_operands)(m, self.spec, run, self)
