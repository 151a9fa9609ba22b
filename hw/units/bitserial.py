"""The dot product that is serial over bit planes."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic, fabric
from hw.arith.popcount import popcount
from hw.arith.steps import bits, extend
from hw.arith.term import Bit
from hw.specs.bitserial import BitserialSpec
from hw.units.horner import horner
from hw.units.outlet import Outlet
from hw.units.skew import delayed
from hw.units.stream import Streamed, moved


class Bitserial(Streamed):
    """``sum = a[0] * w[0] + ... + a[n-1] * w[n-1]``, by a popcount of two planes a cycle.

    Planes come from the highest down, so what is summed up doubles from one to the next: over the planes of w, and,
    when these are through, over those of a.

    Parameters
    ----------
    spec : BitserialSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a : In(stream)
        ``x``: a bit of each lane's number; ``negative``: they count negative, as the highest of two's complement do;
        ``bipolar``, if there are both kinds: bits are -1 and +1; ``last``: the lowest bits. It is taken with the last
        plane of w.
    w : In(stream)
        ``x``, ``negative`` and ``last``, likewise: all planes, for each plane of a. Whether bits are bipolar is said
        by a.
    sum : Out(stream)
        ``x``: the sum. Of a frame of more planes than ``spec.bits`` it has no meaning.

    Raises
    ------
    TypeError
        `spec` is not a BitserialSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: BitserialSpec
    spec_type = BitserialSpec

    def elaborate(self, platform: object) -> Module:
        m, stages = Module(), self.spec.pipeline
        a, w = self.a.payload, self.w.payload
        outlet = Outlet(m, self.sum)
        move = outlet.move
        offered = self.a.valid & self.w.valid
        m.d.comb += [self.w.ready.eq(self.a.valid & move), self.a.ready.eq(self.w.valid & w.last & move)]
        opens, begins = (Signal(name=name, init=1) for name in ("opens", "begins"))
        with m.If(offered & move):
            m.d.sync += opens.eq(w.last)
        with m.If(offered & move & w.last):
            m.d.sync += begins.eq(a.last)

        logic, width = Logic(self.target, stages), self.spec.row.width
        there = moved(m, offered, move, stages)
        negative = logic.wire("negative", a.negative ^ w.negative)
        row, _ = horner(m, logic, "row", width, opens, self._plane(logic), move, there & move, negative, 1)
        rows = moved(m, there & delayed(m, "closes", w.last, move, stages), move, 1, "row_there")
        begins = delayed(m, "begins", begins, move, stages + 1)
        total, _ = horner(m, Logic(self.target), "total", self.spec.span.width, begins, row, move, rows & move, shift=1)
        shown = moved(m, rows & delayed(m, "ends", a.last, move, stages + 1), move, 1, "total_there")
        outlet.offer(shown, Cat(total))
        return m

    def _plane(self, m: Logic) -> Value:
        """The sum of the products of two planes' bits."""
        spec, a = self.spec, self.a.payload
        pairs = [(Value.cast(a.x[lane]), Value.cast(self.w.payload.x[lane])) for lane in range(spec.lanes)]
        if spec.kind == "twos":
            return popcount(m, "count", [Bit(pair, lambda x, y: x & y) for pair in pairs])
        if spec.kind == "bipolar":
            count = popcount(m, "count", [Bit(pair, lambda x, y: 1 ^ x ^ y) for pair in pairs])
            return _bipolar(m, count, spec.lanes, Const(1, 1))
        products = [Bit((*pair, a.bipolar), lambda x, y, p: (x & y) | (p & (1 ^ x) & (1 ^ y))) for pair in pairs]
        return _bipolar(m, popcount(m, "count", products), spec.lanes, m.wire("bipolar", a.bipolar))


def _bipolar(m: Logic, count: Value, lanes: int, bipolar: Value) -> Value:
    """How many products are one, or how many more than are minus one: twice the count, less the lanes."""
    width = (2 * lanes).bit_length() + 1
    number = bits(extend(count, width))
    doubled = [Const(0, 1), *number[:-1]]
    if isinstance(bipolar, Const):
        return fabric(m).add_constant(m, "plane", Cat(*doubled), -lanes).as_signed()
    chosen = m.wire("scaled", Cat(Mux(bipolar, two, one) for one, two in zip(number, doubled, strict=True)))
    less = Cat(bipolar if -lanes >> n & 1 else Const(0, 1) for n in range(width))
    return fabric(m).add(m, "plane", chosen, less, width).as_signed()
