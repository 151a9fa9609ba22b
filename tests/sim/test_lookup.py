"""Products by table lookup do what their models do, as portable RTL and as cells, in as many cycles as they say."""

from __future__ import annotations

import re

import numpy as np
import pytest

import hw
from hw.specs.lookup import LookupSpec
from rtl_gen import Emitted, emit
from sim.benches.lookup import operands
from sim.benches.streams import stream_play
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "tellme/int8/g3/t2/q2/half/lutram@ecp5",
        "tellme/e2m1/g2/t2/q1/full/registers/exact/p0@xcup",
        "tellme/int4/g3/t1/q2/half/blockram:2/kulisch4608/p2@ice40",
        "tmac/int3xint4/g3/t2/q1/parallel/half/registers/kulisch64/p2",
        "tmac/bipolar2xe4m3/g4/t1/q2/serial/half/lutram:2",
        "tmac/uint2xint4/g3/t2/q2/serial/half/blockram/kulisch64@ecp5",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.compared > 500


@pytest.mark.parametrize(
    ("name", "build", "hidden"),
    [
        ("tellme/int2/g2/t1/q1/half/registers/exact/p0", 1, True),
        ("tellme/int2/g3/t1/q3/half/lutram/exact/p1", 14, False),
        ("tellme/int2/g2/t2/q2/full/blockram:2/kulisch8/p3", 11, True),
        ("tmac/int3xint2/g2/t1/q2/serial/full/lutram:2/kulisch8/p1", 4, True),
    ],
)
def test_cycles_are_as_the_formula_says(name: str, build: int, hidden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, rng = hw.parse(name), np.random.default_rng(5)
    assert isinstance(spec, LookupSpec)
    q = spec.lookups
    shapes = {(vectors, rows) for vectors in (1, 2, 3, 7) for rows in (1, q, q + 1, 5 * q, 11 * q, 17 * q)}
    while len(shapes) < 52:
        shapes.add((int(rng.integers(1, 9)), int(rng.integers(1, 24 * q))))
    plays = [
        stream_play(spec, f"{vectors}x{rows}", operands(spec, [rows] * vectors, rng), spec.cycles(vectors, rows))
        for vectors, rows in sorted(shapes)
    ]
    monkeypatch.setattr(f"sim.benches.{spec.unit}.plays", lambda *_: plays)
    monkeypatch.setattr(f"sim.benches.{spec.unit}.coverage", lambda *_: [])
    verdict = verify(spec)
    assert verdict.passed, verdict.failures
    # Counted out: the tables are filled, unless that is hidden, and there is a cycle for each lookup.
    counted = 0
    for vectors, rows in shapes:
        beats = -(-rows // q) * (3 if spec.unit == "tmac" else 1)
        counted += build + (vectors - 1) * (max(build, beats) if hidden else build + beats) + beats + spec.pipeline
    assert verdict.cycles == counted


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "complaint"),
    [
        # A sign that is not seen, a table that takes too long to fill, a highest plane that counts positive.
        ("tellme/int4/g2/t1/q1/half/lutram", r"sign_held <= .*;", "sign_held <= 1'b0;", "expected"),
        ("tellme/int4/g2/t1/q1/half/lutram", r"assign last_step = .*;", "assign last_step = step == 3'd5;", "not done"),
        ("tmac/int2xint4/g2/t1/q1/serial/full/lutram", r"highest_held <= .*;", "highest_held <= 1'b0;", "expected"),
    ],
)
def test_faults_are_found(name: str, pattern: str, replacement: str, complaint: str) -> None:
    spec = hw.parse(name)
    right = emit(spec)
    faulty = re.sub(pattern, replacement, right.verilog)
    assert faulty != right.verilog
    verdict = verify(spec, emitted=Emitted(right.name, faulty, right.manifest))
    assert not verdict.passed
    assert any(complaint in failure for failure in verdict.failures), verdict.failures
