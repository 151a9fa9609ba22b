"""A serial line: a start bit, eight bits, the lowest first, and a stop bit."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.formats import check_int

BITS = 8
FRAME = 1 + BITS + 1
"""Bits of a byte on the line."""
LEAST, MOST = 4, 1 << 20
"""Cycles of a bit."""
TOLERANCE = 0.02
"""How far from a bit's time the nearest count of cycles may be: over a frame it adds up to a fifth of a bit."""


def divider(mhz: float, baud: int) -> int:
    """The cycles of a bit.

    Parameters
    ----------
    mhz : float
        Of the clock.
    baud : int
        Bits a second.

    Raises
    ------
    TypeError, ValueError
        `baud` is no int from 1 on; or no count of cycles is near enough to a bit's time.
    """
    check_int("baud", baud, 1, 1 << 30)
    exact = mhz * 1e6 / baud
    cycles = round(exact)
    if cycles < LEAST or cycles > MOST or abs(cycles - exact) > TOLERANCE * exact:
        raise ValueError(
            f"baud must be a rate whose bits are {LEAST} cycles or more, near a whole number of them, got {baud}, "
            f"which are {exact:.2f} of {mhz:g} MHz"
        )
    return cycles


class Transmitter(wiring.Component):
    """Bytes of a stream go out.

    Parameters
    ----------
    cycles : int
        Of a bit.

    Members
    -------
    bytes : In(stream of 8 bits)
    tx : Out(1)
        The line: high while nothing is sent.
    """

    def __init__(self, cycles: int) -> None:
        check_int("cycles", cycles, LEAST, MOST)
        self.cycles = cycles
        super().__init__({"bytes": In(stream.Signature(BITS)), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # What is left of the frame, whose end is where nothing but ones is left; all ones from the first.
        left = Signal(FRAME, init=(1 << FRAME) - 1)
        count, bit = Signal(range(self.cycles), name="count"), Signal(range(FRAME + 1), name="bit")
        busy = Signal()
        m.d.comb += [busy.eq(bit != 0), self.bytes.ready.eq(~busy)]
        m.d.sync += self.tx.eq(left[0])
        with m.If(busy):
            last = Signal()
            m.d.comb += last.eq(count == self.cycles - 1)
            m.d.sync += count.eq(Mux(last, 0, (count + 1)[: len(count)]))
            with m.If(last):
                m.d.sync += [left.eq(Cat(left[1:], Const(1, 1))), bit.eq((bit - 1)[: len(bit)])]
        with m.Elif(self.bytes.valid):
            m.d.sync += [left.eq(Cat(Const(0, 1), self.bytes.payload, Const(1, 1))), bit.eq(FRAME), count.eq(0)]
        return m


class Receiver(wiring.Component):
    """Bytes that come in. One that begins with a start bit shorter than half a bit, or lacks its stop bit, is none.

    Parameters
    ----------
    cycles : int
        Of a bit.

    Members
    -------
    rx : In(1)
        The line, in step with no clock of ours.
    payload : Out(8)
    valid : Out(1)
        For one cycle, a byte has come: whoever wants it takes it now.
    """

    def __init__(self, cycles: int) -> None:
        check_int("cycles", cycles, LEAST, MOST)
        self.cycles = cycles
        super().__init__({"rx": In(1, init=1), "payload": Out(BITS), "valid": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        met, line = Signal(init=1, name="met"), Signal(init=1, name="line")
        m.d.sync += [met.eq(self.rx), line.eq(met), self.valid.eq(0)]
        count, bit = Signal(range(self.cycles), name="count"), Signal(range(FRAME + 1), name="bit")
        got = Signal(BITS)
        due = Signal()
        m.d.comb += [due.eq(count == 0), self.payload.eq(got)]
        with m.If(bit == 0), m.If(~line):
            # Each bit is looked at in its middle.
            m.d.sync += [bit.eq(FRAME), count.eq(self.cycles // 2)]
        with m.Elif(~due):
            m.d.sync += count.eq((count - 1)[: len(count)])
        with m.Else():
            m.d.sync += [count.eq(self.cycles - 1), bit.eq((bit - 1)[: len(bit)])]
            with m.If((bit == FRAME) & line):
                m.d.sync += bit.eq(0)
            with m.Elif(bit == 1):
                m.d.sync += self.valid.eq(line)
            with m.Elif(bit != FRAME):
                m.d.sync += got.eq(Cat(got[1:], line))
        return m
