"""The bench of every unit with streams: offer, take, compare, and watch that both sides keep the rules.

It reads its plays from the file that ``$MACSMITH_PLAYS`` names, and writes what it compared to the
one that ``$MACSMITH_EVIDENCE`` names.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

from sim.benches.low import stay_low
from sim.benches.pins import Pins
from sim.benches.play import load, note
from sim.benches.streamplay import Reset, StreamPlay

PLAYS: dict[str, StreamPlay] = {play.name: play for play in load(Path(os.environ["MACSMITH_PLAYS"]), StreamPlay)}
EVIDENCE = Path(os.environ["MACSMITH_EVIDENCE"])
QUIET = 8
"""Cycles after the last beat in which no other may come."""


@cocotb.test()
@cocotb.parametrize(name=list(PLAYS))
async def play(dut: Any, name: str) -> None:
    """Play and compare."""
    plan = PLAYS[name]
    chance = random.Random(name)
    sources = [Source(dut, port, beats, plan.pauses.get(port, 0.0), chance) for port, beats in plan.inputs.items()]
    for source in sources[1:]:
        # So junk on streams whose ends have to agree ends in other places, and is noticed.
        source.junk_last = 1
    sinks = [Sink(dut, port, beats, plan.pauses.get(port, 0.0), chance) for port, beats in plan.expected.items()]
    for port, value in plan.settings.items():
        getattr(dut, port).set(value)
    pins = Pins(dut)
    edge: Any = Timer(10, "ns")
    if pins.clock is not None:
        # It starts low, so that there is one edge in a reset of one cycle, wherever the play before stopped.
        Clock(pins.clock, 10, "ns").start(start_high=False)
        edge = RisingEdge(pins.clock)
    begun = [await reset(dut, sources, sinks, pins, plan.outcome)]
    cocotb.start_soon(stay_low(dut, name, plan.low, edge))
    seen = []
    resets: list[dict[str, int]] = []
    for fields in plan.resets:
        times, now = await interrupted(dut, sources, sinks, pins, edge, Reset(**fields), plan.outcome, resets)
        seen.append(times)
        begun.append(now)
    for number, now in enumerate(begun[1:]):
        assert now == begun[0], f"{name}: after reset {number} {said(now)}, but {said(begun[0])} after the first"
    for side in [*sources, *sinks]:
        side.pause, side.junk = plan.pauses.get(side.port, 0.0), 0
    cycles = await run(sources, sinks, edge, plan.limit, wait=QUIET)
    late = [side.progress() for side in [*sources, *sinks] if not side.done]
    assert not late, f"{name}: not done after the limit of {plan.limit} cycles: {', '.join(late)}"
    if not any(plan.pauses.values()):
        compare_times(plan, seen, sinks)
    if plan.duration is not None:
        assert cycles == plan.duration, f"{name}: took {cycles} cycles, the formula says {plan.duration}"
    for port, value in plan.outcome.items():
        shown = int(getattr(dut, port).get())
        assert shown == value, f"{name}: {port} expected {value:#x} at the end, got {shown:#x}"
    traffic = {side.port: side.traffic for side in [*sources, *sinks]}
    compared = sum(len(sink.beats) for sink in sinks) + len(plan.outcome)
    ends = {sink.port: sink.ends for sink in sinks}
    note(EVIDENCE, name, compared, cycles, traffic=traffic, resets=resets, ends=ends)


async def reset(
    dut: Any,
    sources: list[Source],
    sinks: list[Sink],
    pins: Pins,
    outcome: Iterable[str] = (),
    length: int = 1,
    offered: bool = False,
    ready: bool = False,
) -> dict[str, int]:
    """So many cycles of reset, and what the ports of the outcome show just after.

    Every play finds the state that the one before left, and this has to undo it.
    """
    for side in [*sources, *sinks]:
        side.restart()
    if pins.clock is None:
        return {}
    for source in sources:
        source.show(offered)
    for sink in sinks:
        sink.show(ready)
    await pins.hold(length)
    if outcome:
        # Just after an edge they still show what they held before it.
        await Timer(1, "ns")
    return {port: int(getattr(dut, port).get()) for port in outcome}


def said(shown: dict[str, int]) -> str:
    """What ports show, for a message."""
    return ", ".join(f"{port} is {value:#x}" for port, value in shown.items())


async def interrupted(
    dut: Any,
    sources: list[Source],
    sinks: list[Sink],
    pins: Pins,
    edge: Any,
    plan: Reset,
    outcome: Iterable[str],
    notes: list[dict[str, int]],
) -> tuple[list[list[int]], dict[str, int]]:
    """Run until a reset, which is noted; when each sink took its beats, and what the ports of the outcome show.

    What was under way is lost, and nothing of it may be seen afterwards.
    """
    for sides, pause in ((sources, plan.source), (sinks, plan.sink)):
        for side in sides:
            side.pause, side.junk = pause, plan.junk
    await run(sources, sinks, edge, plan.after)
    notes.append(noted(sources, sinks, plan))
    seen = [sink.times for sink in sinks]
    return seen, await reset(dut, sources, sinks, pins, outcome, plan.cycles, bool(plan.offered), bool(plan.ready))


def noted(sources: list[Source], sinks: list[Sink], plan: Reset) -> dict[str, int]:
    """What a reset comes into, as `sim.coverage.streams` counts it."""
    state = any(source.offered for source in sources) + 2 * any(sink.held is not None for sink in sinks)
    return {"state": state, "length": int(plan.cycles > 1), "wires": 2 * bool(plan.offered) + bool(plan.ready)}


def compare_times(plan: StreamPlay, seen: list[list[list[int]]], sinks: list[Sink]) -> None:
    """Raise AssertionError unless beats came, between resets without a pause, in the same cycles as after the last.

    A reset brings every state to the same, and so the unit does the same after each, as soon.
    """
    for number, (fields, times) in enumerate(zip(plan.resets, seen, strict=True)):
        before = Reset(**fields)
        for sink, came in zip(sinks, [] if before.junk or before.source or before.sink else times, strict=False):
            last = [cycle for cycle in sink.times if cycle <= before.after]
            for then, now in zip_longest(came, last):
                assert then == now, (
                    f"{plan.name}: a beat of {sink.port} came in cycle {then} before reset {number}, "
                    f"in {now} after the last"
                )


async def run(sources: list[Source], sinks: list[Sink], edge: Any, limit: int, wait: int = 0) -> int:
    """Offer and take until all is done and `wait` more cycles, or `limit`; the cycles up to the last result."""
    sides, last, quiet = [*sources, *sinks], 0, 0
    for cycle in range(1, limit + wait + 1):
        for side in sides:
            side.drive()
        # Just after an edge everything still shows what it held before it.
        await edge
        for source in sources:
            source.sample()
        for sink in sinks:
            if sink.sample(cycle):
                last = cycle
        quiet = quiet + 1 if all(side.done for side in sides) else 0
        if (wait and quiet > wait) or (cycle >= limit and not quiet):
            break
    return last


class Side:
    """One end of a stream, whose ports' names begin with `prefix`.

    Parameters
    ----------
    dut : handle
        The design.
    port : str
        The stream's name.
    beats : list of int
        `tdata`, and above it `tlast`, if there is one.
    pause : float
        The chance of a cycle in which this side has no beat, or takes none.
    """

    prefix: str

    def __init__(self, dut: Any, port: str, beats: list[int], pause: float, chance: random.Random) -> None:
        self.port, self.beats, self.pause, self.chance = port, beats, pause, chance
        name = f"{self.prefix}_{port}"
        self.data, self.valid, self.ready = (getattr(dut, f"{name}_{part}") for part in ("tdata", "tvalid", "tready"))
        self.last = getattr(dut, f"{name}_tlast", None)
        self.width, self.junk, self.junk_last = len(self.data), 0, 0
        self.traffic, self.moved = [0, 0, 0, 0], False
        self.restart()

    def restart(self) -> None:
        self.count = 0
        self.on: bool | None = None
        self._silence()

    def count_cycle(self, valid: bool, ready: bool) -> None:
        """Note that a beat moved, or did so just after another one, or waited for the other side, or was missing."""
        if valid and ready:
            self.traffic[self.moved] += 1
            self.moved = True
        else:
            self.moved = False
            if not self.done:
                self.traffic[2 if valid else 3] += 1

    @property
    def done(self) -> bool:
        return self.count >= len(self.beats)

    def progress(self) -> str:
        return f"{self.count} of {len(self.beats)} beats of {self.port}"

    def drive(self) -> None:
        """Set what this side shows in the next cycle."""
        raise NotImplementedError

    def _silence(self) -> None:
        """Hold this side's handshake low."""
        raise NotImplementedError

    def _set(self, handle: Any, on: bool) -> None:
        # A write costs more than the simulation.
        if on != self.on:
            handle.set(int(on))
            self.on = on


class Source(Side):
    """Offers beats, and keeps each on offer until it is taken."""

    prefix = "s_axis"

    def _silence(self) -> None:
        self.offered = False
        self.show(False)

    def show(self, on: bool) -> None:
        """Whether there is a beat, and be it the last one again."""
        self._set(self.valid, on)

    def drive(self) -> None:
        if not self.offered and not self.done and not (self.pause and self.chance.random() < self.pause):
            self.offered = True
            beat, mask = self.beats[self.count], (1 << self.width) - 1
            self.data.set((~beat if self.junk else beat) & mask)
            if self.last is not None:
                self.last.set(beat >> self.width ^ (self.junk_last if self.junk > 1 else 0))
        self.show(self.offered)

    def sample(self) -> None:
        taken = self.offered and bool(int(self.ready.get()))
        self.count_cycle(self.offered, taken)
        if taken:
            self.count, self.offered = self.count + 1, False


class Sink(Side):
    """Takes beats, compares them, and watches that what is on offer stays."""

    prefix = "m_axis"

    def _silence(self) -> None:
        self.held: int | None = None
        self.times: list[int] = []
        self.show(False)

    def show(self, on: bool) -> None:
        """Whether it is ready."""
        self._set(self.ready, on)

    def drive(self) -> None:
        self.show(not (self.pause and self.chance.random() < self.pause))

    @property
    def ends(self) -> list[int]:
        """The cycles in which the last beats of frames passed."""
        return [cycle for cycle, beat in zip(self.times, self.beats, strict=False) if beat >> self.width]

    def sample(self, cycle: int) -> bool:
        """Whether a beat passed, in this cycle."""
        valid = bool(int(self.valid.get()))
        self.count_cycle(valid, bool(self.on))
        if not valid:
            assert self.held is None, f"{self.port}: valid fell before beat {self.count} was taken"
            return False
        shown = int(self.data.get())
        if self.last is not None:
            shown |= int(self.last.get()) << self.width
        assert self.held in (None, shown), f"{self.port}: beat {self.count} changed while it waited"
        self.held = None if self.on else shown
        if not self.on:
            return False
        if not self.junk:
            assert not self.done, f"{self.port}: {shown:#x} came after the last of {len(self.beats)} beats"
            right = self.beats[self.count]
            assert shown == right, f"{self.port}: beat {self.count} expected {right:#x}, got {shown:#x}"
        self.count += 1
        self.times.append(cycle)
        return True
