"""The multiply-accumulate unit."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith import Logic, fabric
from hw.datapath import PRODUCTS
from hw.specs.mac import MacSpec
from hw.target import GENERIC, Target
from hw.units.checks import check_form, check_unit


class Mac(wiring.Component):
    """``acc = (0 if clear else acc) + a * b`` in exact fixed point, one pair each enabled cycle.

    A pair presented in an enabled cycle is in `acc` after `latency` enabled clock edges. Beyond
    ``spec.depth`` products after a clear the sum may wrap modulo ``2**width``. Reset empties the
    pipeline and sets the sum to zero.

    Parameters
    ----------
    spec : MacSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(width of the format)
        Operand codes.
    clear : In(1)
        This pair starts a new sum.
    en : In(1)
        Clock enable: while low, everything holds.
    acc : Out(width of spec.accumulator_format)
        The sum, as a code of ``spec.accumulator_format``.
    status : Out(2), only if an operand format has infinities or NaNs
        Since the clear, a product was: bit 0 +infinity, bit 1 -infinity; both set: the sum is NaN
        (a NaN, infinity times zero, or infinities of both signs). Such products add nothing to `acc`.

    Raises
    ------
    TypeError
        `spec` is not a MacSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    def __init__(self, spec: MacSpec, target: Target = GENERIC) -> None:
        check_unit(spec, MacSpec, target)
        check_form(spec.form, target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        ports = {
            "a": In(spec.a.width),
            "b": In(spec.b.width),
            "clear": In(1),
            "en": In(1),
            "acc": Out(spec.accumulator_format.width),
        }
        if spec.has_status:
            ports["status"] = Out(2)
        super().__init__(ports)

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        return {
            "clk": "clock, rising edge",
            "rst": "synchronous reset, wins over en: empties the pipeline, sets the sum to zero",
            "a": f"operand, a code of {spec.a}",
            "b": f"operand, a code of {spec.b}",
            "clear": "this pair starts a new sum",
            "en": "clock enable: while low, everything holds",
            "acc": f"sum, a code of {spec.accumulator_format}: an integer in units of 2^{spec.term_span.lsb}",
            "status": "since the clear: bit 0 +infinity, bit 1 -infinity, both NaN",
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        logic = Logic(self.target, spec.pipeline, spec.form)
        product = rule.multiply(logic, spec.a, spec.b, self.a, self.b)
        term = rule.align(logic, spec.a, spec.b, product)
        total = fabric(logic).accumulate(logic, "total", logic.feedback(self.acc), self.clear, term.value, term.negate)
        total = logic.result(total)
        if term.status is not None:
            seen = Mux(self.clear, 0, logic.feedback(self.status))
            status = logic.result(logic.wire("seen", term.status | seen))
        # Only these registers are reset: they tell when a pair has come through, and what is before it is lost.
        logic.into(m, self.en, reset=False)
        arrived: Value = Const(1)
        if spec.pipeline:
            filled = Signal(spec.pipeline)
            arrived = filled[-1]
            with m.If(self.en):
                m.d.sync += filled.eq(Cat(1, filled[:-1]))
        with m.If(self.en & arrived):
            m.d.sync += self.acc.eq(total)
            if term.status is not None:
                m.d.sync += self.status.eq(status)
        return m
