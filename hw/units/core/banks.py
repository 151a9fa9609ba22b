"""Two banks of a memory that take turns, and memories whose words are read soon after they are written."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out


class Banks(wiring.Component):
    """Who may use which of two banks: one is filled while the other, or what there is of the same, is read.

    The writer is two tiles ahead of the reader at most. The reader may be done with a tile before the writer is, if
    it does not need the end of it.

    Members
    -------
    clear : In(1)
        Both begin anew.
    filled, emptied : In(1)
        The writer, or the reader, is done with its bank after this cycle.
    differ : In(1)
        The word that would be read is not the one that would be written next, if both are of one bank.
    write, read : Out(1)
        A word may be written; one that was written is there to be read. If both are done in one cycle, then on
        different words: so a memory needs not say which value is read if they were the same.
    into, out_of : Out(1)
        The writer's bank, and the reader's.
    empty : Out(1)
        The reader has caught up with the writer's last tile.
    """

    def __init__(self) -> None:
        inputs, outputs = ("clear", "filled", "emptied", "differ"), ("write", "read", "into", "out_of", "empty")
        super().__init__({name: In(1) for name in inputs} | {name: Out(1) for name in outputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Modulo four: the writer is -1, 0, 1 or 2 tiles ahead.
        written, read, ahead = Signal(2), Signal(2), Signal(2)
        m.d.comb += [
            ahead.eq((written - read)[:2]),
            self.write.eq(ahead != 2),
            self.read.eq((ahead == 1) | (ahead == 2) | ((ahead == 0) & self.differ)),
            self.into.eq(written[0]),
            self.out_of.eq(read[0]),
            self.empty.eq(ahead == 0),
        ]
        with m.If(self.filled):
            m.d.sync += written.eq((written + 1)[:2])
        with m.If(self.emptied):
            m.d.sync += read.eq((read + 1)[:2])
        with m.If(self.clear):
            m.d.sync += [written.eq(0), read.eq(0)]
        return m


def add_memory(m: Module, written: tuple[Value, Value, Value], read: tuple[Value, Value], depth: int) -> Value:
    """A memory, added to `m`, of words that are written and read in one cycle, but never the same.

    Parameters
    ----------
    m : Module
    written : Values
        Whether a word is written in this cycle, or, with a bit for each of its equal parts, which of them; where to;
        and the word.
    read : Values
        Whether one is read, and where.
    depth : int
        Words.

    Returns
    -------
    The word that was read last, from the cycle after.
    """
    enable, into, word = written
    m.submodules.memory = memory = Memory(shape=len(word), depth=depth, init=[])
    write, shown = memory.write_port(granularity=len(word) // len(enable)), memory.read_port()
    m.d.comb += [
        write.en.eq(enable),
        write.addr.eq(into),
        write.data.eq(word),
        shown.en.eq(read[0]),
        shown.addr.eq(read[1]),
    ]
    return shown.data
