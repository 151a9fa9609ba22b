"""The multiplier."""

from __future__ import annotations

from amaranth.hdl import Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.specs.mul import MulSpec
from hw.target import GENERIC, Target
from hw.units.checks import check_form, check_unit


class Mul(wiring.Component):
    """``p = a * b``, exact in fixed point or rounded once into a float; one pair each enabled cycle.

    Parameters
    ----------
    spec : MulSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(width of the format)
        Operand codes.
    en : In(1), only with a pipeline
        Clock enable: while low, everything holds.
    p : Out(width of spec.result)
        The product, as a code of ``spec.result``, `latency` enabled clock edges later.
    status : Out(2), only if an operand format has infinities or NaNs and the result is fixed point
        Bit 0: +infinity, bit 1: -infinity; both: NaN. Then `p` is 0.

    Raises
    ------
    TypeError
        `spec` is not a MulSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    def __init__(self, spec: MulSpec, target: Target = GENERIC) -> None:
        check_unit(spec, MulSpec, target)
        check_form(spec.form, target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        ports = {"a": In(spec.a.width), "b": In(spec.b.width)}
        if spec.pipeline:
            ports["en"] = In(1)
        ports["p"] = Out(spec.result.width)
        if spec.has_status:
            ports["status"] = Out(2)
        super().__init__(ports)

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        steps = f", an integer in units of 2^{spec.term_span.lsb}" if spec.is_exact else ""
        return {
            "clk": "clock, rising edge",
            "rst": "reset, of no effect: what is in the pipeline passes through",
            "a": f"operand, a code of {spec.a}",
            "b": f"operand, a code of {spec.b}",
            "en": "clock enable: while low, everything holds",
            "p": f"product, a code of {spec.result}{steps}",
            "status": "bit 0 +infinity, bit 1 -infinity, both NaN",
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        logic = Logic(self.target, spec.pipeline, spec.form)
        status = None
        if spec.is_exact:
            product = rule.multiply(logic, spec.a, spec.b, self.a, self.b)
            code = rule.fixed(logic, spec.a, spec.b, product)
            status = None if product.status is None else logic.result(product.status)
        else:
            code = rule.round(logic, spec.a, spec.b, self.a, self.b, spec.result, spec.rounding)
        shown = logic.result(code)
        # Nothing needs a reset: a product depends on its own operands only.
        logic.into(m, self.en if spec.pipeline else Const(1), reset=False)
        m.d.comb += self.p.eq(shown)
        if status is not None:
            m.d.comb += self.status.eq(status)
        return m
