"""A watch over the ports of a GEMM core: do they keep AXI's rules, and how long does a run take?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocotb.triggers import RisingEdge

from sim.benches.pins import Pins

CHANNELS = {
    "m_axis": ("_tvalid", "_tready", ("_tdata", "_tkeep", "_tlast")),
    "s_axil_b": ("valid", "ready", ("resp",)),
    "s_axil_r": ("valid", "ready", ("data", "resp")),
}
"""The channels on which the core offers something: names of valid and ready, and of what has to stay."""


class Watch:
    """Looks at every clock edge.

    Attributes
    ----------
    cycles : int
        From the last start to the last result of its frame; 0 as long as that has not come.
    """

    def __init__(self, dut: Any, pins: Pins, command: Mapping[str, Any]) -> None:
        self.dut, self.pins, self.command = dut, pins, command["address"]
        self.bits = {part: 1 << low for part, (low, _width) in command["parts"].items()}
        self.channels = {name: self._handles(name, *parts) for name, parts in CHANNELS.items()}
        self.held: dict[str, list[int]] = {}
        self.address, self.count, self.started, self.cycles = -1, 0, 0, 0

    def _handles(self, name: str, valid: str, ready: str, payload: tuple[str, ...]) -> tuple[Any, Any, list[Any]]:
        handles = [getattr(self.dut, f"{name}{part}") for part in (valid, ready, *payload)]
        return handles[0], handles[1], handles[2:]

    async def run(self) -> None:
        """Watch for ever."""
        edge = RisingEdge(self.pins.clock)
        while True:
            # Just after an edge everything still shows what it held before it.
            await edge
            self.count += 1
            if self.pins.resetting:
                self.forget()
                continue
            for name in self.channels:
                self._keep(name)
            self._time()

    def forget(self) -> None:
        """What was offered may go, for there was a reset."""
        self.held.clear()

    def _keep(self, name: str) -> None:
        """What is offered stays until it is taken."""
        valid, ready, payload = self.channels[name]
        before = self.held.pop(name, None)
        if not int(valid.get()):
            assert before is None, f"{name}: valid fell before what it offered was taken"
            return
        shown = [int(handle.get()) for handle in payload]
        assert before in (None, shown), f"{name}: what was offered changed while it waited"
        if not int(ready.get()):
            self.held[name] = shown

    def _time(self) -> None:
        """Note when a start is accepted, and when the last result passes."""
        dut = self.dut
        if int(dut.s_axil_awvalid.get()) and int(dut.s_axil_awready.get()):
            self.address = int(dut.s_axil_awaddr.get())
        if int(dut.s_axil_wvalid.get()) and int(dut.s_axil_wready.get()) and self.address == self.command:
            word = int(dut.s_axil_wdata.get())
            if word & self.bits["start"]:
                self.started, self.cycles = self.count, 0
            if word & self.bits["reset"]:
                self.held.pop("m_axis", None)
        if all(int(handle.get()) for handle in (dut.m_axis_tvalid, dut.m_axis_tready, dut.m_axis_tlast)):
            self.cycles = self.count - self.started
