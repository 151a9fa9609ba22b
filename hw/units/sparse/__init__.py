"""The product of vectors by a matrix that takes its time for digits that are not zero."""

from __future__ import annotations

from functools import cached_property

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hw.specs.sparse import ADDED, SparseSpec
from hw.units.skew import delayed
from hw.units.sparse.column import Column
from hw.units.sparse.lists import Lists
from hw.units.sparse.matrix import Matrix
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
        self.lists, self.matrix = Lists(m, spec, self.target), Matrix(m, spec, self.target)
        # Two registers for one fact: that of all the enables is far from here.
        move, waits = Signal(name="move", init=1), Signal(name="waits")
        shows, last = Signal(name="shows"), Signal(name="last", reset_less=True)
        y, taken = self.y, Signal(name="taken")
        m.d.comb += [y.valid.eq(shows | waits), y.payload.last.eq(last), taken.eq(y.valid & y.ready)]
        m.d.sync += [waits.eq(y.valid & ~y.ready), move.eq(~y.valid | y.ready)]

        self.lists.fill(self.a)
        self.matrix.fill(self.b)
        word, down, there, ending, final = self._walk(m, move)
        with m.If(move):
            m.d.sync += shows.eq(ending)
            with m.If(ending):
                m.d.sync += last.eq(final)
        self.matrix.release(self.closed, shows & last)
        for column in range(spec.n):
            sum_ = Signal(spec.result.width, name=f"y{column}")
            inputs = {
                "word": word[column * spec.word.width :][: spec.word.width],
                "down": down,
                "en": there & move,
                "clear": taken,
            }
            m.submodules[f"column{column}"] = instance("column", inputs, {"x": sum_})
            m.d.comb += Value.cast(y.payload.x[column]).eq(sum_)
        return m

    def _walk(self, m: Module, move: Signal) -> tuple[Value, Value, Value, Value, Value]:
        """Goes through a bank, place by place: the row to add, and of it whether sums move down before.

        A place without entries adds the first row and takes it away again. Behind the last entry there is a move in
        which nothing is added, for the sums to be shown.
        """
        spec, lists = self.spec, self.lists
        place, slot = Signal(range(spec.places), name="place"), Signal(spec.k.bit_length(), init=1, name="slot")
        ending, go, through = (Signal(name=name) for name in ("ending", "go", "through"))
        count, some = lists.look(place)
        m.d.comb += [
            go.eq(lists.full & self.matrix.there & ~ending),
            through.eq(Mux(some, slot == count, slot == 2)),
        ]
        with m.If(move):
            m.d.sync += ending.eq(0)
            with m.If(go):
                m.d.sync += slot.eq(Mux(through, 1, (slot + 1)[: len(slot)]))
                with m.If(through):
                    m.d.sync += place.eq((place + 1)[: len(place)])
                    with m.If(place == spec.places - 1):
                        m.d.sync += [place.eq(0), ending.eq(1)]
        done = ending & move
        self.closed = done & lists.final
        final = delayed(m, "final", lists.final, move, ADDED - 1)
        lists.release(done)

        entry = lists.entry(place, slot, move)
        bare = delayed(m, "bare", ~some, move, READ)
        minus = delayed(m, "taken_away", slot == 2, move, READ)
        index = Mux(bare, 0, entry[: lists.index_bits])
        row = self.matrix.row(Cat(index[: lists.index_bits], Mux(bare, minus, entry[-1])), move)
        down = delayed(m, "down", (slot == 1) & (place != 0), move, ADDED)
        return row, down, moved(m, go, move, ADDED, "go"), moved(m, ending, move, ADDED - 1, "ended"), final
