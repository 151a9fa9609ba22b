"""From a command to start to a run, if the shape fits."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith.compare import above
from hw.specs.gemm import MAX_ROWS, GemmSpec
from hw.specs.registers import WORD
from hw.units.core import index_bits


class Planner(wiring.Component):
    """Looks at the shape, counts tiles, a cycle for each tile in N, and lets everything run until it has ended.

    Members
    -------
    start : In(1)
        Of no effect unless idle.
    m, k, n : In(32)
    ended : In(1)
        The run is over.
    begin : Out(1)
        A start has been accepted, in this cycle.
    busy, run, done : Out(1)
        From start to end; the same without the planning; since the end, until the next start.
    zero, large : Out(1)
        The last start was refused: a dimension is zero; the shape does not fit.
    words : Out
        Words of B.
    last_tile : Out
        The number of the last tile in N, from zero.
    tail : Out
        Columns in it.
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.spec = spec
        ports = {name: In(WORD) for name in ("m", "k", "n")}
        ports |= {name: In(1) for name in ("start", "ended")}
        ports |= {name: Out(1) for name in ("begin", "busy", "run", "done", "zero", "large")}
        ports["words"] = Out(range(spec.words + 1))
        ports["last_tile"] = Out(index_bits(spec.tiles))
        ports["tail"] = Out(range(spec.columns + 1))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        left, k = Signal(range(spec.max_n + 1)), self.k[: spec.max_k.bit_length()]
        words = Signal(range(spec.words + spec.max_k + 1))
        empty, beyond, plan = Signal(), Signal(), Signal()
        m.d.comb += [
            empty.eq((self.m == 0) | (self.k == 0) | (self.n == 0)),
            beyond.eq(above(self.m, MAX_ROWS) | above(self.k, spec.max_k) | above(self.n, spec.max_n)),
            words.eq((self.words + k)[: len(words)]),
            self.tail.eq(left[: len(self.tail)]),
        ]
        m.d.comb += [self.begin.eq(self.start & ~self.busy), self.busy.eq(plan | self.run)]
        with m.If(self.begin):
            m.d.sync += [plan.eq(~empty & ~beyond), self.zero.eq(empty), self.large.eq(beyond), self.done.eq(0)]
            m.d.sync += [left.eq(self.n[: len(left)]), self.words.eq(0), self.last_tile.eq(0)]
        with m.If(plan):
            m.d.sync += self.words.eq(words[: len(self.words)])
            with m.If(above(words, spec.words)):
                m.d.sync += [plan.eq(0), self.large.eq(1)]
            with m.Elif(above(left, spec.columns)):
                m.d.sync += left.eq((left - spec.columns)[: len(left)])
                m.d.sync += self.last_tile.eq((self.last_tile + 1)[: len(self.last_tile)])
            with m.Else():
                m.d.sync += [plan.eq(0), self.run.eq(1)]
        with m.If(self.ended):
            m.d.sync += [self.run.eq(0), self.done.eq(1)]
        return m
