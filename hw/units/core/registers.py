"""A register file behind AXI4-Lite."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.registers import WORD, Part, Register


def axil_members(address_width: int) -> dict[str, wiring.Member]:
    """The signals of an AXI4-Lite subordinate of 32 bits."""
    return {
        "awaddr": In(address_width),
        "awprot": In(3),
        "awvalid": In(1),
        "awready": Out(1),
        "wdata": In(WORD),
        "wstrb": In(WORD // 8),
        "wvalid": In(1),
        "wready": Out(1),
        "bresp": Out(2),
        "bvalid": Out(1),
        "bready": In(1),
        "araddr": In(address_width),
        "arprot": In(3),
        "arvalid": In(1),
        "arready": Out(1),
        "rdata": Out(WORD),
        "rresp": Out(2),
        "rvalid": Out(1),
        "rready": In(1),
    }


def address_width(registers: Sequence[Register]) -> int:
    """Bits of an address of any of them."""
    return (max(register.address for register in registers) + WORD // 8 - 1).bit_length()


class RegisterFile(wiring.Component):
    """Registers, as data says, behind AXI4-Lite.

    A write waits for both its address and its data. It answers SLVERR, and changes nothing, if no register that can be
    written is there, if not all bytes are, or if the register is a setting and `locked` is high. A read of what is not
    there answers SLVERR and 0. One write and one read are under way at a time.

    Parameters
    ----------
    registers : sequence of Register
        No two parts of them have one name.

    Members
    -------
    awaddr ... rready
        AXI4-Lite.
    locked : In(1)
        Settings keep what they have.

    Attributes
    ----------
    settings, shown, commands : dict of str to Signal
        The parts of registers by their names: what was written, what is to be read, and a pulse, in the cycle after
        that in which the write is accepted, of what is to be done.
    """

    def __init__(self, registers: Sequence[Register]) -> None:
        self.registers = registers
        super().__init__({**axil_members(address_width(registers)), "locked": In(1)})
        self.settings = self._parts("setting")
        self.shown = self._parts("read")
        self.commands = self._parts("write")

    def _parts(self, access: str) -> dict[str, Signal]:
        parts = [part for register in self.registers if register.access == access for part in register.parts]
        return {part.name: Signal(part.width, name=part.name, init=part.value) for part in parts}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._write(m)
        self._read(m)
        return m

    def _write(self, m: Module) -> None:
        """The address is taken first, and waits for its data; the response waits to be taken.

        What is written is written in the next cycle, if it may be in this one.
        """
        held, refused, data = Signal(), Signal(), Signal(WORD, name="data_taken")
        write, denied, whole = Signal(), Signal(), Signal()
        m.d.sync += data.eq(self.wdata)
        m.d.comb += [
            self.awready.eq(~held & ~self.bvalid),
            self.wready.eq(held),
            write.eq(self.wvalid & held),
            whole.eq(self.wstrb.all()),
            # 2 is SLVERR.
            self.bresp.eq(Cat(Const(0, 1), refused)),
        ]
        with m.If(write):
            m.d.sync += [held.eq(0), self.bvalid.eq(1), refused.eq(denied)]
        with m.If(self.bvalid & self.bready):
            m.d.sync += self.bvalid.eq(0)
        granted: list[Value] = []
        for access, locked in (("setting", self.locked), ("write", Const(0, 1))):
            may, does, matches = Signal(name=f"may_{access}"), Signal(name=f"does_{access}"), []
            m.d.comb += may.eq(whole & ~locked)
            m.d.sync += does.eq(write & may)
            for register in (each for each in self.registers if each.access == access):
                addressed, match = Signal(name=f"address_{register.name}"), self.awaddr[2:] == register.address >> 2
                matches.append(match)
                with m.If(self.awvalid & self.awready):
                    m.d.sync += addressed.eq(match)
                for part in register.parts:
                    self._put(m, register, part, data, does & addressed)
            # Whether any is meant is known with the address, so the answer does not look at each.
            some = Signal(name=f"address_{access}")
            with m.If(self.awvalid & self.awready):
                m.d.sync += some.eq(Cat(matches).any())
            granted.append(may & some)
        with m.If(self.awvalid & self.awready):
            m.d.sync += held.eq(1)
        m.d.comb += denied.eq(~Cat(granted).any())

    def _put(self, m: Module, register: Register, part: Part, data: Value, write: Value) -> None:
        written = data[part.low : part.low + part.width]
        if register.access == "write":
            m.d.comb += self.commands[part.name].eq(written & write.replicate(part.width))
            return
        with m.If(write):
            m.d.sync += self.settings[part.name].eq(written)

    def _read(self, m: Module) -> None:
        """The address is taken, then words are caught, of each half of the registers; then one waits to be taken."""
        reading, caught, absent = Signal(), Signal(), Signal()
        here = Signal(len(self.registers))
        # No two addresses are alike, so the words may be joined.
        words = [self._word(known) & flag.replicate(WORD) for known, flag in zip(self.registers, here, strict=True)]
        halves = [Signal(WORD, name=name) for name in ("low_word", "high_word")]
        m.d.comb += [self.arready.eq(~self.rvalid & ~reading & ~caught), self.rresp.eq(Cat(Const(0, 1), absent))]
        m.d.sync += [reading.eq(self.arvalid & self.arready), caught.eq(reading)]
        m.d.sync += [half.eq(reduce(or_, words[number::2])) for number, half in enumerate(halves)]
        with m.If(self.arvalid & self.arready):
            m.d.sync += here.eq(Cat(self.araddr[2:] == register.address >> 2 for register in self.registers))
        with m.If(caught):
            m.d.sync += [self.rvalid.eq(1), self.rdata.eq(halves[0] | halves[1]), absent.eq(~here.any())]
        with m.If(self.rvalid & self.rready):
            m.d.sync += self.rvalid.eq(0)

    def _word(self, register: Register) -> Value:
        parts: list[Value] = []
        for part in register.parts:
            parts.append(Const(0, part.low - len(Cat(*parts))))
            match register.access:
                case "constant":
                    parts.append(Const(part.value, part.width))
                case "setting":
                    parts.append(self.settings[part.name])
                case "read":
                    parts.append(self.shown[part.name])
                case _:
                    parts.append(Const(0, part.width))
        return Cat(*parts)
