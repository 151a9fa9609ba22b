"""One of the elements that a matrix-vector unit is made of: an adder tree before an accumulator."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.accumulate import FixedPoint, Pair
from hw.datapath.fused import Sum, sum_products
from hw.datapath.product import Term
from hw.specs.matvec import MatVecSpec
from hw.target import Target
from hw.units.unit import Unit


class TreeSum(Unit):
    """``x = (0 if first else x) + a[0] * b[0] + ... + a[n-1] * b[n-1]``.

    Nothing has a reset that needs none: who feeds the element begins with what starts a sum.

    Parameters
    ----------
    spec : MatVecSpec
        The matrix-vector unit's.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In
        A beat's operand codes, the first in the lowest bits.
    first : In(1)
        It starts a new sum.
    arrived : In(1)
        The beat that entered ``spec.pipeline`` enabled edges before is to be added.
    en : In(1)
        Clock enable: while low, everything holds.
    x : Out(width of spec.accumulator_format)
        The sum; 0 where it is no number.
    status : Out(2), only if an operand format has infinities or NaNs
        As in `Mac`.
    """

    def __init__(self, spec: MatVecSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        status = {"status": Out(2)} if spec.has_status else {}
        super().__init__(
            {
                "a": In(spec.lanes * spec.a.width),
                "b": In(spec.lanes * spec.b.width),
                **dict.fromkeys(("first", "arrived", "en"), In(1)),
                "x": Out(spec.accumulator_format.width),
                **status,
            }
        )

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        return {
            "a": f"operands, {spec.lanes} x {spec.a}",
            "b": f"operands, {spec.lanes} x {spec.b}",
            "first": "these start a new sum",
            "arrived": f"what entered {spec.pipeline} enabled edges before is to be added",
            "en": "clock enable: while low, everything holds",
            "x": f"sum, a code of {spec.accumulator_format}",
            "status": "bit 0 +infinity, bit 1 -infinity, both NaN",
        }

    def elaborate(self, platform: object) -> Module:
        m, spec, sums = Module(), self.spec, self.spec.sums
        assert isinstance(sums, FixedPoint)
        logic = Logic(self.target, spec.mac.stages, spec.form)
        arrived: Value = self.arrived
        if later := spec.mac.stages - spec.pipeline:
            arrived = logic.result(logic.feedback(self.arrived, later))
        held = sums.registers(Signal(len(self.x), name="total", reset_less=True))
        beat = self._beat(logic)
        pair = Pair(PRODUCTS[spec.product], spec.a, spec.b, self.a, self.b, self.first)
        added = sums.accumulate(logic, Term(beat.value, None, None), pair, [logic.feedback(word) for word in held])
        following = [logic.result(word) for word in added]
        if beat.status is not None:
            seen = Signal(2, name="seen", reset_less=True)
            before = Mux(self.first, 0, logic.feedback(seen))
            seen_next = logic.result(logic.wire("seen_next", beat.status | before))
        logic.into(m, self.en, reset=False, fresh=self.arrived)
        with m.If(self.en & arrived):
            m.d.sync += [word.eq(value) for word, value in zip(held, following, strict=True)]
            if beat.status is not None:
                m.d.sync += seen.eq(seen_next)
                # A reset of the registers costs less than gates behind them.
                with m.If(seen_next.any()):
                    m.d.sync += [word.eq(0) for word in held]
        self._show(m, held, None if beat.status is None else seen)
        return m

    def _beat(self, m: Logic) -> Sum:
        """The sum of a beat's products."""
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        codes = [
            (self.a.word_select(lane, spec.a.width), self.b.word_select(lane, spec.b.width))
            for lane in range(spec.lanes)
        ]
        total = sum_products(m, rule, spec.a, spec.b, codes)
        value = total.value.as_signed() if spec.mac.term_span.signed else total.value
        return Sum(value, total.status)

    def _show(self, m: Module, held: list[Signal], seen: Signal | None) -> None:
        """The outputs: what is held, or, of two words, their sum in a register of its own."""
        shown: Value = held[0]
        if self.spec.sums.behind:
            logic = Logic(self.target, 0, self.spec.form)
            total = logic.result(self.spec.sums.resolve(logic, held))
            logic.into(m, self.en)
            resolved = Signal(len(self.x), name="resolved", reset_less=True)
            with m.If(self.en):
                m.d.sync += resolved.eq(total)
            shown = resolved
            if seen is not None:
                later = Signal(2, name="seen_behind", reset_less=True)
                with m.If(self.en):
                    m.d.sync += later.eq(seen)
                seen = later
        m.d.comb += self.x.eq(shown)
        if seen is not None:
            m.d.comb += self.status.eq(seen)
