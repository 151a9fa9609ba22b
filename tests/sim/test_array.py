"""Systolic arrays and their elements do what their models do, in just the cycles of their formulas."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import hw
from hw.specs.array import ArraySpec
from hw.units.array import Array
from rtl_gen import Emitted, emit
from sim.benches.array import alike
from sim.benches.play import save
from sim.runner import simulate
from sim.verify import verify

SHAPES = ["1x1/os", "1x7/os", "5x1/os", "3x4/os", "11x2/os", "1x1/ws", "3x5/ws", "4x1/is", "2x6/is"]
PLAYS = 23
"""Of each shape: more than two hundred."""


@pytest.mark.kept(
    "array/int4xint4/3x5/os/exact/kulisch64/p1@ice40",
    "array/e4m3fnxe2m1/2x3/ws/exact/kulisch64/p2@ecp5",
    "array/e4m3xe4m3/2x2/is/lmul",
    "array/int4xint4/2x3/ws/exact/carrysave16",
    "array/int4xint4/3x2/os/exact/kulisch64:seg5/p0",
    "array/e3m2xe2m3/2x2/is/exact/fp16/p2",
)
@pytest.mark.parametrize(
    "name",
    [
        *("array/int4xint4/3x5/os/exact/kulisch64/p1@ice40", "array/ternaryxint8/9x2/os@xcup"),
        *("array/e4m3fnxe2m1/2x3/ws/exact/kulisch64/p2@ecp5", "array/e4m3xe4m3/2x2/is/lmul"),
        *("array/e5m2xe5m2/3x2/os/exact/carrysave16/p0", "array/int4xint4/2x3/ws/exact/carrysave16"),
        *("array/int4xint4/3x2/os/exact/kulisch64:seg5/p0", "array/e5m2xe5m2/2x3/os/exact/kulisch16:seg24@ecp5"),
        *("array/int4xint4/3x2/ws/exact/sat10@xcup", "array/e3m2xe2m3/2x2/is/exact/fp16/p2"),
    ],
)
def test_arrays_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    # Tiles of 1 beat, of 2, of as many as rows, of one more and of many; pauses, a slow taker, a reset.
    assert verdict.tests >= 7


@pytest.mark.kept(
    "array/int8xint8/3x5/os/exact/kulisch64/p1/dsp@xc7",
    "array/int8xint8/2x3/ws/exact/kulisch64/p2/dsp@ice40up",
    "array/int4xint4/3x3/os/exact/kulisch64/p2/dsp@xc7",
)
@pytest.mark.parametrize(
    "name",
    [
        # Two columns to a block and one left over; three; two of floats, with a status, of two words; halves of a cell.
        *("array/int8xint8/3x5/os/exact/kulisch64/p1/dsp@xc7", "array/int4xuint4/3x4/is/exact/kulisch64/p2/dsp@xcup"),
        "array/e4m3xe5m2/2x4/ws/exact/carrysave64/p1/dsp@ecp5",
        "array/int8xint8/2x3/ws/exact/kulisch64/p2/dsp@ice40up",
        # Two rows by two columns, and what is left over below and to the right.
        *("array/int4xint4/3x3/os/exact/kulisch64/p2/dsp@xc7", "array/e4m3xe5m2/5x2/os/exact/carrysave64/p1/dsp@xcup"),
        # Two in a block, one in a block, two in LUTs.
        "array/int8xint8/2x5/ws/exact/kulisch64/p1/dsp:3@xc7",
    ],
)
def test_columns_that_share_blocks_do_what_columns_do(name: str) -> None:
    spec, _, target = name.partition("@")
    parsed = hw.parse(spec)
    assert isinstance(parsed, ArraySpec)
    assert len(Array(parsed, hw.parse_target(target)).groups) < parsed.columns
    verdict = verify(parsed, hw.parse_target(target))
    assert verdict.passed, verdict.failures


def test_columns_left_to_luts_do_what_columns_do() -> None:
    # Portable RTL would be given blocks: there the multipliers are rows.
    verdict = verify(hw.parse("array/int8xe2m1/3x3/os/exact/kulisch64/p1/dsp:2"), hw.parse_target("gowin"))
    assert verdict.passed, verdict.failures


@pytest.mark.kept(
    "pe/e4m3fnxe2m1/ws/exact/carrysave64/p2@ecp5",
    "pe/int4xint8/os/exact/kulisch64:seg8@ice40",
    "pe/e3m2xe3m2/is/exact/fp16@ice40",
    "pe/int8xuint8/ws/exact/kulisch64/p2/dsp@ecp5",
)
@pytest.mark.parametrize(
    "name",
    [
        *("pe/e4m3fnxe4m3fn/os/exact/carrysave/p1", "pe/e4m3fnxe2m1/ws/exact/carrysave64/p2@ecp5"),
        *("pe/e4m3fnxe2m1/os/exact/kulisch64:seg7/p2@ecp5", "pe/int4xint8/os/exact/kulisch64:seg8@ice40"),
        *("pe/e3m2xe3m2/is/exact/fp16@ice40", "pe/int4xint4/os/exact/sat10/p0@xcup"),
        *("pe/int8xuint8/ws/exact/kulisch64/p2/dsp@ecp5", "pe/e4m3fnxe4m3fn/os/exact/kulisch64/p1/dsp@ecp5"),
    ],
)
def test_elements_do_what_their_models_do_on_every_pair(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive


@pytest.mark.kept("1x1/os", "3x4/os", "3x5/ws", "2x6/is")
@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_take_the_cycles_that_the_formula_says(shape: str, tmp_path: Path) -> None:
    spec = hw.parse(f"array/int2xint2/{shape}/exact/kulisch256")
    assert isinstance(spec, ArraySpec)
    rng = np.random.default_rng(len(shape))
    # One beat, one less than the array is high, as many, one more, primes; and any.
    beats = [1, max(1, spec.rows - 1), spec.rows, spec.rows + 1, 13, 31, *rng.integers(1, 40, PLAYS - 6).tolist()]
    counts = [1, 2, 3, 5, *rng.integers(1, 7, PLAYS - 4).tolist()]
    plays = [alike(spec, f"play{n}", k, count, rng) for n, (k, count) in enumerate(zip(beats, counts, strict=True))]
    assert [play.duration for play in plays] == spec.cycles(np.array(beats), np.array(counts)).tolist()
    emitted, script, record = emit(spec), tmp_path / "plays.json", tmp_path / "evidence.json"
    source, _ = emitted.write(tmp_path)
    save(plays, script)
    results = simulate(
        source,
        emitted.name,
        plays[0].bench,
        tmp_path,
        {"MACSMITH_PLAYS": str(script), "MACSMITH_EVIDENCE": str(record)},
    )
    assert not results.failures
    evidence = json.loads(record.read_text())
    assert [evidence[play.name]["cycles"] for play in plays] == [play.duration for play in plays]


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "complaint"),
    [
        # The rows come out in a wrong order; a tile does not wait for the rows of the one before.
        ("3x2/os", r"\.row\(row\)", ".row(2'd2 - row)", "sum: beat . expected"),
        ("3x2/os", r"else if \(_\d+_\) remaining <= _\d+_;", "else remaining <= 1'h0;", "expected"),
        ("2x2/os", r"error <= 1'h1", "error <= 1'h0", "error expected 0x1 at the end, got 0x0"),
        ("2x2/ws", r"now <= later", "now <= b", "sum: beat . expected"),
    ],
)
def test_faults_are_found(name: str, pattern: str, replacement: str, complaint: str) -> None:
    spec = hw.parse(f"array/int4xint4/{name}/exact/kulisch64")
    right = emit(spec)
    faulty = re.sub(pattern, replacement, right.verilog, count=1)
    assert faulty != right.verilog
    verdict = verify(spec, emitted=Emitted(right.name, faulty, right.manifest))
    assert not verdict.passed
    assert any(re.search(complaint, failure) for failure in verdict.failures), verdict.failures
