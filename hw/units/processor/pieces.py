"""Words taken apart and put together, and kept for a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.units.core import index_bits


class Stage(wiring.Component):
    """A register on the way, and another one for what comes while that is full: so no side waits for the other's logic.

    Parameters
    ----------
    width : int
        Bits of a payload.

    Members
    -------
    x : In(stream)
    y : Out(stream)
    """

    def __init__(self, width: int) -> None:
        super().__init__({"x": In(stream.Signature(width)), "y": Out(stream.Signature(width))})

    def elaborate(self, platform: object) -> Module:
        m, move, full = Module(), Signal(), Signal()
        shown, aside = (Signal(len(self.x.payload), name=name, reset_less=True) for name in ("shown", "aside"))
        m.d.comb += [
            self.x.ready.eq(~full),
            move.eq(self.y.ready | ~self.y.valid),
            self.y.payload.eq(shown),
        ]
        m.d.sync += full.eq(~move & (full | self.x.valid))
        with m.If(move):
            m.d.sync += [self.y.valid.eq(full | self.x.valid), shown.eq(Mux(full, aside, self.x.payload))]
        with m.If(~full):
            m.d.sync += aside.eq(self.x.payload)
        return m


class Split(wiring.Component):
    """A word as pieces, the lowest first.

    Parameters
    ----------
    width : int
        Bits of a piece.
    count : int
        Pieces in a word.

    Members
    -------
    x : In(stream)
    y : Out(stream)
    """

    def __init__(self, width: int, count: int) -> None:
        self.count = count
        super().__init__({"x": In(stream.Signature(width * count)), "y": Out(stream.Signature(width))})

    def elaborate(self, platform: object) -> Module:
        m, number = Module(), Signal(index_bits(self.count))
        last = number == self.count - 1
        m.d.comb += [
            self.y.valid.eq(self.x.valid),
            self.y.payload.eq(self.x.payload.word_select(number, len(self.y.payload))),
            self.x.ready.eq(self.y.ready & last),
        ]
        with m.If(self.y.valid & self.y.ready):
            m.d.sync += number.eq(Mux(last, 0, (number + 1)[: len(number)]))
        return m


class Gather(wiring.Component):
    """Pieces as a word, the lowest first; of fewer than there is room for, the last one is at the top, too.

    Parameters
    ----------
    width : int
        Bits of a piece.
    count : int
        The most pieces in a word.

    Members
    -------
    most : In
        The number of a word's last piece, from zero: the same for two cycles before the first one comes.
    x : In(stream)
    y : Out(stream)
    """

    def __init__(self, width: int, count: int) -> None:
        self.count = count
        super().__init__(
            {
                "most": In(index_bits(count), init=count - 1),
                "x": In(stream.Signature(width)),
                "y": Out(stream.Signature(width * count)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m, width = Module(), len(self.x.payload)
        number, following = (Signal(len(self.most), name=name) for name in ("number", "number_following"))
        kept: Value = Signal(width * (self.count - 1), reset_less=True)
        # Known a cycle ahead, for `most` has been there for longer.
        last = Signal(init=self.count == 1)
        m.d.comb += following.eq(number)
        m.d.comb += [
            self.y.valid.eq(self.x.valid & last),
            self.y.payload.eq(Cat(kept, self.x.payload)),
            self.x.ready.eq(self.y.ready | ~last),
        ]
        m.d.sync += [number.eq(following), last.eq(following == self.most)]
        with m.If(self.x.valid & self.x.ready):
            m.d.comb += following.eq(Mux(last, 0, (number + 1)[: len(number)]))
            if self.count > 1:
                m.d.sync += kept.eq(Cat(kept, self.x.payload)[width:])
        return m
