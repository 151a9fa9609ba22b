"""What brings the words of an operand, from the memory or from stream `w`."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from hw.units.processor.pieces import Stage
from hw.units.processor.walk import Walk
from hw.units.stream import moved

READ, WAITING = 2, 8
"""Cycles from a word's address to the word; and words that are asked for and not yet taken, at most."""


def word_layout(width: int) -> data.StructLayout:
    """A word of an operand, and whether it is the last one."""
    return data.StructLayout({"x": width, "last": 1})


class Mover(wiring.Component):
    """Brings words by a pattern of two counts. It asks for them before they are wanted, as far as there is room.

    Parameters
    ----------
    address, word, count : int
        Bits of an address, of a word, of a count.

    Members
    -------
    start : In(1)
        If `used`, it begins.
    used, streamed : In(1)
        There is an operand; it comes from `w`.
    base, inner, outer, inner_most, outer_most : In
        As of `Walk`: where it begins, both strides and both counts.
    ask, granted, at, data : Out(1), In(1), Out(address), In(word)
        It wants to read at an address; it may, and the word is there `READ` cycles later.
    w : In(stream)
    y : Out(stream)
        Words, and with the last one `last`.
    """

    def __init__(self, address: int, word: int, count: int) -> None:
        self.count = count
        ports = {name: In(1) for name in ("start", "used", "streamed", "granted")} | {"ask": Out(1)}
        ports |= {name: In(address) for name in ("base", "inner", "outer")} | {"at": Out(address)}
        ports |= {f"{name}_most": In(count) for name in ("inner", "outer")} | {"data": In(word)}
        super().__init__({**ports, "w": In(stream.Signature(word)), "y": Out(stream.Signature(word_layout(word)))})

    def elaborate(self, platform: object) -> Module:
        m, running, step = Module(), Signal(), Signal()
        m.submodules.walk = walk = Walk(len(self.base), (self.count, self.count))
        m.submodules.queue = queue = SyncFIFOBuffered(width=len(self.data) + 1, depth=WAITING + 1)
        m.submodules.stage = stage = Stage(len(self.data) + 1)
        # Words that were asked for and are not taken.
        waiting, full = Signal(range(WAITING + 1)), Signal()
        taken = Signal()
        m.d.comb += [
            *(
                getattr(walk, f"{part}{level}").eq(value)
                for part, level, value in (
                    ("stride", 0, self.inner),
                    ("stride", 1, self.outer),
                    ("most", 0, self.inner_most),
                    ("most", 1, self.outer_most),
                )
            ),
            walk.base.eq(self.base),
            walk.start.eq(self.start),
            walk.step.eq(step),
            self.at.eq(walk.address),
            self.ask.eq(running & ~self.streamed & ~full),
            step.eq(self.granted | (self.w.valid & self.w.ready)),
            queue.w_data.eq(Cat(self.data, moved(m, walk.last, 1, READ, "last"))),
            queue.w_en.eq(moved(m, self.granted, 1, READ, "came")),
            queue.r_en.eq(stage.x.ready & ~self.streamed),
            stage.x.valid.eq(Mux(self.streamed, running & self.w.valid, queue.r_rdy)),
            stage.x.payload.eq(Mux(self.streamed, Cat(self.w.payload, walk.last), queue.r_data)),
            self.w.ready.eq(running & self.streamed & stage.x.ready),
            self.y.valid.eq(stage.y.valid),
            Value.cast(self.y.payload).eq(stage.y.payload),
            stage.y.ready.eq(self.y.ready),
            taken.eq(queue.r_rdy & queue.r_en),
        ]
        with m.If(self.granted != taken):
            m.d.sync += [
                waiting.eq((waiting + Mux(taken, -1, 1))[: len(waiting)]),
                full.eq(~taken & (waiting == WAITING - 1)),
            ]
        with m.If(step & walk.last):
            m.d.sync += running.eq(0)
        with m.If(self.start):
            m.d.sync += running.eq(self.used)
        return m
