"""Matrix-vector units do what their models do, as portable RTL and as cells, in as many cycles as they say."""

from __future__ import annotations

import re

import numpy as np
import pytest

import hw
from rtl_gen import Emitted, emit
from sim.benches.matvec import per_matrix, sums
from sim.verify import verify


@pytest.mark.kept(
    "e4m3fnxe2m1/2x2/exact/kulisch64",
    "uint4xint4/2x2/6x2/exact/sat11/p3",
    "e3m2ieeexe2m1/1x2/3x4/exact/carrysave4/p1",
    "int4xternary/2x2/4x4/exact/kulisch/p0@ice40",
    "e3m2xe3m2/1x2/lmul/kulisch32/p2",
    "int8xternary/3x5/exact/kulisch:seg4/p1@ice40",
    "int8xuint8/3x2/exact/kulisch64/p1/dsp@xc7",
)
@pytest.mark.parametrize(
    "name",
    [
        *("int8xternary/3x5/exact/carrysave/p2", "e4m3fnxe2m1/2x2/exact/kulisch64", "int4xint4/1x1/1x1/exact/sat9/p0"),
        *(
            "uint4xint4/2x2/6x2/exact/sat11/p3",
            "e3m2ieeexe2m1/1x2/3x4/exact/carrysave4/p1",
            "int3xint3/2x2/exact/sat9/p1/dsp",
        ),
        *("int4xint4/2x2/exact/kulisch/p1@ecp5", "int4xternary/2x2/4x4/exact/kulisch/p0@ice40", "e2m1xe2m1/1x2@xcup"),
        *("e3m2xe3m2/1x2/lmul/kulisch32/p2", "int8xternary/3x5/exact/kulisch:seg4/p1@ice40"),
        "e3m2ieeexe2m1/1x2/3x4/exact/kulisch4:seg9/p2@ecp5",
        # Rows that share blocks: by packing, with one left over and a status; by the halves of a cell.
        *("e4m3fnxe2m1/3x2/exact/carrysave64/p2/dsp@ecp5", "int8xint8/2x3/exact/kulisch64/p2/dsp@ice40up"),
        "int8xuint8/3x2/exact/kulisch64/p1/dsp@xc7",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(f"matvec/{spec}"), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.compared > 100


def test_cycles_of_sums_are_as_the_formula_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for accumulator, pipeline in (("kulisch", 0), ("carrysave", 2), ("kulisch:seg5", 1)):
        spec, rng = hw.parse(f"matvec/int2xint2/2x2/exact/{accumulator}/p{pipeline}"), np.random.default_rng(2)
        shapes = [(folds, count) for folds in (1, 2, 3, 5, 7, 16, 31) for count in (1, 2, 3, 5, 8, 11)]
        plays = [sums(spec, f"n{folds}x{count}", [folds] * count, rng) for folds, count in shapes]  # type: ignore[arg-type]
        monkeypatch.setattr("sim.benches.matvec.plays", lambda *_, plays=plays: plays)
        monkeypatch.setattr("sim.benches.matvec.coverage", lambda *_: [])
        verdict = verify(spec)
        assert verdict.passed, verdict.failures
        assert verdict.cycles == sum(folds * count + spec.latency for folds, count in shapes)


@pytest.mark.parametrize("shape", ["1x1/1x1", "1x1/1x7", "2x3/6x3", "2x1/6x5"])
def test_cycles_with_a_resident_matrix_are_as_the_formula_says(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, rng = hw.parse(f"matvec/int2xint2/{shape}/exact/kulisch/p1"), np.random.default_rng(3)
    counts = [[vectors] * loads for vectors in (1, 2, 3, 5, 7, 8, 13, 17) for loads in (1, 2, 3, 4)]
    plays = [per_matrix(spec, f"v{each[0]}x{len(each)}", each, rng) for each in counts]  # type: ignore[arg-type]
    monkeypatch.setattr("sim.benches.matvec.plays", lambda *_: plays)
    monkeypatch.setattr("sim.benches.matvec.coverage", lambda *_: [])
    verdict = verify(spec)
    assert verdict.passed, verdict.failures
    # As FINN counts them: NF * SF cycles a vector; and as many to load a matrix.
    elements, lanes, rows, columns = map(int, re.split("[x/]", shape))
    folds = rows // elements * (columns // lanes)
    assert verdict.cycles == sum((sum(each) + len(each)) * folds + 3 for each in counts)


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "complaint"),
    [
        ("int3xint3/1x2/exact/kulisch/p1", r"assign last = .*;", "assign last = s_axis_a_tlast;", "ends_apart"),
        ("int3xint3/1x2/exact/kulisch/p1", r"error <= 1'h1;", "error <= 1'b0;", "ends_apart: error expected 0x1"),
        ("int3xint3/1x2/2x4/exact/kulisch/p1", r"was_fresh \?", "1'b1 ?", "vectors"),
        ("int3xint3/1x2/2x4/exact/kulisch/p1", r"length <= .*;", "length <= 1'b1;", "ends_apart"),
    ],
)
def test_faults_are_found(name: str, pattern: str, replacement: str, complaint: str) -> None:
    spec = hw.parse(f"matvec/{name}")
    right = emit(spec)
    faulty = re.sub(pattern, replacement, right.verilog)
    assert faulty != right.verilog
    verdict = verify(spec, emitted=Emitted(right.name, faulty, right.manifest))
    assert not verdict.passed
    assert any(re.search(complaint, failure) for failure in verdict.failures), verdict.failures
