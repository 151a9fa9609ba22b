"""A driver and a core meet on a serial line: the driver's Python runs as it does on a host, the line bit by bit.

``$MACSMITH_DRIVER`` is the driver's file, which stands alone; ``$MACSMITH_TASK`` says what it is to do: products, or a
network on its images. What comes of that goes, as JSON, to the file that ``$MACSMITH_SAID`` names.
"""

from __future__ import annotations

import json
import os
from collections import deque
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.task import bridge, resume
from cocotb.triggers import ClockCycles, Event, FallingEdge, SimTimeoutError, Timer, with_timeout

PERIOD, BITS = 10, 8
PATIENCE = 4_000_000
"""Nanoseconds, and those that a read waits for a byte."""


class Line:
    """The host's end of a line: `read` and `write` as of pyserial's ports."""

    def __init__(self, dut: Any, cycles: int) -> None:
        self.dut, self.bit = dut, cycles * PERIOD
        self.come: deque[int] = deque()
        self.more = Event()
        self.sent = 0
        self.dut.rx.value = 1
        cocotb.start_soon(self._listen())

    @resume
    async def write(self, data: bytes) -> None:
        for byte in data:
            for level in (0, *(byte >> n & 1 for n in range(BITS)), 1):
                self.dut.rx.value = level
                await Timer(self.bit, "ns")
        self.sent += len(data)

    @resume
    async def read(self, size: int) -> bytes:
        while len(self.come) < size:
            self.more.clear()
            try:
                await with_timeout(self.more.wait(), PATIENCE, "ns")
            except SimTimeoutError:
                break
        return bytes(self.come.popleft() for _ in range(min(size, len(self.come))))

    async def _listen(self) -> None:
        while True:
            await FallingEdge(self.dut.tx)
            await Timer(self.bit + self.bit // 2, "ns")
            byte = 0
            for n in range(BITS):
                byte |= int(self.dut.tx.value) << n
                await Timer(self.bit, "ns")
            assert int(self.dut.tx.value), "a byte has no stop bit"
            self.come.append(byte)
            self.more.set()


def loaded(path: str) -> Any:
    """A module of a file, for itself."""
    spec = spec_from_file_location("driver", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def perform(line: Line, driver: Any, task: dict[str, Any]) -> list[Any]:
    """Do a task with a core at a line: what came of it, or, of what the driver refuses, what it says."""
    core, found = driver.Core(line, task["about"]), []
    core.check()
    for job in task.get("jobs", ()):
        try:
            found.append(core.matmul(**job))
        except driver.CoreError as error:
            found.append(str(error))
    if "network" in task:
        found.append(driver.run(core, task["network"]))
    return found


@cocotb.test()
async def talk(dut: Any) -> None:
    """Do a task to its end."""
    Clock(dut.clk, PERIOD, "ns").start(start_high=False)
    task = json.loads(Path(os.environ["MACSMITH_TASK"]).read_text())
    line = Line(dut, task["cycles"])
    dut.rst.value = 1
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    await ClockCycles(dut.clk, 4)
    found = await bridge(perform)(line, loaded(os.environ["MACSMITH_DRIVER"]), task)
    Path(os.environ["MACSMITH_SAID"]).write_text(json.dumps(found))
