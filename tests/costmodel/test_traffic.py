"""Traffic: held against small cores whose memories and streams are counted in simulation, and against benches."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Fragment, Module, ResetInserter, Signal, Value
from amaranth.sim import Simulator

import hw
import hw.units.unit
from costmodel.traffic import Buffer, Stream, Traffic, picojoules, price, traffic
from hw.specs.gemm_registers import gemm_registers
from hw.units.core import blocks, drain, operands, parameters, partials, resident, results, slices, stores
from hw.units.stream import AxiStreams

CORE = "gemm/int4xint4/{}/exact/kulisch64/p1/int4/{}/x1/p2/k16/n16/w64{}"
OS, WS = CORE.format("2x2/os", "tensor", ""), CORE.format("2x2/ws", "channel", "/h4")
LIMIT = 2000
"""Cycles that nothing takes."""
KEEP, BIAS = 1, 2
"""Bits of register CONTROL: docs/units/gemm.md."""
BLOCKS = "blockgemm/8*e2m1@ue8m0x8*e2m1@ue8m0/2x2/fp16/p1/x1/p2/k16/n16/w64"
READS = {
    stores.TileStore: lambda store: store.step,
    stores.MatrixStore: lambda store: store.step,
    slices.SliceStore: lambda store: store.step,
    parameters.ParameterStore: lambda store: store.step,
    drain.Drain: lambda store: store.fetch,
    partials.Partials: lambda store: store.step & ~store.first,
}
"""When a memory's word is read to be used."""


@dataclass
class Memory:
    """A memory that was built."""

    words: int
    width: int
    writes: Value
    """Of each part of a word that is written by itself, whether it is."""
    reads: Value


class Local:
    """Puts a part itself where an instance of it would be, so that Amaranth can simulate the whole."""

    def __init__(self, unit: Any) -> None:
        self.parts: dict[str, Any] = {}
        todo = [unit]
        while todo:
            found = todo.pop().parts
            self.parts |= {name: part.outside for name, part in found.items()}
            todo += found.values()

    def __call__(self, name: str, i_clk: Value, i_rst: Value, **ports: Any) -> Module:
        m, unit = Module(), copy.copy(self.parts[name])
        if not isinstance(unit, AxiStreams):
            unit.__dict__.update(unit.signature.members.create())
        m.submodules.part = ResetInserter(i_rst)(unit.elaborate(None))
        for port, value in ports.items():
            ours = getattr(unit, port[2:])
            m.d.comb += ours.eq(value) if port.startswith("i_") else Value.cast(value).eq(ours)
        return m


def opened(core: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Fragment, list[Memory]]:
    """A core without instances, and its memories, in the order in which they are built."""
    memories: list[Memory] = []
    for module in (hw.units.unit, operands, resident, results, blocks):
        monkeypatch.setattr(module, "Instance", Local(core))
    add_memory, fifo, owner = stores.add_memory, blocks.SyncFIFOBuffered, []

    def counted(m: Module, target: Any, may: Value, written: Any, read: Value, move: Value, depth: int) -> Value:
        memories.append(Memory(depth, len(written[2]), Value.cast(written[0]), READS[type(owner[-1])](owner[-1])))
        return add_memory(m, target, may, written, read, move, depth)

    def queue(width: int, depth: int) -> Any:
        made = fifo(width=width, depth=depth)
        memories.append(Memory(depth, width, made.w_en & made.w_rdy, made.r_en & made.r_rdy))
        return made

    def remembering(elaborate: Any) -> Any:
        return lambda self, platform: owner.append(self) or elaborate(self, platform)

    for kind in READS:
        monkeypatch.setattr(kind, "elaborate", remembering(kind.elaborate))
    for module in (stores, slices, drain, parameters, partials):
        monkeypatch.setattr(module, "add_memory", counted)
    monkeypatch.setattr(blocks, "SyncFIFOBuffered", queue)
    return Fragment.get(core, None), memories


class Bench:
    """Commands a core, offers frames of zeros that end after so many beats, and takes what comes."""

    def __init__(self, core: Any, fragment: Fragment, memories: list[Memory]) -> None:
        self.core, m = core, Module()
        m.submodules.core = fragment

        def counted(step: Any) -> Signal:
            counter = Signal(32)
            m.d.sync += counter.eq(counter + step)
            return counter

        self.accesses = [
            (counted(memory.writes.any()), counted(sum(iter(memory.writes))), counted(memory.reads))
            for memory in memories
        ]
        self.beats = {
            name: counted(getattr(core, f"{name}_tvalid") & getattr(core, f"{name}_tready")) for name in core.spec.wires
        }
        self.simulator = Simulator(m)
        self.simulator.add_clock(1e-6)

    async def until(self, ctx: Any, signal: Signal) -> None:
        """The cycle in which a signal is high passes."""
        for _ in range(LIMIT):
            passed = ctx.get(signal)
            await ctx.tick()
            if passed:
                return
        raise AssertionError(f"{signal.name} has not been high in {LIMIT} cycles")

    async def write(self, ctx: Any, name: str, value: int) -> None:
        core = self.core
        address = {register.name: register.address for register in gemm_registers(core.spec)}[name]
        for port, set_to in (("awaddr", address), ("wdata", value), ("wstrb", 15), ("bready", 1)):
            ctx.set(getattr(core, f"s_axil_{port}"), set_to)
        waiting = {"aw", "w"}
        while waiting:
            for channel in ("aw", "w"):
                ctx.set(getattr(core, f"s_axil_{channel}valid"), channel in waiting)
            taken = {channel for channel in waiting if ctx.get(getattr(core, f"s_axil_{channel}ready"))}
            await ctx.tick()
            waiting -= taken
        for channel in ("aw", "w"):
            ctx.set(getattr(core, f"s_axil_{channel}valid"), 0)
        await self.until(ctx, core.s_axil_bvalid)

    def offer(self, name: str, frames: list[int]) -> Any:
        async def offered(ctx: Any) -> None:
            valid, last, ready = (getattr(self.core, f"{name}_{part}") for part in ("tvalid", "tlast", "tready"))
            for left in (left for beats in frames for left in range(beats, 0, -1)):
                ctx.set(valid, 1)
                ctx.set(last, left == 1)
                while not ctx.get(ready):
                    await ctx.tick()
                await ctx.tick()
            ctx.set(valid, 0)

        return offered

    def run(self, shape: dict[str, int], runs: list[tuple[int, dict[str, int]]]) -> list[list[int]]:
        """Runs of a shape, each with what goes to CONTROL and the beats of its frames.

        What was counted by the end of each: of each memory words and parts written, and words read; and beats of each
        stream.
        """
        found: list[list[int]] = []

        async def command(ctx: Any) -> None:
            ctx.set(self.core.m_axis_tready, 1)
            for name in "mkn":
                await self.write(ctx, name.upper(), shape[name])
            for control, _ in runs:
                await self.write(ctx, "CONTROL", control)
                await self.write(ctx, "COMMAND", 1)
                await self.until(ctx, self.core.irq)
                await ctx.tick().repeat(3)
                found.append([ctx.get(count) for counts in (*self.accesses, self.beats.values()) for count in counts])

        for name in runs[0][1]:
            frames = [beats[name] for _, beats in runs]
            self.simulator.add_testbench(self.offer(name, frames), background=True)
        self.simulator.add_testbench(command)
        self.simulator.run()
        return found


RUNS: list[tuple[str, tuple[int, int, int], bool]] = [
    (OS, (5, 7, 5), True),
    (OS, (3, 1, 2), False),
    (WS, (5, 7, 5), True),
    (CORE.format("4x2/ws", "tensor", "/h1"), (3, 5, 3), False),
    (CORE.format("2x2/ws", "tensor", "/h4"), (9, 1, 3), False),
    (CORE.format("2x3/is", "tensor", "/h4"), (5, 7, 6), True),
    (BLOCKS, (3, 16, 5), False),
]


@pytest.mark.parametrize(("name", "mkn", "loaded"), RUNS)
def test_accesses_are_those_of_a_simulated_core(
    name: str, mkn: tuple[int, int, int], loaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, shape = hw.parse(name), dict(zip("mkn", mkn, strict=True))
    said = [traffic(spec, {**shape, "parameters": loaded}, kept) for kept in (False, True)]
    core = hw.units.check(spec)
    fragment, memories = opened(core, monkeypatch)
    streams = [{stream.name: stream.beats for stream in of.streams} for of in said]
    frames = [{name: beats for name, beats in of.items() if name != "m_axis"} for of in streams]
    counts = Bench(core, fragment, memories).run(shape, [(BIAS * loaded, frames[0]), (BIAS * loaded | KEEP, frames[1])])
    for of, beats, found in zip(said, streams, np.diff(counts, axis=0, prepend=0), strict=True):
        accesses, passed = found[: 3 * len(memories)].reshape(-1, 3), found[3 * len(memories) :]
        seen = sorted(
            (memory.words, memory.width, words, reads, parts * memory.width // len(memory.writes))
            for memory, (words, parts, reads) in zip(memories, accesses, strict=True)
        )
        assert seen == sorted((b.words, b.width, b.writes, b.reads, b.written_bits) for b in of.buffers)
        assert dict(zip(spec.wires, passed, strict=True)) == beats
    for stream in said[0].streams:
        assert stream.width == len(getattr(core, f"{stream.name}_tdata"))


def test_what_is_kept_is_neither_sent_nor_written() -> None:
    spec, shape = hw.parse(OS), {"m": 5, "k": 7, "n": 5, "parameters": True}
    anew, kept = traffic(spec, shape), traffic(spec, shape, kept=True)
    for before, after in zip(anew.buffers, kept.buffers, strict=True):
        assert after.writes == (0 if before.name in ("B", "parameters") else before.writes)
        assert after.reads == before.reads
    beats = {stream.name: stream.beats for stream in kept.streams}
    assert (beats["s_axis_b"], beats["s_axis_p"]) == (0, 0)
    assert beats["s_axis_a"] == next(stream.beats for stream in anew.streams if stream.name == "s_axis_a")


def test_without_biases_zeros_are_written_though_the_rest_is_kept() -> None:
    spec, shape = hw.parse(OS), {"m": 5, "k": 7, "n": 5}
    anew, kept = traffic(spec, shape), traffic(spec, shape, kept=True)
    written = [next(b.writes for b in of.buffers if b.name == "parameters") for of in (anew, kept)]
    # Three tiles of two columns, one at a time.
    assert written == [6, 6]


def test_a_resident_vector_passes_once_and_is_read_again() -> None:
    found = traffic(hw.parse("matvec/int8xint4/4x8/16x32"), {"beats": 8, "matrices": 2})
    # Four beats a vector, so two vectors; four beats of sums for each, of four rows.
    assert found.buffers == (
        Buffer("matrix", 16, 4 * 8 * 4, 2 * 16, 8 * 4, 4 * 8 * 4),
        Buffer("vector", 4, 64, 8, 8 * 3, 64),
    )
    assert [stream.name for stream in found.streams] == ["s_axis_a", "s_axis_w", "m_axis_y"]


def test_tables_have_a_copy_for_each_lookup() -> None:
    (tables,) = traffic(hw.parse("tellme/int8/g3/t4/q2/half/lutram/exact/p1"), {"vectors": 3, "rows": 5}).buffers
    # docs/units/tellme.md: fourteen sums; five rows are three beats of two.
    assert (tables.copies, tables.words, tables.writes, tables.reads) == (8, 16, 3 * 14 * 8, 3 * 3 * 8)
    assert traffic(hw.parse("tellme/int8/g3/t4/q2/half/registers"), {}).buffers == ()


def test_bits_add_up() -> None:
    found = traffic(hw.parse("array/int8xint8/2x2/ws"), {"beats": 3, "tiles": 2})
    assert found.inside_bits == 0
    assert found.outside_bits == sum(stream.beats * stream.width for stream in found.streams)
    assert {stream.name: stream.beats for stream in found.streams} == {
        "s_axis_a": 6,
        "s_axis_b": 4,
        "s_axis_c": 6,
        "m_axis_sum": 6,
    }


def test_shapes_may_be_arrays() -> None:
    spec, m = hw.parse(WS), np.array([1, 5, 9])
    many = traffic(spec, {"m": m, "k": 7, "n": 5})
    for at, rows in enumerate(m):
        one = traffic(spec, {"m": int(rows), "k": 7, "n": 5})
        assert many.inside_bits[at] == one.inside_bits
        assert many.outside_bits[at] == one.outside_bits
        assert price(many, "horowitz_45nm").inside[at] == pytest.approx(price(one, "horowitz_45nm").inside)


@pytest.mark.parametrize(
    ("table", "capacity", "each"),
    [
        ("horowitz_45nm", 8 << 10, 10),
        ("horowitz_45nm", 32 << 10, 20),
        ("horowitz_45nm", 1 << 20, 100),
        ("horowitz_45nm", 16 << 10, 10 * 2**0.5),
        # Beyond the smallest as between it and the next: four times as many bytes cost twice as much.
        ("horowitz_45nm", 2 << 10, 5),
        ("jouppi_7nm", 1 << 20, 14),
    ],
)
def test_a_memory_is_priced_by_its_capacity(table: str, capacity: int, each: float) -> None:
    assert 64 * picojoules(table, capacity) == pytest.approx(each)


@pytest.fixture
def moved() -> Iterator[Traffic]:
    yield Traffic("x", (Buffer("A", 1024, 64, 3, 5, 32),), (Stream("s_axis_a", 7, 64),))


def test_a_price_has_both_sides(moved: Traffic) -> None:
    found = price(moved, "horowitz_45nm")
    assert found.inside == pytest.approx((3 / 2 + 5) * 10)
    assert (found.outside, found.recalled, found.guessed) == (7 * 1300, (), ())


def test_a_price_says_what_nobody_has_checked(moved: Traffic) -> None:
    found = price(moved, "jouppi_7nm")
    assert found.outside is None
    assert found.recalled == ("sram_8k_64b", "sram_32k_64b", "sram_1m_64b")
    small = Traffic("x", (Buffer("sums", 16, 64, 1, 1, 64), Buffer("A", 2048, 64, 1, 1, 64)), ())
    assert price(small, "horowitz_45nm").guessed == ("sums",)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: traffic(hw.parse("mac/int8xint8"), {"beats": 1}), TypeError, "spec must be of a unit with streams"),
        (lambda: traffic("gemm", {}), TypeError, "spec must be a Spec, got 'gemm'"),
        (lambda: traffic(hw.parse(OS), {"m": 1, "k": 1, "n": 1}, 1), TypeError, "kept must be a bool, got 1"),
        (
            lambda: traffic(hw.parse("dot/int8xint8/n2"), {}, True),
            ValueError,
            "kept must be False for dot/.*, which is no GEMM core",
        ),
        (lambda: traffic(hw.parse(OS), {"m": 1, "k": 17, "n": 1}), ValueError, "k must be at most 16"),
        (lambda: price(None, "horowitz_45nm"), TypeError, "moved must be a Traffic, got None"),
        (
            lambda: price(Traffic("x", (), ()), "aladdin_7nm"),
            ValueError,
            "table must be one of horowitz_45nm, jouppi_7nm, got 'aladdin_7nm'",
        ),
    ],
)
def test_what_can_not_be_said_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_row_is_written_once_and_read_for_each_other_pass() -> None:
    three, two = (
        traffic(hw.parse(f"softmax/int8/n4/r256/s20/uint8/{method}"), {"beats": 50, "rows": 2})
        for method in ("shiftmax", "twopass")
    )
    # Eight bits and a flag for each of four lanes.
    assert [(b.name, b.words, b.width, b.writes, b.reads) for b in three.buffers] == [("row", 64, 36, 50, 100)]
    assert two.buffers[0].reads == 50


def test_a_digit_is_listed_once_and_reads_a_row_of_the_matrix() -> None:
    found = traffic(hw.parse("sparse/int8xint8/k16/n8/l4"), {"vectors": 3, "digits": 40})
    matrix, lists, counts = found.buffers
    # Each beat of four is written with its negatives, 9 bits each.
    assert (matrix.words, matrix.width, matrix.writes, matrix.part, matrix.reads) == (32, 72, 2 * 32, 36, 120)
    assert (lists.words, lists.width, lists.writes, lists.reads) == (2 * 8 * 16, 5, 120, 120)
    assert (counts.words, counts.writes, counts.reads) == (2 * 8, 120, 120)
    assert {stream.name: stream.beats for stream in found.streams} == {
        "s_axis_a": 3 * 16,
        "s_axis_b": 32,
        "m_axis_y": 3,
    }
