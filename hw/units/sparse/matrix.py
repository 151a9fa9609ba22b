"""The matrix in memory: each of its numbers, and its negative, which costs the columns nothing then."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic
from hw.datapath.folded import finish, negated
from hw.datapath.groupsums import fixed_value
from hw.specs.sparse import SIGNS, SparseSpec
from hw.target import Target
from hw.units.core.banks import add_memory


class Matrix:
    """Takes a matrix, row by row, and gives rows.

    Parameters
    ----------
    m : Module
        Where it goes.
    spec : SparseSpec
    target : Target

    Attributes
    ----------
    there : Signal
        All of it is there.
    """

    def __init__(self, m: Module, spec: SparseSpec, target: Target) -> None:
        self.m, self.spec, self.target = m, spec, target
        self.there, self.loading = Signal(name="there"), Signal(init=1, name="loading")

    def fill(self, b: Any) -> None:
        """Logic that loads what stream `b` brings: each beat is written, and in the next cycle its negatives are."""
        m, spec = self.m, self.spec
        beats = spec.n // spec.load
        negative, row = Signal(name="negative"), Signal(range(spec.k), name="row_into")
        beat = Signal(beats, init=1, name="beat_into")
        m.d.comb += b.ready.eq(self.loading & negative)
        with m.If(self.loading & b.valid):
            m.d.sync += negative.eq(~negative)
            with m.If(negative):
                m.d.sync += beat.eq(Cat(beat[-1], beat[:-1]))
                with m.If(beat[-1]):
                    m.d.sync += row.eq((row + 1)[: len(row)])
                    with m.If(row == spec.k - 1):
                        m.d.sync += [row.eq(0), self.loading.eq(0), self.there.eq(1)]
        numbers = Cat(*self._numbers(b, negative))
        enable = Signal(beats, name="beat_written")
        m.d.comb += enable.eq(Mux(self.loading, beat, 0))
        self._write = enable, Cat(row, negative), numbers.replicate(beats)

    def _numbers(self, b: Any, negative: Signal) -> list[Value]:
        """The numbers of a beat in fixed point, or their negatives."""
        spec, logic, shown = self.spec, Logic(self.target), []
        width = spec.word.width
        for lane in range(spec.load):
            number = fixed_value(logic, spec.b, Value.cast(b.payload.x[lane]))
            signed = finish(logic, f"number{lane}", negated(number.value, number.span, negative), width)
            shown.append(logic.result(logic.wire(f"word{lane}", signed))[:width])
        logic.into(self.m, Const(1))
        return shown

    def row(self, address: Value, move: Value) -> Value:
        """The row that was at an address two moves before; its columns side by side."""
        inner, depth = Module(), SIGNS << (self.spec.k - 1).bit_length()
        self.m.submodules.matrix = inner
        return add_memory(inner, self.target, self.loading, self._write, address, move, depth)

    def release(self, closed: Value, done: Value) -> None:
        """Logic that ends the use of a matrix: no vector begins with it any more, and then the next one is loaded."""
        with self.m.If(closed):
            self.m.d.sync += self.there.eq(0)
        with self.m.If(done):
            self.m.d.sync += self.loading.eq(1)
