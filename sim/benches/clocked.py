"""The bench of every unit without a handshake: drive, sample, compare, cycle by cycle.

It reads its plays from the file that ``$MACSMITH_PLAYS`` names, and writes what it compared to the
one that ``$MACSMITH_EVIDENCE`` names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

from sim.benches.checker import check
from sim.benches.driver import Driver
from sim.benches.monitor import Monitor
from sim.benches.pins import Pins
from sim.benches.play import LEAD, Play, load, note

PLAYS = {play.name: play for play in load(Path(os.environ["MACSMITH_PLAYS"]), Play)}
EVIDENCE = Path(os.environ["MACSMITH_EVIDENCE"])


@cocotb.test()
@cocotb.parametrize(name=list(PLAYS))
async def play(dut: Any, name: str) -> None:
    """Play and compare."""
    plan = PLAYS[name]
    monitor = Monitor(dut, list(plan.expected))
    pins = Pins(dut)
    await (settled(dut, plan, monitor) if pins.clock is None else clocked(dut, plan, monitor, pins))

    note(EVIDENCE, name, check(plan, monitor.samples), plan.cycles)


async def clocked(dut: Any, plan: Play, monitor: Monitor, pins: Pins) -> None:
    """A reset of one cycle, then a cycle for each line of the play."""
    inputs = dict(plan.inputs)
    resets = inputs.pop("rst", [0] * plan.cycles)
    driver, edge = Driver(dut, list(inputs)), RisingEdge(pins.clock)
    # Each play finds the state that the one before left: reset has to undo it.
    driver.drive(tuple(codes[0] for codes in inputs.values()))
    await pins.follow(0, 1)
    # It starts low, so that there is one edge in the reset, wherever the play before stopped.
    Clock(pins.clock, 10, "ns").start(start_high=False)
    for _ in range(LEAD):
        await edge

    before = 1
    for cycle, (reset, values) in enumerate(zip(resets, zip(*inputs.values(), strict=True), strict=True)):
        driver.drive(values)
        if pins.asynchronous or reset != before:
            await pins.follow(before, reset)
        before = reset
        await edge
        # Just after an edge a register still shows what it held before it.
        if cycle:
            monitor.sample()
    await edge
    monitor.sample()


async def settled(dut: Any, plan: Play, monitor: Monitor) -> None:
    """For logic without a clock: a moment for each line of the play."""
    driver, moment = Driver(dut, list(plan.inputs)), Timer(10, "ns")
    for values in zip(*plan.inputs.values(), strict=True):
        driver.drive(values)
        await moment
        monitor.sample()
