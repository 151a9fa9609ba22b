"""Two banks of a memory that take turns, and memories whose words are read soon after they are written."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hw.arith.blockram import add_blocks, in_blocks
from hw.target import Target


class Banks(wiring.Component):
    """Who may use which of two banks: one is filled while the other, or what there is of the same, is read.

    The writer is two tiles ahead of the reader at most. The reader may be done with a tile before the writer is, if
    it does not need the end of it. All that is said comes from registers.

    Members
    -------
    clear : In(1)
        Both begin anew.
    word, ends : In(1)
        A word is written in this cycle; with it the writer is done with its bank.
    step, leaves : In(1)
        A word is read in this cycle; with it the reader is done with its bank.
    differ, differ_next : In(1)
        The word that would be read, and the one after it, is not the one that would be written next, if both are of
        one bank: for `read`.
    write, read : Out(1)
        A word may be written; one that was written is there to be read.
    into, out_of : Out(1)
        The writer's bank, and the reader's.
    empty : Out(1)
        The reader has caught up with the writer's last tile.
    """

    def __init__(self) -> None:
        inputs = ("clear", "word", "ends", "step", "leaves", "differ", "differ_next")
        ports = {name: In(1) for name in inputs} | {name: Out(1) for name in ("read", "into", "out_of")}
        super().__init__(ports | {name: Out(1, init=1) for name in ("write", "empty")})

    def elaborate(self, platform: object) -> Module:
        m, filled, emptied = Module(), Signal(), Signal()
        # Modulo four: the writer is -1, 0, 1 or 2 tiles ahead.
        lead, ahead = Signal(2), Signal(2)
        m.d.comb += [
            filled.eq(self.word & self.ends),
            emptied.eq(self.step & self.leaves),
            # As logic of four inputs: a sum would be a carry chain.
            ahead[0].eq(lead[0] ^ filled ^ emptied),
            ahead[1].eq(lead[1] ^ ((filled & ~emptied & lead[0]) | (emptied & ~filled & ~lead[0]))),
        ]
        # Of the bank that is read all is written; or it is the writer's, and so far the two differ, or will by a word.
        whole, shared = Signal(2), Signal(2)
        m.d.comb += [
            whole.eq(Cat(Mux(self.leaves, ~self.write, lead[0] ^ lead[1]), lead[0] ^ lead[1])),
            shared.eq(Cat(Mux(self.leaves, lead == 1, lead == 0), lead == 0)),
        ]
        # Each if a word is read, and if none is.
        written, others = Signal(2), Signal(2)
        m.d.comb += [written.eq(whole | shared), others.eq(whole | (shared & Cat(self.differ_next, self.differ)))]
        m.d.sync += [
            lead.eq(ahead),
            self.write.eq(ahead != 2),
            self.empty.eq(ahead == 0),
            # These two are known last.
            self.read.eq(Mux(self.word, Mux(self.step, *written), Mux(self.step, *others))),
            self.into.eq(self.into ^ filled),
            self.out_of.eq(self.out_of ^ emptied),
        ]
        with m.If(self.clear):
            m.d.sync += [
                *(signal.eq(0) for signal in (lead, self.read, self.into, self.out_of)),
                *(signal.eq(1) for signal in (self.write, self.empty)),
            ]
        return m


def add_memory(
    m: Module, target: Target, may: Value, written: tuple[Value, Value, Value], read: Value, move: Value, depth: int
) -> Value:
    """A memory, added to `m`, of words that are written and read in one cycle, but never the same.

    Parameters
    ----------
    m : Module
    target : Target
        The fabric: there may be something better than what synthesis makes of a memory.
    may : Value
        A word may be written: set whenever one is.
    written : Values
        Whether a word is written in this cycle, or, with a bit for each of its equal parts, which of them; where to;
        and the word.
    read : Value
        Where one is read. None is while one may be written there.
    move : Value
        While it is low, what was read stays where it is.
    depth : int
        Words.

    Returns
    -------
    The word that was read two moves before: a block's output and a register, for blocks are slow.
    """
    enable, into, word = written
    part = len(word) // len(enable)
    if in_blocks(target, depth, part):
        parts = [(enable[n], into, word.word_select(n, part)) for n in range(len(enable))]
        m.submodules.memory = inner = Module()
        return Cat(add_blocks(inner, f"part{n}", part, read, move, depth) for n, part in enumerate(parts))
    m.submodules.memory = memory = Memory(shape=len(word), depth=depth, init=[])
    write, shown = memory.write_port(granularity=part), memory.read_port()
    kept = Signal(len(word), name="word_read", reset_less=True)
    m.d.comb += [
        write.en.eq(enable),
        write.addr.eq(into),
        write.data.eq(word),
        # So that synthesis can prove that it need not care which value is read.
        shown.en.eq(move & (~may | (read != into))),
        shown.addr.eq(read),
    ]
    with m.If(move):
        m.d.sync += kept.eq(shown.data)
    return kept
