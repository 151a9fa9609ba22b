"""The bench of every MAC: all operand pairs, long sums, enable, clear and reset."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from numpy.typing import NDArray

from hw.spec import MacSpec, parse
from sim.benches.checker import check
from sim.benches.driver import Driver
from sim.benches.monitor import Monitor
from sim.benches.stimulus import corners, pairs
from sim.golden import model
from sim.golden.codec import decode_steps

INPUTS = ["a", "b", "clear", "en"]
Stimulus = dict[str, NDArray[np.int64]]


class Bench:
    """One design, its model, and what connects them."""

    def __init__(self, dut: Any) -> None:
        spec = parse(os.environ["MACSMITH_SPEC"])
        assert isinstance(spec, MacSpec)
        self.spec, self.dut, self.model = spec, dut, model(spec)
        self.rng = np.random.default_rng(int(os.environ["COCOTB_RANDOM_SEED"]))
        self.driver = Driver(dut, [*INPUTS, "rst"])
        self.outputs = ["acc", "status"] if spec.has_status else ["acc"]
        self.edge = RisingEdge(dut.clk)

    async def start(self) -> None:
        Clock(self.dut.clk, 10, "ns").start()
        await self.reset()

    async def reset(self) -> None:
        self.driver.drive((0, 0, 0, 0, 1))
        await self.edge
        await self.edge

    async def run(self, stimulus: Stimulus) -> int:
        """Play `stimulus` from reset and check every output in every cycle; the comparisons made."""
        expected = self.model.run(**stimulus)
        monitor = Monitor(self.dut, self.outputs)
        cycles: Sequence[tuple[int, ...]] = np.column_stack([stimulus[port] for port in INPUTS]).tolist()
        drive, sample, edge = self.driver.drive, monitor.sample, self.edge
        for index, values in enumerate(cycles):
            drive((*values, 0))
            await edge
            # Just after an edge a register still shows what it held before.
            if index:
                sample()
        await edge
        sample()
        return check(expected, monitor.samples, lambda cycle: self.explain(stimulus, cycle), self.spec.name)

    def explain(self, stimulus: Stimulus, cycle: int) -> str:
        """The operands that entered the accumulator last, as of a cycle."""
        accepted = np.flatnonzero(stimulus["en"][: cycle + 1])
        if len(accepted) < self.spec.latency:
            return "nothing accumulated yet"
        newest = accepted[-self.spec.latency]
        a, b, clear = (int(stimulus[port][newest]) for port in ("a", "b", "clear"))
        return f"after a={a:#x} b={b:#x} clear={clear} of cycle {newest}"


def note(**evidence: int | bool) -> None:
    """Add to the evidence file what was tried."""
    path = Path(os.environ["MACSMITH_EVIDENCE"])
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | evidence))


def stream(a: NDArray[np.int64], b: NDArray[np.int64], clear: NDArray[Any], en: NDArray[Any]) -> Stimulus:
    return {"a": a, "b": b, "clear": clear.astype(np.int64), "en": en.astype(np.int64)}


@cocotb.test()
async def every_pair(dut: Any) -> None:
    """Every operand pair, or corners and 65,536 random ones, with sums that start and stall at random."""
    bench = Bench(dut)
    await bench.start()
    tried = pairs(bench.spec.a, bench.spec.b, bench.rng)
    count = len(tried.a)
    # Stalled cycles repeat the pair they hold back, so that every pair is still accepted.
    repeats = 1 + (bench.rng.random(count) < 1 / 16)
    index = np.repeat(np.arange(count), repeats)
    en = np.ones(len(index), dtype=bool)
    en[np.cumsum(repeats)[repeats == 2] - 2] = False
    drain = np.zeros(bench.spec.latency, dtype=index.dtype)
    index, en = np.concatenate([index, drain]), np.concatenate([en, drain == 0])
    clear = bench.rng.random(len(index)) < 1 / 16
    compared = await bench.run(stream(tried.a[index], tried.b[index], clear, en))
    note(pairs=count, exhaustive=tried.exhaustive, compared=compared)


@cocotb.test()
async def longest_sums(dut: Any) -> None:
    """The largest products of either sign, as many as the accumulator promises to hold (4096 at most)."""
    bench = Bench(dut)
    await bench.start()
    spec = bench.spec
    ends = [end(fmt, pick) for pick in (np.argmin, np.argmax) for fmt in (spec.a, spec.b)]
    depth = min(spec.depth, 4096)
    runs = [(a, b) for a in ends[::2] for b in ends[1::2]]
    a, b = (np.repeat([run[side] for run in runs], depth) for side in (0, 1))
    clear = np.arange(len(a)) % depth == 0
    await bench.run(stream(a, b, clear, np.ones(len(a))))


def end(fmt: Any, pick: Any) -> int:
    """The code of the lowest or highest finite value."""
    return int(pick(decode_steps(fmt, np.arange(1 << fmt.width))))


@cocotb.test()
async def reset_in_mid_stream(dut: Any) -> None:
    """After a reset nothing of what came before is left, neither in the sum nor in the pipeline."""
    bench = Bench(dut)
    await bench.start()
    a, b = corners(bench.spec.a), corners(bench.spec.b)
    size = 64
    for _ in range(4):
        idle = bench.rng.random(size) < 1 / 4
        operands = bench.rng.choice(a, size), bench.rng.choice(b, size)
        await bench.run(stream(*operands, np.zeros(size), ~idle))
        await bench.reset()
