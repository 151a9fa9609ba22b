"""From a command to start to a run, if the shape fits, and what is to be kept is there."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith.compare import above
from hw.specs.gemm import GemmSpec
from hw.specs.registers import WORD
from hw.units.core import index_bits
from hw.units.core.kept import Kept

REFUSALS = ("zero", "large", "stale")


class Planner(wiring.Component):
    """Looks at the shape, counts tiles and slices, one of each a cycle, and lets everything run until it has ended.

    Members
    -------
    start : In(1)
        Of no effect unless idle.
    m, k, n : In(32)
        The shape of what is made of tiles: C, or its transpose where the input stays; the same for two cycles before a
        start.
    keep, bias, faulty : In(1)
        As for `Kept`.
    ended : In(1)
        The run is over.
    begin, begun : Out(1)
        A start has been accepted, in this cycle; in the one before.
    busy, run, done : Out(1)
        From start to end; the same without the planning; since the end, until the next start.
    prime : Out(1)
        The cycle before the run, in which all counts take their first step; what was planned has been there for two.
    stopped, clear : Out(1)
        No run; neither that nor the cycle before: registers of their own, for they go to many places.
    zero, large, stale : Out(1)
        The last start was refused: a dimension is zero; the shape does not fit; what is to be kept is not there.
    refused : Out(1)
        Any of them.
    words : Out
        Words of what is kept whole.
    last_tile, tail : Out
        The number of the last tile across, from zero, and the columns in it.
    last_slice : Out
        The number of the last slice of K, from zero, where there are slices.
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.spec = spec
        ports = {name: In(WORD) for name in ("m", "k", "n")}
        ports |= {name: In(1) for name in ("start", "ended", "keep", "bias", "faulty")}
        said = ("begin", "begun", "busy", "prime", "run", "done", *REFUSALS, "refused")
        ports |= {name: Out(1) for name in said} | {"clear": Out(1, init=1), "stopped": Out(1, init=1)}
        ports["words"] = Out(range(spec.words + 1))
        ports["last_tile"] = Out(index_bits(spec.tiles))
        ports["last_slice"] = Out(index_bits(spec.slices))
        ports["tail"] = Out(range(spec.columns + 1))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        k = self.k[: spec.max_k.bit_length()]
        words, plan, ready, settle = Signal(range(spec.words + 2 * spec.max_k + 1)), Signal(), Signal(), Signal()
        m.submodules.kept = kept = Kept(spec)
        m.d.comb += [
            *(getattr(kept, name).eq(getattr(self, name)) for name in ("m", "k", "n", "keep", "bias", "faulty")),
            kept.ended.eq(self.ended & self.run),
            self.refused.eq(Cat(getattr(self, name) for name in REFUSALS).any()),
            self.words.eq(words[: len(self.words)]),
            self.begin.eq(self.start & ~self.busy),
        ]
        n = self.n[: spec.limits[1].bit_length()]
        more_tiles = self._count(m, plan, (n, spec.columns), self.last_tile, self.tail)
        more_slices: Value = Const(0, 1)
        if spec.flow != "os":
            more_slices = self._count(m, plan, (k, spec.rows), self.last_slice)
        empty, beyond = self._unfit(m)
        m.d.sync += [self.begun.eq(self.begin), ready.eq(0), self.prime.eq(0), self.run.eq(self.run | self.prime)]
        m.d.sync += settle.eq(0)
        with m.If(~self.busy):
            m.d.sync += words.eq(k)
        with m.If(self.begin):
            fits = ~empty & ~beyond & ~kept.stale
            m.d.sync += [plan.eq(fits), self.busy.eq(fits), self.done.eq(0)]
            m.d.sync += [self.zero.eq(empty), self.large.eq(beyond), self.stale.eq(kept.stale)]
        with m.If(plan):
            with m.If(~more_tiles & ~more_slices):
                m.d.sync += [plan.eq(0), ready.eq(1)]
            with m.If(more_tiles):
                m.d.sync += words.eq((words + k)[: len(words)])
        # A cycle late: so it can be said up to the cycle after the planning.
        over = Signal()
        m.d.sync += over.eq(above(words, spec.words))
        with m.If(over & (plan | ready)):
            m.d.sync += [plan.eq(0), ready.eq(0), self.busy.eq(0), self.large.eq(1)]
        with m.Elif(ready):
            m.d.sync += [self.prime.eq(1), self.clear.eq(0)]
        with m.If(self.prime):
            m.d.sync += self.stopped.eq(0)
        # What is kept is compared with the settings anew before the next start.
        with m.If(self.ended & self.run):
            m.d.sync += [self.run.eq(0), self.stopped.eq(1), self.clear.eq(1), settle.eq(1)]
        with m.If(settle):
            m.d.sync += [self.done.eq(1), self.busy.eq(0)]
        return m

    def _unfit(self, m: Module) -> tuple[Value, Value]:
        """Whether a dimension is zero, and whether one is too large, two cycles after it was set."""
        sizes, most = (self.m, self.k, self.n), (self.spec.limits[0], self.spec.max_k, self.spec.limits[1])
        empty, beyond = Signal(name="empty"), Signal(name="beyond")
        zero = Signal(2 * len(sizes), name="halves_zero")
        halves = [half for size in sizes for half in (size[: WORD // 2], size[WORD // 2 :])]
        parts: list[Value] = [self.k[: self.spec.granule.bit_length() - 1].any()]
        for size, limit in zip(sizes, most, strict=True):
            parts += [above(size[: limit.bit_length()], limit), size[limit.bit_length() :].any()]
        # Some never are too large: of one vector, they would leave a register in pieces.
        large = [Signal(name=f"part{n}_large") for n, _ in enumerate(parts)]
        m.d.sync += [zero.eq(Cat(~half.any() for half in halves)), *map(Signal.eq, large, parts)]
        m.d.sync += empty.eq(Cat(zero[n : n + 2].all() for n in range(0, len(zero), 2)).any())
        m.d.sync += beyond.eq(Cat(large).any())
        return empty, beyond

    def _count(
        self, m: Module, plan: Value, whole: tuple[Value, int], number: Signal, tail: Signal | None = None
    ) -> Value:
        """Count the pieces of a length, one a cycle: the number of the last one, and how long it is; are there more?"""
        length, piece = whole
        # One less than what is left beyond this piece, so that its sign says whether there is anything.
        rest, more = Signal(range(-piece - 1, 1 << len(length)), name=f"{number.name}_rest"), Signal()
        base = Mux(plan, rest, Cat(length, 0).as_signed())
        m.d.comb += more.eq(~rest[-1])
        if tail is not None:
            m.d.sync += tail.eq((rest + (piece + 1))[: len(tail)])
        with m.If(~self.busy):
            m.d.sync += number.eq(0)
        with m.If(plan & more):
            m.d.sync += number.eq((number + 1)[: len(number)])
        with m.If(~self.busy | (plan & more)):
            m.d.sync += rest.eq((base - Mux(plan, piece, piece + 1))[: len(rest)].as_signed())
        return more
