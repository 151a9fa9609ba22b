"""The dual multiply-accumulate of dynamic fixed point."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic, fabric
from hw.arith.steps import extend
from hw.datapath import PRODUCTS
from hw.datapath.fused import sum_products
from hw.specs.dfp import DfpSpec
from hw.units.outlet import Outlet
from hw.units.stream import Streamed, moved


class Dfp(Streamed):
    """``sum += (a[0] * b[0] + a[1] * b[1]) >> shift``, a beat a cycle.

    Parameters
    ----------
    spec : DfpSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(stream)
        ``x``: two codes each; ``last``, of `a`: the frame ends.
    sum : Out(stream)
        ``x``: the sum of a frame, or of a chunk of it, in steps of two to the shift; ``over``, without chunks: it went
        beyond the register's ends, and `x` is what is left of it; ``last``: the frame ends.

    Raises
    ------
    TypeError
        `spec` is not a DfpSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: DfpSpec
    spec_type = DfpSpec

    def elaborate(self, platform: object) -> Module:
        m, spec, a, b = Module(), self.spec, self.a, self.b
        outlet = Outlet(m, self.sum)
        move, stages = outlet.move, spec.pipeline
        m.d.comb += [a.ready.eq(move & b.valid), b.ready.eq(move & a.valid)]
        logic = Logic(self.target, stages, spec.form)
        # A bit more than is added to: where it is not the sign, the sum went beyond the ends.
        held, first = Signal(spec.width + 1, name="acc", reset_less=True), Signal(init=1)
        before = logic.feedback(held)[: spec.width].as_signed()
        total = fabric(logic).accumulate(
            logic, "total", extend(before, spec.width + 1), logic.feedback(first), self._pair(logic)
        )
        following = logic.result(total)
        arrived = moved(m, a.valid & b.valid, move, stages)
        last = moved(m, a.payload.last, move, stages, "last")
        logic.into(m, move, reset=False)

        ends = self._ends(m, last, move & arrived)
        valid, final = Signal(name="sum_valid"), Signal(reset_less=True)
        shown: list[Value] = [held[: spec.width]]
        with m.If(move):
            m.d.sync += [valid.eq(arrived & ends), final.eq(last)]
            with m.If(arrived):
                m.d.sync += [held.eq(following), first.eq(ends)]
        if not spec.chunk:
            # Of the sums before the one that is held.
            seen, beyond = Signal(reset_less=True), Signal()
            m.d.comb += beyond.eq(seen | (held[-1] ^ held[-2]))
            shown.append(beyond)
            with m.If(move & arrived):
                m.d.sync += seen.eq(beyond & ~first)
        outlet.offer(valid, Cat(*shown, final))
        return m

    def _pair(self, logic: Logic) -> Value:
        """The sum of two products, some places down."""
        spec, rule = self.spec, PRODUCTS["exact"]
        pairs = [(Value.cast(self.a.payload.x[lane]), Value.cast(self.b.payload.x[lane])) for lane in range(spec.lanes)]
        value = sum_products(logic, rule, spec.a, spec.b, pairs).value
        signed = value if value.shape().signed else Cat(value, Const(0, 1)).as_signed()
        width = len(signed)
        down = Cat(signed, signed[-1].replicate(spec.shift))[spec.shift :].as_signed() if spec.shift else signed
        return logic.wire("pair", extend(down, max(width, spec.width + 1))[: spec.width + 1].as_signed())

    def _ends(self, m: Module, last: Value, step: Value) -> Value:
        """Whether a pair is the last one of its frame, or of a chunk."""
        chunk = self.spec.chunk
        if not chunk:
            return last
        count = Signal(range(max(2, chunk)))
        ends = Signal()
        m.d.comb += ends.eq(last | (count == chunk - 1))
        with m.If(step):
            m.d.sync += count.eq(Mux(ends, 0, count + 1)[: len(count)])
        return ends
