"""The multiply-accumulate unit."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith.pipeline import Pipeline
from hw.arith.wires import named, truncate
from hw.datapath import PRODUCTS
from hw.datapath.product import Product, Term
from hw.spec import MacSpec
from hw.target import GENERIC, Target


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
    """

    def __init__(self, spec: MacSpec, target: Target = GENERIC) -> None:
        if not isinstance(spec, MacSpec):
            raise TypeError(f"spec must be a MacSpec, got {spec!r}")
        if not isinstance(target, Target):
            raise TypeError(f"target must be a Target, got {target!r}")
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
        a, b, rule = self.spec.a, self.spec.b, PRODUCTS[self.spec.product]
        # Behind the shifter first, for it is the longest way; without one, before the multiplier.
        order = ["term", "operands", "product"] if rule.bias(a, b) is None else ["term", "product", "operands"]
        pipeline = Pipeline(m, self.en, order[: self.spec.pipeline])

        a_code, b_code, clear = pipeline.cut("operands", a=self.a, b=self.b, clear=self.clear)
        product = rule.multiply(m, a, b, a_code, b_code)
        *parts, clear = pipeline.cut("product", **vars(product), clear=clear)
        term = rule.align(m, a, b, Product(*parts))
        *parts, clear = pipeline.cut("term", **vars(term), clear=clear)
        self._accumulate(m, Term(*parts), clear)
        return m

    def _accumulate(self, m: Module, term: Term, clear: Value) -> None:
        width, signed = len(self.acc), self.spec.accumulator_format.signed
        base = named(m, "base", Mux(clear, 0, self.acc))
        value = term.value
        if term.negate is None:
            total = truncate(m, "total", (base.as_signed() if signed else base) + value, width)
        else:
            # -x is ~x + 1, and the one enters as the adder's carry, from a bit below the sum.
            value = value if value.shape().signed else Cat(value, 0).as_signed()
            addend = named(m, "addend", Mux(term.negate, ~value, value))
            carried = Cat(1, base).as_signed() + Cat(term.negate, addend).as_signed()
            total = truncate(m, "total", carried, width, low=1)
        with m.If(self.en):
            m.d.sync += self.acc.eq(total)
            if term.status is not None:
                m.d.sync += self.status.eq(term.status | Mux(clear, 0, self.status))
