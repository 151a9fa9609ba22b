"""Dot products do what their models do, on every family's cells; in as many cycles as the formula says."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

import hw
from hw.specs.dot import DotSpec
from rtl_gen import Emitted, emit
from sim import verify
from sim.benches.dot import extremes, lanes, streams
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import stream_play
from sim.golden import model


@pytest.mark.kept(
    "dot/e2m1xe2m1/n9/exact/exact/p0@ice40",
    "dot/e5m2xe4m3fn/n2/exact/fp16-inf/p1",
    "dot/e3m2xe3m2/n2/lmul/bf16:down/p0/fast@ice40",
    "dot/e3m2xe3m2/n3/exact/e4m3fn/rounded/p2",
    "dot/int8xuint8/n3/exact/exact/p2/dsp@nexus",
    "dot/e4m3fnxe4m3fn/n3/exact/exact/p1@ecp5",
)
@pytest.mark.parametrize(
    "name",
    [
        *("dot/uint2xuint2/n7/exact/exact/p1@xc7", "dot/e4m3fnxe4m3fn/n3/exact/exact/p1@ecp5"),
        *("dot/e2m1xe2m1/n9/exact/exact/p0@ice40", "dot/e5m2xe4m3fn/n2/exact/fp16-inf/p1"),
        *("dot/int4xternary/n3/exact/e4m3fn-nan:up/p1@ecp5", "dot/e3m2xe3m2/n2/lmul/bf16:down/p0/fast@ice40"),
        "dot/e3m2xe3m2/n3/exact/e4m3fn/rounded/p2",
        *("dot/int4xint4/n4/g2.2/exact/exact/p1@ice40", "dot/e2m1xe2m1/n4/g2.2/exact/fp16/p2"),
        # Two products to a cell and one left over; one to a cell.
        *("dot/e4m3fnxe4m3fn/n3/exact/fp16/p3/dsp@ice40up", "dot/int8xint8/n3/exact/exact/p2/dsp@gowin"),
        "dot/int8xuint8/n3/exact/exact/p2/dsp@nexus",
        *("dot/binaryxbinary/n6/exact/exact/p1@ecp5", "dot/binaryxbinary/n20/exact/exact/p2@xcup"),
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    name, _, target = name.partition("@")
    verdict = verify.verify(hw.parse(name), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    # One more, if that fills holes of the others.
    assert verdict.tests in (5, 6)


@pytest.mark.parametrize("name", ["dot/e2m1xe2m1/n1/exact/exact/p1@xcup", "dot/int4xint4/n1/exact/e3m2/p0"])
def test_single_lanes_are_tried_on_every_pair(name: str) -> None:
    name, _, target = name.partition("@")
    verdict = verify.verify(hw.parse(name), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive


def plays_of(beats: list[int]) -> Callable[[DotSpec, int], list[StreamPlay]]:
    """Plays of so many beats, each in just the cycles of the formula."""

    def plays(spec: DotSpec, seed: int) -> list[StreamPlay]:
        rng = np.random.default_rng(seed)
        given = {count: streams(*lanes(spec.a, spec.b, (count, spec.lanes), rng)) for count in beats}
        return [stream_play(spec, f"beats{count}", given[count], spec.cycles(count)) for count in beats]

    return plays


@pytest.mark.parametrize("pipeline", [0, 1, 3])
def test_every_number_of_beats_takes_the_cycles_of_the_formula(pipeline: int, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = [*range(1, 70), 97]
    monkeypatch.setattr("sim.benches.dot.plays", plays_of(beats))
    monkeypatch.setattr("sim.benches.dot.coverage", lambda *_: [])
    spec = hw.parse(f"dot/int4xint4/n{2 * pipeline + 1}/exact/exact/p{pipeline}")
    verdict = verify.verify(spec)
    assert verdict.passed, verdict.failures
    assert verdict.tests == len(beats)
    assert verdict.cycles == sum(count + pipeline for count in beats)


def test_the_stimulus_reaches_the_ends_of_the_sum() -> None:
    for name in ("dot/int8xint8/n5", "dot/e4m3fnxe4m3fn/n3", "dot/uint4xint3/n2"):
        spec = hw.parse(name)
        assert isinstance(spec, DotSpec)
        sums, _ = model(spec).results(*extremes(spec.a, spec.b, spec.lanes))
        shown = [spec.result.decode(int(code)) for code in sums]
        step = 2.0**spec.span.lsb
        assert (min(shown), max(shown)) == (spec.span.lo * step, spec.span.hi * step)


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "message"),
    [
        # A product that is lost, a rounding that never goes up, a register that does not wait.
        ("dot/int4xint4/n2/exact/exact/p0", r"s_axis_a_tdata\[7:4\]", "s_axis_a_tdata[3:0]", r"sum: beat \d+ expected"),
        ("dot/int4xint4/n2/exact/e3m2/p0", r"assign increment = .*;", "assign increment = 1'b0;", "expected 0x"),
        (
            "dot/int4xint4/n2/exact/exact/p1",
            r"if \(\w+\) (product\w*) <=",
            r"\1 <=",
            "changed while it waited|expected",
        ),
    ],
)
def test_wrong_hardware_is_found(name: str, pattern: str, replacement: str, message: str) -> None:
    spec = hw.parse(name)
    right = emit(spec)
    faulty = re.sub(pattern, replacement, right.verilog)
    assert faulty != right.verilog
    verdict = verify.verify(spec, emitted=Emitted(right.name, faulty, right.manifest))
    assert not verdict.passed
    assert re.search(message, " ".join(verdict.failures))
