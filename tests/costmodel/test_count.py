"""Counted beside measured, on a small frozen list; and what counting refuses."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Cat, Const, Elaboratable, Fragment, Module, Mux, Signal
from amaranth.hdl._ir import PortDirection

import hw
from costmodel.count import count
from costmodel.count.count import Tally, settled
from costmodel.count.equal import equal_gates
from costmodel.count.family import family
from costmodel.count.memories import memory_cells
from costmodel.count.repack import luts_of
from costmodel.targets import load
from hw.timing.netlist import Contents, Memory, Port, Source, read_contents

LINES = [line for line in Path(__file__).with_name("counted.csv").read_text().splitlines() if line[0] != "#"]
MEASURED = list(csv.DictReader(LINES))
LIMITS = {"ecp5": (0.05, 1.8, 0.01, 0.98), "ice40": (0.045, 1.9, 0.01, 0.99), "xcup": (0.045, 1.7, 0.01, 0.99)}
"""Of each target, what may be the mean error of LUTs where they are `SMALL` or more, and in LUTs where they are fewer;
and of registers; and what the rank correlation of LUTs must be: a little worse than they are."""
SMALL = 40


def ranks(values: list[int]) -> list[float]:
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) - 1) / 2 for value in values]


def off(counted: int, measured: int) -> float:
    return abs(counted - measured) / max(1, measured)


@pytest.mark.kept("ecp5")
@pytest.mark.parametrize("target", LIMITS)
def test_counted_is_near_measured(target: str) -> None:
    rows = [row for row in MEASURED if row["target"] == target]
    assert len(rows) > 20
    found = [count(hw.parse(row["spec"]), hw.parse_target(target)) for row in rows]
    lut, luts, ff, rank = LIMITS[target]
    pairs = [(c.lut, int(row["lut"])) for c, row in zip(found, rows, strict=True)]
    assert statistics.mean(off(*pair) for pair in pairs if pair[1] >= SMALL) <= lut
    assert statistics.mean(abs(c - true) for c, true in pairs if true < SMALL) <= luts
    assert statistics.mean(off(c.ff, int(row["ff"])) for c, row in zip(found, rows, strict=True)) <= ff
    assert statistics.correlation(ranks([c.lut for c in found]), ranks([int(r["lut"]) for r in rows])) >= rank
    assert [(c.dsp, c.bram) for c in found] == [(int(row["dsp"]), int(row["bram"])) for row in rows]


@pytest.mark.parametrize(
    ("spec", "target", "said"),
    [
        ("mul/int8xint8", "ecp5", "spec must be a Spec, got 'mul/int8xint8'"),
        (hw.parse("mul/int8xint8"), "ecp5", "target must be a Target, got 'ecp5'"),
    ],
)
def test_wrong_types_are_refused(spec: Any, target: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        count(spec, target)


def test_what_can_not_be_measured_can_not_be_counted() -> None:
    with pytest.raises(ValueError, match="target 'generic' can't be measured; these can: ecp5"):
        count(hw.parse("mul/int8xint8"), hw.GENERIC)


def test_a_form_that_the_target_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="form must be small or fast for Lattice iCE40"):
        count(hw.parse("mul/int8xint8/exact/exact/p2/dsp"), hw.parse_target("ice40"))


def read(m: Elaboratable, inputs: list[Signal], outputs: list[Signal]) -> Contents:
    """A small module, with ports of the signals' names."""
    ports: dict[str, Any] = {signal.name: (signal, PortDirection.Input) for signal in inputs}
    ports |= {signal.name: (signal, PortDirection.Output) for signal in outputs}
    return read_contents(Source(Fragment.get(m, None).prepare(ports=ports), ports), {})


def tally(contents: Contents, target: str) -> dict[str, int]:
    kind = family(target)
    return Tally(*settled(contents, kind, False), load(target), kind).count()


def test_registers_that_are_dead_constant_or_equal_are_not_counted() -> None:
    m, a = Module(), Signal(4, name="a")
    first, second, still, dead = (Signal(4, name=name, reset_less=True) for name in ("first", "second", "still", "d"))
    y = Signal(4, name="y")
    m.d.sync += [first.eq(a), second.eq(a), dead.eq(a ^ 5), still.eq(0)]
    m.d.comb += y.eq(first ^ second ^ still ^ a)
    found = tally(read(m, [a], [y]), "ecp5")
    assert (found["ff"], found["lut"]) == (0, 0)


def test_an_enable_and_a_reset_are_no_logic() -> None:
    m, a, en, clear = Module(), Signal(8, name="a"), Signal(name="en"), Signal(name="clear")
    held, y = Signal(8, name="held", reset_less=True), Signal(8, name="y")
    with m.If(en):
        m.d.sync += held.eq(a)
    with m.If(clear):
        m.d.sync += held.eq(0)
    m.d.comb += y.eq(held)
    contents = read(m, [a, en, clear], [y])
    found = tally(contents, "ecp5")
    assert (found["ff"], found["lut"], found["levels"]) == (8, 0, 0)


def test_a_reset_wins_over_an_enable_by_one_lut_where_registers_have_it_the_other_way() -> None:
    m, a, en, clear = Module(), Signal(8, name="a"), Signal(name="en"), Signal(name="clear")
    held, y = Signal(8, name="held", reset_less=True), Signal(8, name="y")
    m.d.sync += held.eq(Mux(clear, 0, Mux(en, a, held)))
    m.d.comb += y.eq(held)
    contents = read(m, [a, en, clear], [y])
    assert (tally(contents, "ecp5")["lut"], tally(contents, "ice40")["lut"]) == (0, 1)


def test_a_reset_is_logic_where_registers_have_none() -> None:
    m, a, clear = Module(), Signal(8, name="a"), Signal(name="clear")
    held, y = Signal(8, name="held", reset_less=True), Signal(8, name="y")
    m.d.sync += held.eq(a)
    with m.If(clear):
        m.d.sync += held.eq(0)
    m.d.comb += y.eq(held)
    contents = read(m, [a, clear], [y])
    assert [tally(contents, target)["lut"] for target in ("ecp5", "gatemate")] == [0, 8]


@pytest.mark.parametrize("low", [False, True])
def test_a_choice_of_a_constant_is_a_reset_on_either_side(low: bool) -> None:
    m, a, s, t = Module(), Signal(8, name="a"), Signal(name="s"), Signal(name="t")
    held, y = Signal(8, name="held", reset_less=True), Signal(8, name="y")
    zero = Mux(t, Const(0, 8), Const(0, 8))
    m.d.sync += held.eq(Mux(s, a, zero) if low else Mux(s, zero, a))
    m.d.comb += y.eq(held)
    found = tally(read(m, [a, s, t], [y]), "ecp5")
    assert (found["ff"], found["lut"]) == (8, int(low))


def test_functions_that_cost_as_much_apart_are_not_shared() -> None:
    m, clear, names = Module(), Signal(name="clear"), "abcd"
    a, b, c, d = (Signal(name=name) for name in names)
    y = Signal(2, name="y")
    kept, carried = a & ~clear, b & ~clear
    m.d.comb += y.eq(Cat(kept ^ carried ^ c, kept & carried | (kept | carried) & c))
    assert tally(read(m, [a, b, c, d, clear], [y]), "xcup")["lut"] == 2


def test_a_shift_register_becomes_a_lut_where_luts_shift() -> None:
    m, a = Module(), Signal(name="a")
    stages = [Signal(name=f"s{n}", reset_less=True) for n in range(5)]
    for before, here in zip([a, *stages], stages, strict=False):
        m.d.sync += here.eq(before)
    y = Signal(name="y")
    m.d.comb += y.eq(stages[-1])
    contents = read(m, [a], [y])
    assert [(found["ff"], found["lut"]) for found in (tally(contents, "ecp5"), tally(contents, "xcup"))] == [
        (5, 0),
        (0, 1),
    ]


def test_gates_that_are_equal_by_what_comes_in_are_found() -> None:
    m, a, b, y = Module(), Signal(4, name="a"), Signal(4, name="b"), Signal(2, name="y")
    # No number is both below and above another.
    m.d.comb += y.eq((a < b) & (a > b) | (a == b) & (a < b))
    logic, _ = settled(read(m, [a, b], [y]), family("ecp5"), False)
    logic.mark()
    found = equal_gates(logic, sorted(logic.live))
    assert found[logic.known[logic.contents.outputs[0]] >> 1] in (0, 1)
    assert tally(logic.contents, "ecp5")["lut"] == 0


@pytest.mark.parametrize(
    ("table", "inputs", "luts"),
    [
        (0, 6, 0),
        (1 << 15, 4, 1),
        (sum((n.bit_count() & 1) << n for n in range(64)), 6, 2),
        (sum((n == 63) << n for n in range(64)), 6, 2),
        (sum((n >> 2 >> (n & 3) & 1) << n for n in range(64)), 6, 3),
        (sum((n.bit_count() > 2) << n for n in range(32)), 5, 3),
    ],
)
def test_luts_of_a_function(table: int, inputs: int, luts: int) -> None:
    assert luts_of(table, inputs) == luts


def memory(width: int, depth: int, clocked: bool, style: str = "") -> Memory:
    port = Port([], [], [], clocked)
    return Memory(width, depth, style, [Port([], [], [], True)], [port])


@pytest.mark.parametrize(
    ("made", "target", "cells"),
    [
        (memory(10, 16, False, "distributed"), "ecp5", {"TRELLIS_DPR16X4": 3, "$ff": 0}),
        (memory(36, 4, True), "ecp5", {"TRELLIS_DPR16X4": 9, "$ff": 36}),
        (memory(11, 8, True, "block"), "ecp5", {"DP16KD": 1}),
        (memory(18, 256, True), "ice40", {"SB_RAM40_4K": 2}),
        (memory(8, 1024, True), "ice40", {"SB_RAM40_4K": 2}),
        (memory(36, 4, True), "xcup", {"RAM32M16": 3, "$ff": 36}),
        (memory(8, 1024, True), "xcup", {"RAMB18E2": 1}),
    ],
)
def test_memories(made: Memory, target: str, cells: dict[str, int]) -> None:
    assert memory_cells(made, family(target)) == cells
