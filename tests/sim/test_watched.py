"""Plays that watch the flag of a parity check: it is low in a right design, and one that rises is told."""

from __future__ import annotations

import pytest

import hw
from rtl_gen import emit
from sim.benches import bench
from sim.simulator import ICARUS, VERILATOR
from sim.verify import verify
from sim.watched import watched


@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("mac/int2xint2/exact/kulisch4/p1", "acc_parity <= 1'h1", "acc_parity <= 1'h0", "fault expected 0x0, got 0x1"),
        ("mul/e3m0xe3m0/exact/exact/p1", " = en | rst", " = en", "fault expected 0x0, got 0x1"),
        (
            "dot/int2xint2/n2/exact/exact/p1",
            "valid_q1_parity <= 1'h1",
            "valid_q1_parity <= 1'h0",
            "fault rose in cycle 1",
        ),
        (
            "gemm/int2xint2/2x2/os/exact/kulisch8/p1/int2/tensor/x1/p0/k8/n8/w16",
            *("error_parity <= 1'h1", "error_parity <= 1'h0", "fault rose in cycle 1"),
        ),
    ],
)
def test_a_check_that_is_wrong_is_found(name: str, right: str, wrong: str, said: str) -> None:
    spec = hw.parse(f"{name}/parity")
    design = emit(spec)
    assert right in design.verilog
    play = bench(spec.unit).plays(spec, 1)[0].name
    failures = verify(spec, emitted=design.altered(design.verilog.replace(right, wrong)), play=play).failures
    assert failures
    assert said in failures[0]


@pytest.mark.parametrize("name", ["mac/int2xint2/exact/kulisch4/p1", "dot/int2xint2/n2/exact/exact/p1"])
def test_what_has_no_check_or_knows_no_more_than_x_is_not_watched(name: str) -> None:
    for part, simulator in (("", VERILATOR), ("/parity", ICARUS)):
        spec = hw.parse(name + part)
        plays = bench(spec.unit).plays(spec, 1)
        assert watched(spec, plays, simulator) is plays
