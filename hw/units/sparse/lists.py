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
        self.of = Signal(name="bank_of")
        self._taken, self._full = ([Signal(name=f"{name}{bank}") for bank in range(2)] for name in ("taken", "full"))
        self._final = [Signal(name=f"final{bank}", reset_less=True) for bank in range(2)]
        self._used = [Signal(spec.places, name=f"places_used{bank}") for bank in range(2)]
        self.full, self.final = (Mux(self.of, flags[1], flags[0]) for flags in (self._full, self._final))
        self.counts = Memory(shape=spec.k.bit_length(), depth=2 << spec.place_bits, init=[])
        m.submodules.counts = self.counts

    def fill(self, a: Any) -> None:
        """Logic that fills banks with what stream `a` brings: a digit is found, and in the next cycle listed."""
        m, spec = self.m, self.spec
        held, room, done, ends = (Signal(name=f"code_{name}") for name in ("held", "room", "done", "ends"))
        digits, minus = (Signal(spec.places, name=name, reset_less=True) for name in ("digits", "minus"))
        last = Signal(name="code_last", reset_less=True)
        rest, lowest = Signal(spec.places, name="digits_left"), Signal(spec.places, name="digit")
        code, into = Signal(range(spec.k), name="code"), Signal(name="bank_into")
        m.d.comb += [
            room.eq(held & ~Mux(into, self._taken[1], self._taken[0])),
            rest.eq(Cat(digits[n] & digits[:n].any() for n in range(spec.places))),
            lowest.eq(digits & ~rest),
            done.eq(~rest.any()),
            ends.eq(last | (code == spec.k - 1)),
            a.ready.eq(~held | (room & done)),
        ]
        places, negative = recoded(m, spec, Value.cast(a.payload.x))
        # What is held without being valid is of no use, but to choose needs no gate more.
        with m.If(~held | room):
            m.d.sync += digits.eq(Mux(~held | done, places, rest))
        with m.If(a.ready):
            m.d.sync += [held.eq(a.valid), minus.eq(negative), last.eq(a.payload.last)]
        with m.If(room & done):
            m.d.sync += [code.eq(Mux(ends, 0, (code + 1)[: len(code)])), into.eq(into ^ ends)]

        self._bank(into, room, lowest, done & ends, last)
        place = Cat(Cat(lowest[n] for n in range(spec.places) if n >> bit & 1).any() for bit in range(spec.place_bits))
        before = (Mux(into, self._used[1], self._used[0]) & lowest).any()
        entry = Cat(code, (minus & lowest).any())
        # Nothing of these needs a reset: what is listed is read only if its place is known to be used.
        found = {
            "listed": room & digits.any(),
            "place_found": Cat(place, into),
            "place_used": before,
            "found_entry": entry,
        }
        self._list(*(self._kept(name, value) for name, value in found.items()))

    def _bank(self, into: Signal, room: Signal, lowest: Signal, complete: Value, last: Signal) -> None:
        """What is known of banks: that a place is used, and that a vector is complete."""
        m = self.m
        # One is full when its counts are complete; the last entry comes a cycle later, but is not read at once.
        for bank, (taken, full, used) in enumerate(zip(self._taken, self._full, self._used, strict=True)):
            m.d.sync += full.eq(taken)
            with m.If(room & (into == bank)):
                m.d.sync += used.eq(used | lowest)
                with m.If(complete):
                    m.d.sync += [taken.eq(1), self._final[bank].eq(last)]

    def _kept(self, name: str, value: Value) -> Signal:
        """A value as it was in the cycle before."""
        register = Signal(len(value), name=name, reset_less=True)
        self.m.d.sync += register.eq(value)
        return register

    def _list(self, listed: Signal, place: Signal, used: Signal, entry: Signal) -> None:
        """List a digit behind the others of its place, if there are some."""
        m, slot = self.m, Signal(self.spec.k.bit_length(), name="slot_into")
        before, write = self.counts.read_port(domain="comb"), self.counts.write_port()
        m.d.comb += [
            before.addr.eq(place),
            slot.eq((Mux(used, before.data, 0) + 1)[: len(slot)]),
            write.addr.eq(place),
            write.data.eq(slot),
            write.en.eq(listed),
        ]
        where = self._kept("written_to", Cat(slot[: self.spec.index_bits], place))
        self._write = self._kept("written", listed), where, self._kept("written_entry", entry)

    def look(self, place: Signal) -> tuple[Value, Value]:
        """How many entries a place has, if it has some; and whether it has."""
        count = self.counts.read_port(domain="comb")
        self.m.d.comb += count.addr.eq(Cat(place, self.of))
        return count.data, Mux(self.of, self._used[1], self._used[0]).bit_select(place, 1)

    def entry(self, place: Signal, slot: Signal, move: Value) -> Value:
        """The entry that was in a slot two moves before."""
        inner, depth = Module(), 2 << (self.spec.place_bits + self.spec.index_bits)
        self.m.submodules.lists = inner
        read = Cat(slot[: self.spec.index_bits], place, self.of)
        return add_memory(inner, self.target, self._write[0], self._write, read, move, depth)

    def release(self, done: Value) -> None:
        """Logic that empties the bank that was worked off."""
        m = self.m
        with m.If(done):
            m.d.sync += self.of.eq(~self.of)
        for bank in range(2):
            with m.If(done & (self.of == bank)):
                m.d.sync += [flag.eq(0) for flag in (self._taken[bank], self._full[bank], self._used[bank])]
