"""The product of vectors by a matrix that takes its time for digits that are not zero."""

from __future__ import annotations

from functools import cached_property

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hw.specs.sparse import ADDED, SparseSpec
from hw.units.skew import delayed
from hw.units.sparse.column import Column
from hw.units.sparse.lists import Lists
from hw.units.sparse.matrix import Matrix
from hw.units.sparse.walk import Step, walk
from hw.units.stream import Streamed, moved
from hw.units.unit import Unit, instance

READ = ADDED // 2
"""Moves from an address to what is read there."""


class Sparse(Streamed):
    """``y = a B``: a digit of a vector that is not zero a cycle, for all columns of the matrix.

    Everything behind the lists moves on together, unless sums wait at the output.

    Parameters
    ----------
    spec : SparseSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a : In(stream)
        ``x``: a code of a vector of `k`; ``last``: no more vectors come for this matrix. The mark may come before a
        vector is complete, whose other codes are zeros then.
    b : In(stream)
        ``x``: codes of a matrix, row by row; the first one is taken at once, the next ones when no vector is left.
    y : Out(stream)
        ``x``: codes of ``spec.result``, a sum for each column; ``last`` with those of the last vector for a matrix.

    Raises
    ------
    TypeError
        `spec` is not a SparseSpec, or `target` not a Target.
    """

    spec: SparseSpec
    spec_type = SparseSpec

    @cached_property
    def parts(self) -> dict[str, Unit]:
        return {"column": Column(self.spec, self.target)}

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        lists, matrix = Lists(m, spec, self.target), Matrix(m, spec, self.target)
        # Two registers for one fact: that of all the enables is far from here.
        move, waits = Signal(name="move", reset_less=True), Signal(name="waits")
        shows, last = Signal(name="shows"), Signal(name="last", reset_less=True)
        y, taken = self.y, Signal(name="taken")
        m.d.comb += [y.valid.eq(shows | waits), y.payload.last.eq(last), taken.eq(y.valid & y.ready)]
        m.d.sync += [waits.eq(y.valid & ~y.ready), move.eq(~y.valid | y.ready)]

        lists.fill(self.a)
        matrix.fill(self.b)
        step = walk(m, spec, lists, matrix.there, move)
        ending, final = moved(m, step.ending, move, ADDED - 1, "ended"), delayed(m, "ends", step.final, move, ADDED - 1)
        # Nothing moves while sums wait, and the next ones come two moves later at least.
        m.d.sync += shows.eq(ending & move)
        with m.If(ending & move):
            m.d.sync += last.eq(final)
        matrix.release(step.ending & move & step.final, shows & last)
        self._columns(m, step, self._row(m, lists, matrix, step, move), move, taken)
        return m

    def _row(self, m: Module, lists: Lists, matrix: Matrix, step: Step, move: Value) -> Value:
        """The row of the matrix, or its negative, that a step says is to be added, some moves later."""
        entry = lists.entry(step.place, step.slot, move)
        bare, away = (delayed(m, name, getattr(step, name), move, READ) for name in ("bare", "away"))
        return matrix.row(Cat(Mux(bare, 0, entry[:-1])[: len(entry) - 1], Mux(bare, away, entry[-1])), move)

    def _columns(self, m: Module, step: Step, row: Value, move: Value, taken: Value) -> None:
        """What adds the row, a number a column."""
        y, width = self.y, self.spec.word.width
        add, down = moved(m, step.go, move, ADDED, "go"), delayed(m, "down", step.first, move, ADDED)
        # One signal clears the sums, after a reset, too: for two each column would have a gate.
        en, leaves, clear, fresh = (
            Signal(name=name, init=name == "fresh") for name in ("add", "leaves", "clear", "fresh")
        )
        m.d.comb += [en.eq(add & move), leaves.eq(en & down), clear.eq(taken | fresh)]
        m.d.sync += fresh.eq(0)
        for number in range(self.spec.n):
            shown = Signal(self.spec.result.width, name=f"y{number}")
            inputs = {"word": row.word_select(number, width), "down": down, "en": en, "leaves": leaves, "clear": clear}
            m.submodules[f"column{number}"] = instance("column", inputs, {"x": shown})
            m.d.comb += Value.cast(y.payload.x[number]).eq(shown)
