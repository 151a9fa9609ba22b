"""One of the elements that a matrix-vector unit is made of: an adder tree before an accumulator."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.accumulate import FixedPoint, Pair
from hw.datapath.fused import Sum, sum_products, sum_rows
from hw.datapath.product import Term
from hw.specs.matvec import MatVecSpec
from hw.target import Target
from hw.units.unit import Unit


class TreeSum(Unit):
    """``x = (0 if first else x) + a[0] * b[0] + ... + a[n-1] * b[n-1]``.

    With several `rows` it is as many of them with the same a, whose products share multiplier blocks: ports have those
    of all rows, the first in the lowest bits.

    Nothing has a reset that needs none: who feeds the element begins with what starts a sum.

    Parameters
    ----------
    spec : MatVecSpec
        The matrix-vector unit's.
    target : Target
        The fabric to build it for.
    rows : int
        Sums that it makes, 1 or more.
    form : str
        The form of its logic.

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

    def __init__(self, spec: MatVecSpec, target: Target, rows: int, form: str) -> None:
        # Several products can't share a block's accumulator, so sums are made of LUTs.
        self.spec, self.target, self.rows, self.form = spec, target, rows, "small" if rows > 1 else form
        status = {"status": Out(2 * rows)} if spec.has_status else {}
        super().__init__(
            {
                "a": In(spec.lanes * spec.a.width),
                "b": In(rows * spec.lanes * spec.b.width),
                **dict.fromkeys(("first", "arrived", "en"), In(1)),
                "x": Out(rows * spec.accumulator_format.width),
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
        logic = Logic(self.target, spec.mac.stages, self.form)
        arrived: Value = self.arrived
        if later := spec.mac.stages - spec.pipeline:
            arrived = logic.result(logic.feedback(self.arrived, later))
        rows = [_Row(self, number, beat) for number, beat in enumerate(self._beats(logic))]
        for row in rows:
            row.add(logic)
        logic.into(m, self.en, reset=False, fresh=self.arrived)
        with m.If(self.en & arrived):
            for row in rows:
                row.keep(m)
        shown = self._resolved(m, rows) if sums.behind else [(row.held[0], row.seen) for row in rows]
        m.d.comb += self.x.eq(Cat(x for x, _ in shown))
        if spec.has_status:
            m.d.comb += self.status.eq(Cat(status for _, status in shown if status is not None))
        return m

    def _resolved(self, m: Module, rows: Sequence[_Row]) -> list[tuple[Signal, Signal | None]]:
        """Of what each row holds in two words their sum, in a register of its own; and the status."""
        logic = Logic(self.target, 0, self.form)
        totals = [logic.result(self.spec.sums.resolve(logic, row.held)) for row in rows]
        logic.into(m, self.en)
        found = []
        for row, total in zip(rows, totals, strict=True):
            resolved = Signal(row.width, name=f"resolved{row.name}", reset_less=True)
            later = None if row.seen is None else Signal(2, name=f"seen_behind{row.name}", reset_less=True)
            with m.If(self.en):
                m.d.sync += resolved.eq(total)
                if later is not None:
                    m.d.sync += later.eq(row.seen)
            found.append((resolved, later))
        return found

    def _beats(self, m: Logic) -> list[Sum]:
        """The sum of a beat's products, for each row."""
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        a = [self.a.word_select(lane, spec.a.width) for lane in range(spec.lanes)]
        b = [self.b.word_select(lane, spec.b.width) for lane in range(self.rows * spec.lanes)]
        if self.rows == 1:
            totals = [sum_products(m, rule, spec.a, spec.b, list(zip(a, b, strict=True)))]
        else:
            rows = [b[low : low + spec.lanes] for low in range(0, len(b), spec.lanes)]
            totals = sum_rows(m, rule, spec.a, spec.b, a, rows)
        signed = spec.mac.term_span.signed
        return [Sum(total.value.as_signed() if signed else total.value, total.status) for total in totals]


class _Row:
    """A row's accumulator."""

    def __init__(self, unit: TreeSum, number: int, beat: Sum) -> None:
        self.unit, self.spec, self.beat = unit, unit.spec, beat
        self.name = "" if unit.rows == 1 else f"_{number}"
        self.width = unit.spec.accumulator_format.width
        self.held = unit.spec.sums.registers(Signal(self.width, name=f"total{self.name}", reset_less=True))
        self.seen = None if beat.status is None else Signal(2, name=f"seen{self.name}", reset_less=True)

    def add(self, m: Logic) -> None:
        """Logic, added to `m`, for what is held next."""
        unit, spec, sums = self.unit, self.spec, self.spec.sums
        assert isinstance(sums, FixedPoint)
        pair = Pair(PRODUCTS[spec.product], spec.a, spec.b, unit.a, unit.b, unit.first)
        words = [m.feedback(word) for word in self.held]
        added = sums.accumulate(m, Term(self.beat.value, None, None), pair, words)
        self.following = [m.result(word) for word in added]
        if self.seen is not None and self.beat.status is not None:
            before = Mux(unit.first, 0, m.feedback(self.seen))
            self.seen_next = m.result(m.wire("seen_next", self.beat.status | before))

    def keep(self, m: Module) -> None:
        """Hold it."""
        m.d.sync += [word.eq(value) for word, value in zip(self.held, self.following, strict=True)]
        if self.seen is not None:
            m.d.sync += self.seen.eq(self.seen_next)
            # A reset of the registers costs less than gates behind them.
            with m.If(self.seen_next.any()):
                m.d.sync += [word.eq(0) for word in self.held]
