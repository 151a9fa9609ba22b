"""The engine of matrix products: a GEMM core, and what writes its registers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from operator import or_

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, ResetSignal, Signal, Value

from hw.specs.gemm import slot
from hw.specs.gemm_registers import gemm_registers
from hw.specs.registers import WORD
from hw.units.core.registers import address_width
from hw.units.gemm import Gemm
from hw.units.processor.engine import Engine
from hw.units.processor.pieces import Gather
from hw.units.stream import pins_in
from hw.units.unit import Unit


class Product(Engine):
    """``requantise(A B + bias)``."""

    @cached_property
    def inner(self) -> dict[str, Unit]:
        return {"gemm": Gemm(self.spec.gemm, self.target)}

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec.gemm
        size, lanes = slot(spec.result.width), spec.output_lanes
        m.submodules.gather = gather = Gather(spec.result.width * lanes, self.spec.lanes // lanes)
        results = Signal(size * lanes)
        m.d.comb += [
            gather.x.payload.eq(Cat(results[lane * size :][: spec.result.width] for lane in range(lanes))),
            self.y.valid.eq(gather.y.valid),
            self.y.payload.eq(gather.y.payload),
            gather.y.ready.eq(self.y.ready),
        ]
        pins = self._commands(m)
        for name in "abp":
            beats = getattr(self, name)
            data = beats.payload.x[: spec.stream_widths[f"s_axis_{name}"]]
            pins |= pins_in(spec, name, data, beats.valid, beats.ready, beats.payload.last)
        last, keep = Signal(name="unused_last"), Signal(size * lanes // 8, name="unused_keep")
        m.submodules.gemm = Instance(
            "gemm",
            i_clk=ClockSignal(),
            i_rst=ResetSignal(),
            **pins,
            o_m_axis_tdata=results,
            o_m_axis_tvalid=gather.x.valid,
            i_m_axis_tready=gather.x.ready,
            o_m_axis_tlast=last,
            o_m_axis_tkeep=keep,
        )
        return m

    def _commands(self, m: Module) -> dict[str, Value]:
        """Write the registers, one after the other, the command to start last; the pins of AXI4-Lite."""
        registers = {register.name: register for register in gemm_registers(self.spec.gemm)}
        control = {part.name: part.low for part in registers["CONTROL"].parts}
        writes = {
            "M": self.rows + 1,
            "K": self.numbers("words") + 1,
            "N": self.numbers("columns") + 1,
            "CONTROL": Cat(Const(1 << control["bias"], control["relu"]), self.relu),
            "COMMAND": Const(1, 1),
        }
        number = Signal(range(len(writes)), name="register")
        writing, begun, done, irq = (Signal(name=name) for name in ("writing", "begun", "written", "irq"))
        width = address_width(gemm_registers(self.spec.gemm))
        address, data = Signal(width), Signal(WORD)
        m.d.comb += [
            address.eq(_chosen(number, [Const(registers[name].address, width) for name in writes])),
            data.eq(_chosen(number, [Cat(value, Const(0, WORD - len(value))) for value in writes.values()])),
            self.idle.eq(~writing & ~begun),
        ]
        with m.If(done):
            m.d.sync += number.eq((number + 1)[: len(number)])
            with m.If(number == len(writes) - 1):
                m.d.sync += [writing.eq(0), begun.eq(1)]
        # It ends a run that was not refused, for a shape that would be has not come so far.
        with m.If(begun & irq):
            m.d.sync += begun.eq(0)
        with m.If(self.start):
            m.d.sync += [number.eq(0), writing.eq(1)]
        unused = {"awready": 1, "wready": 1, "bresp": 2, "arready": 1, "rdata": WORD, "rresp": 2, "rvalid": 1}
        pins: dict[str, Value] = {
            "i_s_axil_awaddr": address,
            "i_s_axil_awprot": Const(0, 3),
            "i_s_axil_awvalid": writing,
            "i_s_axil_wdata": data,
            "i_s_axil_wstrb": Const((1 << WORD // 8) - 1, WORD // 8),
            "i_s_axil_wvalid": writing,
            "o_s_axil_bvalid": done,
            "i_s_axil_bready": Const(1, 1),
            "i_s_axil_araddr": Const(0, width),
            "i_s_axil_arprot": Const(0, 3),
            "i_s_axil_arvalid": Const(0, 1),
            "i_s_axil_rready": Const(1, 1),
            "o_irq": irq,
        }
        return pins | {f"o_s_axil_{name}": Signal(bits, name=f"unused_{name}") for name, bits in unused.items()}


def _chosen(number: Value, values: Sequence[Value]) -> Value:
    """The value of that number."""
    return reduce(or_, (value & (number == place).replicate(len(value)) for place, value in enumerate(values)))
