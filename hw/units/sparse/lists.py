"""Vectors as lists of signed digits, one for each place: two banks, of which one is filled and one is worked off."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.memory import Memory

from hw.specs.sparse import SparseSpec
from hw.target import Target
from hw.units.core.banks import add_memory
from hw.units.sparse.recode import recoded


class Lists:
    """Takes vectors code by code, and lists a digit a cycle; a code without any takes one, too.

    An entry is the number of the code, and above it the sign of the digit. Those of a place are in slots from 1 on.

    Parameters
    ----------
    m : Module
        Where it goes.
    spec : SparseSpec
    target : Target

    Attributes
    ----------
    full, final : Value
        Whether the bank that is worked off is full; whether its vector is the last one for the matrix.
    """

    def __init__(self, m: Module, spec: SparseSpec, target: Target) -> None:
        self.m, self.spec, self.target = m, spec, target
        self.into, self.of = Signal(name="bank_into"), Signal(name="bank_of")
        self._full = [Signal(name=f"full{bank}") for bank in range(2)]
        self._final = [Signal(name=f"final{bank}", reset_less=True) for bank in range(2)]
        self._used = [Signal(spec.places, name=f"places_used{bank}") for bank in range(2)]
        self.full, self.final = (Mux(self.of, flags[1], flags[0]) for flags in (self._full, self._final))
        self.index_bits, self.place_bits = (spec.k - 1).bit_length(), (spec.places - 1).bit_length()
        self.counts = Memory(shape=spec.k.bit_length(), depth=2 << self.place_bits, init=[])
        m.submodules.counts = self.counts

    def fill(self, a: Any) -> None:
        """Logic that fills banks with what stream `a` brings."""
        m, spec = self.m, self.spec
        held, room, done, ends = (Signal(name=f"code_{name}") for name in ("held", "room", "done", "ends"))
        digits, minus = Signal(spec.places, name="digits"), Signal(spec.places, name="minus")
        last, code = Signal(name="code_last"), Signal(range(spec.k), name="code")
        rest = Signal(spec.places, name="digits_left")
        m.d.comb += [
            room.eq(held & ~Mux(self.into, self._full[1], self._full[0])),
            rest.eq(digits & (digits - 1)[: spec.places]),
            done.eq(~rest.any()),
            ends.eq(last | (code == spec.k - 1)),
            a.ready.eq(~held | (room & done)),
        ]
        with m.If(room):
            m.d.sync += digits.eq(rest)
            with m.If(done):
                m.d.sync += [held.eq(0), code.eq(Mux(ends, 0, (code + 1)[: len(code)]))]
        complete = room & done & ends
        with m.If(complete):
            m.d.sync += self.into.eq(~self.into)
        for bank in range(2):
            with m.If(complete & (self.into == bank)):
                m.d.sync += [self._full[bank].eq(1), self._final[bank].eq(last)]
        places, negative = recoded(m, spec, Value.cast(a.payload.x))
        with m.If(a.valid & a.ready):
            m.d.sync += [held.eq(1), digits.eq(places), minus.eq(negative), last.eq(a.payload.last)]
        self._list(room & digits.any(), digits & ~rest, minus, code)

    def _list(self, listed: Value, lowest: Value, minus: Signal, code: Signal) -> None:
        """List the digit whose place is the only one in `lowest`."""
        m, spec = self.m, self.spec
        place = Signal(self.place_bits, name="place_into")
        m.d.comb += place.eq(Cat(Cat(lowest[n] for n in range(spec.places) if n >> bit & 1).any()
                                 for bit in range(self.place_bits)))  # fmt: skip
        before, write = self.counts.read_port(domain="comb"), self.counts.write_port()
        slot = Signal(spec.k.bit_length(), name="slot_into")
        used = (Mux(self.into, self._used[1], self._used[0]) & lowest).any()
        m.d.comb += [
            before.addr.eq(Cat(place, self.into)),
            slot.eq((Mux(used, before.data, 0) + 1)[: len(slot)]),
            write.addr.eq(before.addr),
            write.data.eq(slot),
            write.en.eq(listed),
        ]
        for bank, flags in enumerate(self._used):
            with m.If(listed & (self.into == bank)):
                m.d.sync += flags.eq(flags | lowest)
        self._write = listed, Cat(slot[: self.index_bits], place, self.into), Cat(code, (minus & lowest).any())

    def look(self, place: Signal) -> tuple[Value, Value]:
        """How many entries a place has, if it has some; and whether it has."""
        count = self.counts.read_port(domain="comb")
        self.m.d.comb += count.addr.eq(Cat(place, self.of))
        return count.data, Mux(self.of, self._used[1], self._used[0]).bit_select(place, 1)

    def entry(self, place: Signal, slot: Signal, move: Value) -> Value:
        """The entry that was in a slot two moves before."""
        inner, depth = Module(), 2 << (self.place_bits + self.index_bits)
        self.m.submodules.lists = inner
        read = Cat(slot[: self.index_bits], place, self.of)
        return add_memory(inner, self.target, self._write[0], self._write, read, move, depth)

    def release(self, done: Value) -> None:
        """Logic that empties the bank that was worked off."""
        m = self.m
        with m.If(done):
            m.d.sync += self.of.eq(~self.of)
        for bank in range(2):
            with m.If(done & (self.of == bank)):
                m.d.sync += [self._full[bank].eq(0), self._used[bank].eq(0)]
