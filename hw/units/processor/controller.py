"""What reads instructions, refuses them or begins them, and closes programs."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith import Logic, multiply
from hw.arith.compare import above
from hw.specs.encoder import EncoderSpec
from hw.target import Target

CHECKED = 5
"""Cycles from an instruction's offer to its being known whether it is refused."""


class Controller(wiring.Component):
    """One instruction at a time; it stays on offer until it has been done.

    Parameters
    ----------
    spec : EncoderSpec
    target : Target

    Members
    -------
    valid, last, ready : In(1), In(1), Out(1)
        There is an instruction; it is the last one of its program; it is done, or thrown away.
    unit, rows, words, columns, a_streamed : In
        Its fields, a cycle later.
    product, both, given : Out(1)
        Its unit is a product, has two operands, has parameters: from the cycle before `start` on.
    start, busy : Out(1), In(1)
        All begin; not all have ended.
    drain, ended, error : Out(1), In(1), In(1)
        What is left of the frame of `w` is not wanted; it is over, and had not the length that was wanted.
    closing, status, closed : Out(1), Out(2), In(1)
        The program's last beat is to be shown, and what is to be in it; it has been taken.
    """

    def __init__(self, spec: EncoderSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        read = ("unit", "rows", "words", "columns", "a_streamed")
        inputs = ("valid", "last", "busy", "ended", "error", "closed")
        outputs = ("ready", "product", "both", "given", "start", "drain", "closing")
        ports = {name: In(spec.instruction[name].width) for name in read} | {"status": Out(2)}
        super().__init__(ports | {name: In(1) for name in inputs} | {name: Out(1) for name in outputs})

    def elaborate(self, platform: object) -> Module:
        m, refused, count = Module(), Signal(), Signal(range(CHECKED + 1))
        wrong = self._check(m)
        running, skipping = Signal(), Signal()
        looked = count == CHECKED
        waits = ~(running | skipping | self.drain | self.closing)
        over = running & ~self.busy & ~self.start
        m.d.comb += self.ready.eq(over | skipping)
        m.d.sync += self.start.eq(0)
        with m.If(waits & self.valid):
            m.d.sync += count.eq(Mux(looked, 0, (count + 1)[: len(count)]))
            with m.If(looked):
                m.d.sync += [self.start.eq(~wrong), running.eq(~wrong), skipping.eq(wrong), refused.eq(wrong)]
        with m.If(self.ready & self.valid):
            m.d.sync += [running.eq(0), skipping.eq(skipping & ~self.last), self.drain.eq(self.last)]
        with m.If(self.drain & self.ended):
            m.d.sync += [self.drain.eq(0), self.closing.eq(1)]
        with m.If(self.closing & self.closed):
            m.d.sync += [self.closing.eq(0), refused.eq(0)]
        m.d.comb += self.status.eq(Mux(refused, 1, Cat(Const(0, 1), self.error)))
        return m

    def _is(self, has: list[bool]) -> Value:
        """Whether the unit has something, of which it is said what each has."""
        return Cat(self.unit == number for number, own in enumerate(has) if own).any()

    def _check(self, m: Module) -> Value:
        """Whether the instruction is refused, four cycles after its fields were there."""
        spec, slots = self.spec, list(self.spec.slots.values())
        m.d.sync += [
            self.product.eq(self._is([slot.product for slot in slots])),
            self.both.eq(self._is(["b" in slot.operands for slot in slots])),
            self.given.eq(self._is([bool(slot.parameters) for slot in slots])),
        ]
        pieces = spec.row // spec.lanes
        faults = {
            "unknown": above(self.unit, len(slots) - 1),
            "many": above(self.rows, spec.rows - 1),
            "long": above(self.words, pieces - 1),
            "wide": self.product & above(self.columns, pieces - 1),
            "large": self.product & above(self._size(m), spec.words // spec.lanes),
            "elsewhere": self.both & self.a_streamed,
        }
        found = Signal(len(faults), name="faults")
        m.d.sync += found.eq(Cat(faults.values()))
        return found.any()

    def _size(self, m: Module) -> Value:
        """The words of a product's b, over the lanes, three cycles after its sizes are there."""
        logic = Logic(self.target, 1)
        counts = []
        for name in ("words", "columns"):
            value = getattr(self, name)
            count = Signal(len(value) + 1, name=f"{name}_count")
            m.d.sync += count.eq(value + 1)
            counts.append(logic.wire(f"{name}_factor", count))
        size = logic.result(multiply(logic, "product", *counts))
        logic.into(m, Const(1, 1), reset=False)
        kept = Signal(len(size), name="size")
        m.d.sync += kept.eq(size)
        return kept
