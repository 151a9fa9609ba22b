"""The bench of GEMM cores: AXI4-Lite to command, AXI4-Stream in and out, driven by cocotbext-axi.

It reads its plays from the file that ``$MACSMITH_PLAYS`` names, writes what it compared to the one that
``$MACSMITH_EVIDENCE`` names, and beside that, as ``outcomes.json``, what came of every job.
"""

from __future__ import annotations

import json
import logging
import os
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, First, RisingEdge, SimTimeoutError, Timer, with_timeout

# It works with cocotb 2, by names that cocotb warns of.
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"cocotbext\.axi")

from cocotbext.axi import (  # noqa: E402
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamSink,
    AxiStreamSource,
)

from sim.benches.coreplay import CorePlay, Job, Outcome, RegisterMap  # noqa: E402
from sim.benches.corewatch import Watch  # noqa: E402
from sim.benches.low import stay_low  # noqa: E402
from sim.benches.pins import Pins  # noqa: E402
from sim.benches.play import load, note  # noqa: E402

PLAYS: dict[str, CorePlay] = {play.name: play for play in load(Path(os.environ["MACSMITH_PLAYS"]), CorePlay)}
EVIDENCE = Path(os.environ["MACSMITH_EVIDENCE"])
PERIOD, QUIET, PATIENCE = 10, 8, 1024
"""Nanoseconds of a cycle; cycles after a job in which nothing more may come; and in which a register answers."""


@cocotb.test()
@cocotb.parametrize(name=list(PLAYS))
async def play(dut: Any, name: str) -> None:
    """Play and compare."""
    plan = PLAYS[name]
    core = Core(dut, plan.registers)
    Clock(core.pins.clock, PERIOD, "ns").start(start_high=False)
    core.pause(plan.pauses, random.Random(name))
    await core.reset()
    cocotb.start_soon(stay_low(dut, name, plan.low, RisingEdge(core.pins.clock)))
    if plan.flip:
        cocotb.start_soon(core.flip(**plan.flip))
    compared, cycles, outcomes = 0, 0, []
    for number, values in enumerate(plan.jobs):
        job = Job(**values)
        outcome = await core.do(job)
        compared += compare(f"{name}, job {number}", job, outcome)
        cycles += outcome.cycles
        outcomes.append(asdict(outcome))
    note(EVIDENCE, name, compared, cycles)
    path = EVIDENCE.with_name("outcomes.json")
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | {name: outcomes}))


def compare(name: str, job: Job, outcome: Outcome) -> int:
    """Raise AssertionError unless the outcome is what the job promises; how much was compared."""
    right, results = job.results, outcome.results
    if right is not None:
        differ = next((at for at, pair in enumerate(zip(right, results, strict=False)) if len(set(pair)) > 1), None)
        assert differ is None, f"{name}: byte {(differ or 0) // 2} of the results is not {_byte(right, differ)}"
        assert len(results) == len(right), f"{name}: {len(results) // 2} bytes of results, not {len(right) // 2}"
    for part, value in job.shown.items():
        shown = outcome.shown[part]
        assert shown == value, f"{name}: {part} expected {value}, got {shown}"
    if job.duration is not None:
        assert outcome.cycles == job.duration, f"{name}: took {outcome.cycles} cycles, not {job.duration}"
    return job.samples


class Core:
    """A core, as a program that has it on its bus sees it.

    Parameters
    ----------
    dut : handle
        The design.
    registers : RegisterMap
        Where everything is.
    """

    def __init__(self, dut: Any, registers: RegisterMap) -> None:
        self.dut, self.registers = dut, registers
        self.homes = {part: name for name, register in registers.items() for part in register["parts"]}
        self.pins = Pins(dut)
        clocking = self.pins.clock, self.pins.reset, bool(self.pins.active)
        self.bus = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *clocking)
        names = [name for name in ("s_axis_a", "s_axis_b", "s_axis_p") if hasattr(dut, f"{name}_tdata")]
        self.sources = {name: AxiStreamSource(AxiStreamBus.from_prefix(dut, name), *clocking) for name in names}
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), *clocking)
        self.watch = Watch(dut, self.pins, registers["COMMAND"])
        for side in [*self.sources.values(), self.sink]:
            side.log.setLevel(logging.ERROR)  # it would print all that a reset makes it forget
        cocotb.start_soon(self.watch.run())

    def pause(self, chances: Mapping[str, float], chance: random.Random) -> None:
        """Let sides of streams, and of the channels of AXI4-Lite, pause by chance."""
        write, read = self.bus.write_if, self.bus.read_if
        sides = {
            **self.sources,
            "m_axis": self.sink,
            "s_axil_aw": write.aw_channel,
            "s_axil_w": write.w_channel,
            "s_axil_b": write.b_channel,
            "s_axil_ar": read.ar_channel,
            "s_axil_r": read.r_channel,
        }
        for name, probability in chances.items():
            if name in sides and probability:
                sides[name].set_pause_generator(_pauses(probability, random.Random(chance.random())))

    async def reset(self) -> None:
        """A cycle of reset; what was to be sent or has come is forgotten."""
        self._forget()
        await self.pins.hold()
        self.watch.forget()
        await ClockCycles(self.pins.clock, 1)

    async def set(self, **parts: int) -> None:
        """Write to registers; parts of them that are not given become 0."""
        words: dict[str, int] = {}
        for part, value in parts.items():
            low, _width = self.registers[self.homes[part]]["parts"][part]
            words[self.homes[part]] = words.get(self.homes[part], 0) | value << low
        for name, word in words.items():
            address = self.registers[name]["address"]
            response = await self._answer(self.bus.write, address, word.to_bytes(4, "little"))
            assert response.resp == AxiResp.OKAY, f"writing to {name} answered {response.resp!r}"

    async def get(self) -> dict[str, int]:
        """Every part of every register."""
        shown: dict[str, int] = {}
        for name, register in self.registers.items():
            response = await self._answer(self.bus.read, register["address"], 4)
            assert response.resp == AxiResp.OKAY, f"reading {name} answered {response.resp!r}"
            word = int.from_bytes(response.data, "little")
            known = sum((1 << width) - 1 << low for low, width in register["parts"].values())
            assert not word & ~known, f"{name} shows {word:#x}, of which only {known:#x} has a meaning"
            shown |= {part: word >> low & (1 << width) - 1 for part, (low, width) in register["parts"].items()}
        return shown

    async def _answer(self, ask: Callable[..., Any], address: int, *what: Any) -> Any:
        """What a register says to reading or writing."""
        try:
            return await with_timeout(ask(address, *what), PATIENCE * PERIOD, "ns")
        except SimTimeoutError:
            raise AssertionError(f"address {address:#x} does not answer in {PATIENCE} cycles") from None

    async def do(self, job: Job) -> Outcome:
        """Do a job, to its end."""
        await self.set(**job.settings)
        for name, frames in job.frames.items():
            for frame in frames:
                self.sources[name].send_nowait(bytes.fromhex(frame))
        # So that all is on offer when it starts.
        await ClockCycles(self.pins.clock, 2)
        self.watch.cycles = 0
        self.sink.pause = job.hold or self.sink.pause
        if job.start:
            await self.set(start=1)
        if job.hold:
            await self._until(self.dut.m_axis_tvalid, job.limit, "nothing was offered before it was asked for")
            self.sink.pause = False
        if job.again:
            await self._again()
        await self._deny(job)
        if job.reset:
            await self._interrupt(job)
        elif job.start:
            await self._end(job)
        return Outcome(self._results(), await self.get(), self.watch.cycles)

    async def flip(self, path: list[str], bit: int, after: int, word: int | None = None) -> None:
        """Turn a register's bit over, so many cycles after a run has begun; of a memory one of its words."""
        edge = RisingEdge(self.pins.clock)
        while not self.watch.started or self.watch.count < self.watch.started + after:
            await edge
        # Just after an edge it still holds what it held before.
        await Timer(1, "ns")
        handle = self.dut
        for name in path:
            handle = handle[name]
        handle = handle if word is None else handle[word]
        handle.set(int(handle.get()) ^ 1 << bit)

    async def _again(self) -> None:
        """A start while a run is under way."""
        started = self.watch.started
        await self.set(start=1)
        assert not int(self.dut.irq.value), "the run was over before it was started again"
        self.watch.started = started

    async def _end(self, job: Job) -> None:
        """Wait until the run has ended, and all that was offered has been taken."""
        await self._until(self.dut.irq, job.limit, f"not done after the limit of {job.limit} cycles")
        await ClockCycles(self.pins.clock, QUIET)
        late = [name for name, source in self.sources.items() if not source.idle()]
        assert not late, f"the run has ended, but not all was taken of {', '.join(late)}"

    async def _until(self, signal: Any, limit: int, complaint: str) -> None:
        """Wait for a signal to be high, for so many cycles at most."""
        if not int(signal.value):
            await First(RisingEdge(signal), ClockCycles(self.pins.clock, limit))
        high = bool(signal.value)
        assert high, complaint

    async def _interrupt(self, job: Job) -> None:
        """Reset in mid-stream, and forget what is still to be sent."""
        await ClockCycles(self.pins.clock, job.after)
        if job.reset == "pin":
            await self.reset()
            return
        self._forget()
        await self.set(reset=1, start=int(job.reset == "both"))
        self._forget()

    def _forget(self) -> None:
        for side in [*self.sources.values(), self.sink]:
            side.clear()
            side.assert_reset()

    async def _deny(self, job: Job) -> None:
        for address in job.unreadable:
            response = await self._answer(self.bus.read, address, 4)
            assert response.resp == AxiResp.SLVERR, f"reading {address:#x} answered {response.resp!r}"
        for address, size in job.unwritable:
            response = await self._answer(self.bus.write, address, bytes(size))
            assert response.resp == AxiResp.SLVERR, f"writing to {address:#x} answered {response.resp!r}"

    def _results(self) -> str:
        """The bytes of the frame that has come, those that TKEEP marks."""
        frames = []
        while not self.sink.empty():
            frames.append(bytes(self.sink.recv_nowait().tdata))
        assert len(frames) <= 1, f"results came in {len(frames)} frames"
        return b"".join(frames).hex()


def _pauses(probability: float, chance: random.Random) -> Iterator[bool]:
    while True:
        yield chance.random() < probability


def _byte(results: str, index: int | None) -> str:
    return results[(index or 0) // 2 * 2 :][:2]
