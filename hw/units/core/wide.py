"""The way out of sums that are not requantised."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith import Logic, fabric
from hw.specs.base import form_beside
from hw.specs.gemm import GemmSpec
from hw.target import Target


class Wide(wiring.Component):
    """Adds a bias to each sum, if there are biases, and registers the result.

    Members
    -------
    x, bias : In
        Codes, the first lane in the lowest bits.
    last, valid, ready : In(1), In(1), Out(1)
    y, y_last, y_valid, y_ready : Out, Out(1), Out(1), In(1)
        The same a cycle later.
    clear : In(1)
        Nothing is valid.
    """

    def __init__(self, spec: GemmSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        bias = spec.bias_format
        ports = {"x": In(spec.output_lanes * spec.sums.width), "last": In(1), "valid": In(1), "clear": In(1)}
        ports |= {"ready": Out(1), "bias": In(spec.output_lanes * (0 if bias is None else bias.width))}
        ports |= {"y": Out(spec.output_lanes * spec.result.width)}
        ports |= {"y_last": Out(1), "y_valid": Out(1), "y_ready": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, logic = Module(), Logic(self.target, 0, form_beside(self.spec.form))
        m.d.comb += self.ready.eq(self.y_ready | ~self.y_valid)
        shown = logic.result(self._sums(logic))
        logic.into(m, self.ready)
        with m.If(self.ready):
            m.d.sync += [self.y.eq(shown), self.y_last.eq(self.last), self.y_valid.eq(self.valid)]
        with m.If(self.clear):
            m.d.sync += self.y_valid.eq(0)
        return m

    def _sums(self, m: Logic) -> Value:
        spec = self.spec
        if spec.bias_format is None:
            return self.x
        sums: list[Value] = []
        for lane in range(spec.output_lanes):
            x = self.x.word_select(lane, spec.array.accumulator_format.width)
            bias = self.bias.word_select(lane, spec.bias_format.width).as_signed()
            signed = spec.array.accumulator_format.span.signed
            sums.append(fabric(m).add(m, "sum", x.as_signed() if signed else x, bias, spec.result.width))
        return Cat(*sums)
