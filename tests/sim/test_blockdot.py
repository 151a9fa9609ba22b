"""Block dot products do what their models do, on every family's cells; in as many cycles as the formula says."""

from __future__ import annotations

import re

import numpy as np
import pytest

import hw
from hw.specs.blockdot import BlockDotSpec
from rtl_gen import Emitted, emit
from sim import verify
from sim.benches.blockdot import blocks
from sim.benches.dot import lanes
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import stream_play
from sim.golden import model
from sim.golden.blocks import quantize


@pytest.mark.kept(
    "blockdot/2*e3m2@ue8m0x2*e2m3@ue8m0/bf16/p1",
    "blockdot/2*e4m3fn@ue8m0x2*e5m2@ue8m0/exact/p2@xcup",
    "blockdot/2*uint4@uint4x2*int4@fix4.2/exact/p0@ice40",
    "blockdot/2*e5m2@e5m2x2*e4m3@ue5m3/fp16-inf/p1",
)
@pytest.mark.parametrize(
    "name",
    [
        *("blockdot/8*e2m1@ue8m0x8*e2m1@ue8m0/exact/p1@ecp5", "blockdot/2*e4m3fn@ue8m0x2*e5m2@ue8m0/exact/p2@xcup"),
        *("blockdot/2*e3m2@ue8m0x2*e2m3@ue8m0/bf16/p1", "blockdot/bfp4-2xbfp4-2/fp16:up/p1@ecp5"),
        *("blockdot/2*e2m1@e4m3fnx2*int4-sym@e4m3fn/exact/p1", "blockdot/2*e5m2@e5m2x2*e4m3@ue5m3/fp16-inf/p1"),
        "blockdot/2*uint4@uint4x2*int4@fix4.2/exact/p0@ice40",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    at = name.rfind("/")
    build, _, target = name[at:].partition("@")
    verdict = verify.verify(hw.parse(name[:at] + build), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    # One more, if that fills holes of the others.
    assert verdict.tests in (5, 6)


BEATS = [*range(1, 100), 257]


def plays(spec: BlockDotSpec, seed: int) -> list[StreamPlay]:
    """Plays of so many beats, each in just the cycles of the formula."""
    rng = np.random.default_rng(seed)
    given = {count: blocks(spec, lanes(*spec.elements, (count, spec.lanes), rng), rng=rng) for count in BEATS}
    return [stream_play(spec, f"beats{count}", given[count], spec.cycles(count)) for count in BEATS]


@pytest.mark.parametrize("pipeline", [0, 2])
def test_every_number_of_blocks_takes_the_cycles_of_the_formula(pipeline: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.benches.blockdot.plays", plays)
    monkeypatch.setattr("sim.benches.blockdot.coverage", lambda *_: [])
    verdict = verify.verify(hw.parse(f"blockdot/bfp4-3xbfp4-3/e4m3fn/p{pipeline}"))
    assert verdict.passed, verdict.failures
    assert verdict.tests == len(BEATS)
    assert verdict.cycles == sum(count + pipeline for count in BEATS)


def test_a_scale_that_is_lost_is_found() -> None:
    spec = hw.parse("blockdot/bfp4-2xbfp4-2/fp16/p0")
    right = emit(spec)
    faulty = re.sub(r"s_axis_b_tdata\[15:8\]", "8'h7f", right.verilog)
    assert faulty != right.verilog
    verdict = verify.verify(spec, emitted=Emitted(right.name, faulty, right.manifest))
    assert not verdict.passed
    assert re.search(r"sum: beat \d+ expected", " ".join(verdict.failures))


def test_infinities_and_spoilt_blocks_are_alike_in_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    """An infinity of E5M2 stays one in its element; one of E4M3 makes its block's scale NaN."""
    spec = hw.parse("blockdot/2*e5m2@ue8m0x2*e4m3fn@ue8m0/exact/p0")
    assert isinstance(spec, BlockDotSpec)
    inf, nan = np.inf, np.nan
    x = [[inf, 1.0], [-inf, 1.0], [inf, inf], [inf, -inf], [inf, 0.0], [1.0, 2.0], [nan, 1.0], [1.0, 2.0]]
    y = [[1.0, 2.0], [1.0, -2.0], [1.0, -1.0], [1.0, -2.0], [0.0, 1.0], [inf, 2.0], [1.0, 2.0], [nan, 2.0]]
    a, b = quantize(spec.a, x), quantize(spec.b, y)
    given = {name: {"x": q.elements, "scale": q.scales[:, 0]} for name, q in (("a", a), ("b", b))}
    assert model(spec).run(**given)["sum"]["status"].tolist() == [1, 2, 3, 1, 3, 3, 3, 3]
    plays = [stream_play(spec, "infinities", given, spec.cycles(len(x)))]
    monkeypatch.setattr("sim.benches.blockdot.plays", lambda *_: plays)
    monkeypatch.setattr("sim.benches.blockdot.coverage", lambda *_: [])
    verdict = verify.verify(spec)
    assert verdict.passed, verdict.failures
