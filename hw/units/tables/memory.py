"""A memory for a table: synthesis makes LUT RAM or block RAM of it."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import memory
from amaranth.lib.wiring import In, Out

from hw.units.unit import Unit

STYLES = {"lutram": "distributed", "blockram": "block"}
"""What synthesis tools call a storage, in the attribute ``ram_style``."""


class Memory(Unit):
    """A memory with a port to write and a port to read.

    Parameters
    ----------
    storage : str
        ``lutram``, which shows what is at an address at once, or ``blockram``, which shows it behind a clock edge.
    address_bits, width : int
        Of an address and of a word.

    Members
    -------
    write_en, write_address, write_data : In
        A word is written at a clock edge. Nothing may read its address at the same edge.
    address : In(address_bits)
    en : In(1), only of block RAM
        While low, what is shown stays.
    data : Out(width)
    """

    def __init__(self, storage: str, address_bits: int, width: int) -> None:
        self.storage, self.width = storage, width
        enable = {"en": In(1)} if storage == "blockram" else {}
        super().__init__(
            {
                "write_en": In(1),
                "write_address": In(address_bits),
                "write_data": In(width),
                "address": In(address_bits),
                **enable,
                "data": Out(width),
            }
        )

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        return {}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        attributes = {"ram_style": STYLES[self.storage]}
        words = memory.Memory(shape=self.width, depth=1 << len(self.address), init=[], attrs=attributes)
        m.submodules.words = words
        write = words.write_port()
        m.d.comb += [write.addr.eq(self.write_address), write.data.eq(self.write_data), write.en.eq(self.write_en)]
        read = words.read_port(domain="sync" if self.storage == "blockram" else "comb")
        m.d.comb += [read.addr.eq(self.address), self.data.eq(read.data)]
        if self.storage == "blockram":
            m.d.comb += read.en.eq(self.en)
        return m
