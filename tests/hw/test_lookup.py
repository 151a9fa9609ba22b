"""Products by table lookup: names, which sums tables hold and how they are made, what is refused."""

from __future__ import annotations

import json
import re
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil

import hw
from hw.datapath.digits import BITS, SIGNS, TERNARY, Sums
from hw.formats import parse_format
from hw.specs.lookup import LookupSpec
from hw.specs.tellme import TellmeSpec
from hw.specs.tmac import TmacSpec
from hw.units.tellme import Tellme
from rtl_gen import yosys

INT8, INT4, UINT4 = parse_format("int8"), parse_format("int4"), parse_format("uint4")
TABLES = [
    Sums(digits, group, half)
    for digits, group, half in product((TERNARY, BITS, SIGNS), (2, 3, 4), (False, True))
    if digits != BITS or not half
]


def lookup(name: str) -> LookupSpec:
    spec = hw.parse(name)
    assert isinstance(spec, LookupSpec)
    return spec


def test_names_lead_back() -> None:
    spec = hw.parse("tellme/int8/g3/t8/q16")
    assert spec == TellmeSpec(INT8, 3, 8, 16) == hw.parse("tellme/int8/g3/t8/q16/half/lutram/exact/p3")
    assert spec.name == "tellme/int8/g3/t8/q16/half/lutram/exact/p3"
    chained = TellmeSpec(INT8, 3, 8, 16, "full", "blockram", 2, "kulisch", 2)
    assert chained.name == "tellme/int8/g3/t8/q16/full/blockram:2/kulisch1024/p2"
    assert hw.parse(chained.name) == chained
    planes = TmacSpec(INT4, INT8, 4, 2, 3, "serial")
    assert planes.name == "tmac/int4xint8/g4/t2/q3/serial/full/lutram/exact/p2"
    assert hw.parse(planes.name) == planes == hw.spec.from_dict(planes.to_dict()) == hw.spec.from_toml(planes.to_toml())


@pytest.mark.parametrize(
    ("name", "index_bits", "sums", "build"),
    [
        # arXiv 2510.15926: 3^G sums, or (3^G - 1) / 2 beside zero.
        ("tellme/int8/g2/t1/q1/full/lutram", 4, 9, 11),
        ("tellme/int8/g2/t1/q1/half/lutram", 4, 1 + 4, 5),
        ("tellme/int8/g3/t1/q1/full/lutram", 5, 27, 30),
        ("tellme/int8/g3/t1/q1/half/lutram", 5, 1 + 13, 14),
        ("tellme/int8/g4/t1/q1/full/lutram", 7, 81, 85),
        ("tellme/int8/g4/t1/q1/half/lutram", 7, 1 + 40, 41),
        ("tellme/int8/g4/t1/q1/half/registers", 7, 1 + 40, 1),
        # arXiv 2407.00088: 16 sums of a group of 4, or 8 with their signs.
        ("tmac/int4xint8/g4/t1/q1/serial/full/lutram", 4, 16, 16),
        ("tmac/int4xint8/g4/t1/q1/serial/half/lutram", 4, 8, 19),
        ("tmac/bipolar4xint8/g4/t1/q1/serial/full/lutram", 4, 16, 35),
    ],
)
def test_tables_are_as_large_as_published(name: str, index_bits: int, sums: int, build: int) -> None:
    spec = lookup(name)
    assert spec.inputs["w"]["index"].format.width == index_bits
    assert len(spec.table.entries()) == sums
    assert spec.build == build


@pytest.mark.parametrize("sums", TABLES)
def test_tables_hold_every_sum_once(sums: Sums) -> None:
    entries = sums.entries()
    assert max(entries) < 1 << sums.address_bits
    negatives = {tuple(-digit for digit in vector) for vector in entries.values()} if sums.half else set()
    assert set(entries.values()) | negatives == set(product(sums.digits, repeat=sums.group))
    if sums.half:
        # A vector and its negative are both there only if they are one.
        assert set(entries.values()) & negatives <= {(0,) * sums.group}


@pytest.mark.parametrize("sums", TABLES)
def test_a_walk_adds_one_number_at_a_time_and_passes_every_sum(sums: Sums) -> None:
    walk = sums.walk()
    assert walk[0] == (0,) * sums.group
    for before, after in pairwise(walk):
        assert sorted(abs(b - a) for b, a in zip(before, after, strict=True)) == [0] * (sums.group - 1) + [1]
    assert set(sums.entries().values()) <= set(walk)


@pytest.mark.parametrize("sums", TABLES)
def test_every_sum_is_one_addition_from_another(sums: Sums) -> None:
    for vector in sums.entries().values():
        depth = 0
        while any(vector):
            before, place, factor = sums.parent(vector)
            assert vector == tuple(digit + factor * (n == place) for n, digit in enumerate(before))
            vector, depth = before, depth + 1
        assert depth <= 2 * sums.group


@pytest.mark.parametrize("sums", TABLES)
@pytest.mark.parametrize("x", ["int4", "uint4", "bipolar2", "e2m1"])
def test_spans_hold_every_sum_and_are_reached(sums: Sums, x: str) -> None:
    fmt = parse_format(x)
    scale = 2**-fmt.span.lsb
    ends = [int(value * scale) for value in (fmt.min, fmt.max)]
    numbers = np.array(list(product(ends, repeat=sums.group)))
    vectors = np.array(list(product(sums.digits, repeat=sums.group)))
    totals = numbers @ vectors.T
    span = sums.span(fmt.span)
    assert (min(0, totals.min()), totals.max()) == (span.lo, span.hi)


def test_results_are_as_wide_as_exact_sums() -> None:
    assert lookup("tellme/int8/g3/t8/q1").result.name == "fix13.0"  # 24 * 128 = 3072
    assert lookup("tellme/uint8/g3/t1/q1/half/lutram/kulisch4608").result.name == "fix22.0"  # 4608 * 255
    assert lookup("tmac/uint4xuint8/g4/t1/q1").result.name == "ufix14.0"  # 4 * 15 * 255
    assert lookup("tellme/e2m1/g2/t1/q1").result.name == "fix6.1"  # 2 * 6, in halves


SHAPES = [(1, 1), (1, 7), (2, 1), (5, 33), (9, 16)]


@pytest.mark.parametrize("name", ["tellme/int8/g3/t2/q4", "tmac/int3xint8/g4/t2/q4/serial/full/blockram:2"])
def test_cycles_take_arrays(name: str) -> None:
    spec = lookup(name)
    vectors, rows = np.array(SHAPES).T
    assert spec.cycles(vectors, rows).tolist() == [spec.cycles(*shape) for shape in SHAPES]
    assert spec.cycles(vectors[:, None], rows).shape == (len(SHAPES), len(SHAPES))


def test_cycles_of_each_storage() -> None:
    # Three vectors by 40 rows, 8 a beat: five beats each; 14 sums in a table.
    cycles = {storage: lookup(f"tellme/int8/g3/t2/q8/half/{storage}/exact/p2").cycles(3, 40)
              for storage in ("registers", "lutram", "lutram:2", "blockram:2")}  # fmt: skip
    assert cycles == {
        "registers": 1 + 3 * 5 + 2,
        "lutram": 3 * (14 + 5) + 2,
        "lutram:2": 3 * 14 + 5 + 2,
        "blockram:2": 3 * 14 + 5 + 2,
    }
    # With more rows tables are filled meanwhile.
    assert lookup("tellme/int8/g3/t2/q8/half/lutram:2/exact/p2").cycles(3, 160) == 14 + 3 * 20 + 2


CELLS = {
    ("lutram", "ecp5"): ({"TRELLIS_DPR16X4": 6}, 71),  # of four bits each, for ten
    ("blockram:2", "ecp5"): ({"DP16KD": 2}, 54),
    ("blockram:2", "ice40"): ({"SB_RAM40_4K": 2}, 54),
}
"""And at most how many registers: of the results, of one put aside, two that say so, and of what a step does."""
FLOWS = {"ecp5": "synth_ecp5 -nodsp", "ice40": "synth_ice40"}


@pytest.mark.parametrize(("storage", "target"), CELLS)
def test_tables_become_the_memory_that_was_asked_for(storage: str, target: str, tmp_path: Path) -> None:
    unit = hw.build(hw.parse(f"tellme/int8/g3/t1/q2/half/{storage}"), hw.parse_target(target))
    texts = [rtlil.convert(part, name=name) for name, part in unit.parts.items()]
    (tmp_path / "unit.il").write_text("".join([*texts, rtlil.convert(unit, name="unit")]))
    read = ["read_rtlil unit.il", "write_verilog unit.v", "design -reset", "read_verilog unit.v"]
    yosys.run([*read, f"{FLOWS[target]} -top unit", "flatten", "tee -q -o cells.json stat -json"], tmp_path)
    cells = json.loads((tmp_path / "cells.json").read_text())["modules"]["\\unit"]["num_cells_by_type"]
    memories, registers = CELLS[storage, target]
    assert {kind: count for kind, count in cells.items() if re.search("RAM|DPR|DP16", kind)} == memories
    # To show what a word was while it is written, a memory would need more registers.
    assert sum(count for kind, count in cells.items() if "FF" in kind) <= registers, cells


def test_no_lut_is_below_two_multiplexers(tmp_path: Path) -> None:
    # The upper bits of a table's narrow sums are copies of one sign; nextpnr can't pack a LUT that two PFUMX share.
    unit = hw.build(hw.parse("tellme/int8/g3/t1/q1/half/registers"), hw.parse_target("ecp5"))
    (tmp_path / "unit.il").write_text(rtlil.convert(unit, name="unit"))
    yosys.run(["read_rtlil unit.il", f"{FLOWS['ecp5']} -nowidelut -top unit", "write_json unit.json"], tmp_path)
    cells = json.loads((tmp_path / "unit.json").read_text())["modules"]["unit"]["cells"].values()
    below = [cell["connections"][port][0] for cell in cells if cell["type"] == "PFUMX" for port in ("BLUT", "ALUT")]
    assert len(below) == len(set(below)) > 0
    assert set(below) <= {cell["connections"]["Z"][0] for cell in cells if cell["type"] == "LUT4"}


def tellme(**values) -> TellmeSpec:
    return TellmeSpec(**{"x": INT8, "group": 3, "tables": 2, "lookups": 2} | values)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hw.parse("tellme/int8/g3/t2"), ValueError, "qLOOKUPS is missing"),
        (lambda: hw.parse("tellme/int8/3/t2/q2"), ValueError, "group must be written g and a number"),
        (lambda: hw.parse("tellme/int8/g3/t2/q2/half/lutram:x"), ValueError, "banks must be a number behind the colon"),
        (lambda: hw.parse("tmac/int4xint8/g4/t2"), ValueError, "qLOOKUPS is missing"),
        (lambda: tellme(x="int8"), TypeError, "x must be a Format, got 'int8'"),
        (lambda: tellme(x=parse_format("int32")), ValueError, "x must have at most 16 bits, got int32 of 32"),
        (lambda: tellme(x=parse_format("e4m3fn")), ValueError, "x must be a format without infinities"),
        (lambda: tellme(group=5), ValueError, "group must be 2..4, got 5"),
        (lambda: tellme(group=3.0), TypeError, "group must be an int, got 3.0"),
        (lambda: tellme(tables=257), ValueError, "tables must be 1..256, got 257"),
        (lambda: tellme(lookups=0), ValueError, "lookups must be 1..256, got 0"),
        (lambda: tellme(tables=64, lookups=65), ValueError, "lookups must leave at most 4096 sums a cycle"),
        (lambda: tellme(entries="third"), ValueError, "entries must be one of full, half, got 'third'"),
        (lambda: tellme(storage="uram"), ValueError, "storage must be one of registers, lutram, blockram, got 'uram'"),
        (lambda: tellme(banks=3), ValueError, "banks must be 1..2, got 3"),
        (lambda: tellme(storage="registers", banks=2), ValueError, "banks must be 1 for registers, which are loaded"),
        (lambda: tellme(pipeline=100), ValueError, "pipeline must be 0..99, got 100"),
        (lambda: tellme(storage="blockram", pipeline=0), ValueError, "pipeline must be at least 1 for blockram"),
        (lambda: tellme(accumulator=24), TypeError, "accumulator must be a str, got 24"),
        (lambda: tellme(accumulator="sat24"), ValueError, "accumulator must be exact or kulischDEPTH, got 'sat24'"),
        (lambda: tellme(accumulator="kulisch5"), ValueError, "accumulator must have a depth of at least 6"),
        (lambda: TmacSpec("int4", INT8, 4, 1, 1), TypeError, "w must be a Format, got 'int4'"),  # type: ignore[arg-type]
        (lambda: hw.parse("tmac/int5xint8/g4/t1/q1"), ValueError, "w must be an integer format of 1..4 bits, got int5"),
        (lambda: hw.parse("tmac/ternaryxint8/g4/t1/q1"), ValueError, "w must be an integer format of 1..4 bits"),
        (lambda: TmacSpec(INT4, INT8, 4, 1, 1, "both"), ValueError, "order must be one of parallel, serial"),
        (lambda: Tellme(hw.parse("mul/int8xint8")), TypeError, "spec must be a TellmeSpec, got "),  # type: ignore[arg-type]
        (
            lambda: hw.build(tellme(), hw.parse_target("ice40")),
            ValueError,
            "storage must be registers or blockram for Lattice iCE40, which has no LUT RAM, got 'lutram'",
        ),
        (
            lambda: hw.build(tellme(tables=1, entries="full", pipeline=2)),
            ValueError,
            "behind the first register, pipeline must be at most 0 for so little logic, got 1",
        ),
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
