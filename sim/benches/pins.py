"""Clock and reset as a project has them: ``$MACSMITH_CLOCKING`` says so, as a design's manifest does.

A reset that acts at once is asserted just after an edge at which one that waits for an edge would have acted, and
released before the next edge at which that would not: what is in the registers is the same in between.
"""

from __future__ import annotations

import json
import os
from typing import Any

from cocotb.triggers import RisingEdge, Timer

USUAL: dict[str, Any] = {"clock": "clk", "reset": "rst", "asynchronous": False, "active": "high"}
RELEASE = 2
"""Nanoseconds after an edge at which a reset that acts at once is released."""


class Pins:
    """A design's clock and reset.

    Attributes
    ----------
    clock, reset : handle or None
        None of a design that has none.
    asynchronous : bool
        Whether a reset acts at once.
    active : int
        What the reset's pin holds in reset.
    """

    def __init__(self, dut: Any) -> None:
        told = json.loads(os.environ.get("MACSMITH_CLOCKING") or "null") or USUAL
        self.clock: Any = getattr(dut, told["clock"], None)
        self.reset: Any = getattr(dut, told["reset"], None)
        self.asynchronous, self.active = told["asynchronous"], int(told["active"] == "high")
        self.set(0)

    @property
    def resetting(self) -> bool:
        """Whether the pin is active now; just after an edge, whether it was then."""
        return int(self.reset.get()) == self.active

    def set(self, on: int) -> None:
        """Assert the reset, or release it."""
        if self.reset is not None:
            self.reset.set(int(on) if self.active else int(not on))

    async def hold(self, edges: int = 1) -> None:
        """Be in reset at so many edges, from the next on."""
        edge = RisingEdge(self.clock)
        if not self.asynchronous:
            self.set(1)
        for _ in range(edges):
            await edge
            if self.asynchronous:
                self.set(1)
        if self.asynchronous:
            await Timer(RELEASE, "ns")
        self.set(0)

    async def follow(self, before: int, now: int) -> None:
        """In the cycle that has begun, be what a play says of it, and said of the one before."""
        if not self.asynchronous:
            self.set(now)
            return
        self.set(before)
        if before and not now:
            await Timer(RELEASE, "ns")
            self.set(0)
