"""Rows that are kept in a memory and pass a datapath several times: which beat enters it in a cycle, and what ends."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.specs.rows import RowSpec
from hw.target import Target
from hw.units.core import index_bits
from hw.units.core.banks import add_memory
from hw.units.skew import delayed
from hw.units.stream import moved

READ = 2
"""Registers behind a memory's address."""


class Passes:
    """Takes a row while it passes for the first time, and reads it again for all other passes.

    A pass ends when what it gathers is there. Then some cycles may be left to work something out, and the next begins.

    Parameters
    ----------
    m : Module
        Where it is added.
    spec : RowSpec
    target : Target
    x : stream
        The unit's input.
    p : stream or None
        Where the last pass has parameters: a beat is read when one of these is there.
    move : Value
        While it is low, all holds.

    Attributes
    ----------
    lanes, keep : list of Value
        The codes that enter the datapath, and whether they count.
    turn : Signal
        The number of the pass, from 0 on.
    parameters : Value
        Those of the beat that enters the datapath in the last pass.
    gathered, first : Value
        A beat's results leave the datapath, to be gathered; and they are the first ones of the pass.
    opens : Value
        They are the first ones of the row.
    ended : Value
        All that was gathered in a pass is there.
    solving : Value
        Something is worked out: set for as many cycles behind a pass as the spec says.
    shown, last : Value
        A beat's results leave the datapath to be shown; and they are the last ones of the row.
    error : Signal
        The row was cut, or had no number.
    """

    def __init__(self, m: Module, spec: RowSpec, target: Target, x: Any, p: Any, move: Value) -> None:
        self.m, self.spec, self.target, self.x, self.p, self.move = m, spec, target, x, p, move
        self.loading, self.reading = Signal(init=1, name="loading"), Signal(name="reading")
        self.showing, self.solving = Signal(name="showing"), Signal(name="solving")
        self.turn, self.error = Signal(range(spec.passes), name="turn"), Signal(name="row_error", reset_less=True)
        self.place, self.length = (Signal(index_bits(spec.depth), name=name) for name in ("place", "length"))
        self.taken, self.kept = Signal(name="taken"), Signal(name="kept")
        self.read, self.complete = Signal(name="read"), Signal(name="complete")
        self._take()
        self._enter()
        self._end_pass()
        self._end_row()

    def _take(self) -> None:
        """Take the beats of a row, and count those that are kept or read."""
        m, x, place = self.m, self.x, self.place
        self.full, self.over, self.some = Signal(name="full"), Signal(name="over"), Signal(name="some")
        m.d.comb += [
            x.ready.eq(self.loading & self.move),
            self.taken.eq(self.loading & self.move & x.valid),
            self.kept.eq(self.taken & ~self.full),
            self.read.eq(self.reading & self.move & (1 if self.p is None else ~self.showing | self.p.valid)),
            self.complete.eq(self.read & (place == self.length)),
        ]
        if self.p is not None:
            m.d.comb += self.p.ready.eq(self.reading & self.showing & self.move)
        with m.If(self.kept):
            m.d.sync += [
                self.length.eq(place),
                self.full.eq(place == self.spec.depth - 1),
                self.some.eq(self.some | Value.cast(x.payload.keep).any()),
            ]
        with m.If(self.taken & self.full):
            m.d.sync += self.over.eq(1)
        with m.If(self.kept | self.read):
            m.d.sync += place.eq((place + 1)[: len(place)])
        with m.If((self.taken & x.payload.last) | self.complete):
            m.d.sync += place.eq(0)

    def _enter(self) -> None:
        """A beat enters the datapath as it came, or as it was kept; its flags go beside."""
        m, move, stages = self.m, self.move, self.spec.pipeline
        payload = self.x.payload
        word = Cat(Value.cast(payload.x), Value.cast(payload.keep))
        written = self.kept, self.place, word
        read = add_memory(m, self.target, self.loading, written, self.place, move, max(2, self.spec.depth))
        came_kept, came_last = (
            moved(m, flag, move, 1, name)
            for flag, name in ((self.kept, "came_kept"), (self.taken & payload.last, "came_last"))
        )
        reads, read_last = (
            moved(m, flag, move, READ, name) for flag, name in ((self.read, "reads"), (self.complete, "read_last"))
        )
        beat = Signal(len(word), name="beat", reset_less=True)
        with m.If(move):
            m.d.sync += beat.eq(Mux(reads, read, word))
        width, lanes = self.spec.input.width, self.spec.lanes
        self.lanes = [beat[low : low + width] for low in range(0, lanes * width, width)]
        self.keep = [beat[lanes * width + lane] for lane in range(lanes)]
        reads, read_last = (
            moved(m, flag, move, 1, name) for flag, name in ((reads, "beat_read"), (read_last, "beat_last"))
        )
        # It is set long before the first beat to be shown is there, and falls a cycle before the last one.
        shows = delayed(m, "shows", self.showing, move, 1)
        if self.p is not None:
            self.parameters = delayed(m, "parameters", Value.cast(self.p.payload), move, READ + 1)
        begins = Signal(init=1, name="begins")
        with m.If(move & (came_kept | came_last | reads)):
            m.d.sync += begins.eq(came_last | read_last)
        # What a reset leaves of a row is gathered before the next begins, and that starts anew.
        self.gathered = delayed(m, "gathered", came_kept | (reads & ~shows), move, stages + 1)
        self.first = delayed(m, "first_of_pass", begins, move, stages + 1)
        self.opens = delayed(m, "first_of_row", begins & ~reads, move, stages + 1)
        ends = came_last | (read_last & ~shows)
        self.ended = moved(m, ends, move, stages + 2 + self.spec.settling, "ended")
        self.shown = moved(m, reads & shows, move, stages, "shown")
        self.last = delayed(m, "last_of_row", read_last, move, stages)

    def _end_pass(self) -> None:
        """Behind a pass something is worked out, if there is something, and then the next begins."""
        m, spec = self.m, self.spec
        left = Signal(range(max(spec.solving) + 1), name="left")
        cycles: Value = Const(spec.solving[-1], len(left))
        for turn, count in enumerate(spec.solving[:-1]):
            cycles = Mux(self.turn == turn, Const(count, len(left)), cycles)
        with m.If(self.move & self.ended):
            m.d.sync += [
                left.eq(cycles),
                self.solving.eq(cycles != 0),
                self.reading.eq(cycles == 0),
                self.turn.eq((self.turn + 1)[: len(self.turn)]),
                self.showing.eq(self.turn == spec.passes - 2),
            ]
            with m.If(self.turn == 0):
                m.d.sync += self.error.eq(self.over | ~self.some)
                m.d.sync += [flag.eq(0) for flag in (self.full, self.over, self.some)]
        with m.If(self.move & self.solving):
            m.d.sync += left.eq((left - 1)[: len(left)])
            with m.If(left == 1):
                m.d.sync += [self.solving.eq(0), self.reading.eq(1)]

    def _end_row(self) -> None:
        """A row that was read for the last time makes way for the next, two cycles later: its beats enter sooner."""
        m, ends = self.m, self.complete & self.showing
        with m.If(self.taken & self.x.payload.last):
            m.d.sync += self.loading.eq(0)
        with m.If(self.complete):
            m.d.sync += self.reading.eq(0)
        with m.If(self.move & moved(m, ends, self.move, READ, "returns")):
            m.d.sync += [self.showing.eq(0), self.turn.eq(0), self.loading.eq(1)]
