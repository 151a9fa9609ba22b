"""Scaled additions do what their models do, as portable RTL and as cells."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.formats import Minifloat
from hw.specs.blockadd import BlockAddSpec
from rtl_gen import emit
from sim.benches.blockadd import operands, ties
from sim.benches.streams import stream_play
from sim.golden.decoding import decode
from sim.verify import verify


@pytest.mark.kept(
    "blockadd/nvfp4xnvint4/n1/bf16/p0@ecp5",
    "blockadd/mxfp4xmxfp4/n2/fp32/p1",
    "blockadd/4*e5m2~e4m3fnx4*e2m1~e4m3fn/n1/fp16/p0",
)
@pytest.mark.parametrize(
    "name",
    [
        "blockadd/mxfp4xmxfp4/n2/fp32/p1",
        "blockadd/nvfp4xnvint4/n1/bf16/p0@ecp5",
        "blockadd/mxfp8e4m3xmxfp8e5m2/n1/fp16:up/p2@xcup",
        "blockadd/mxfp8e4m3xmxfp8e4m3/n1/fp16/p2",
        "blockadd/bfp8-16xbfp4-16/n1/fp32/p3@ice40",
        "blockadd/4*e5m2~e4m3fnx4*e2m1~e4m3fn/n1/fp16/p0",
        "blockadd/2*e2m1~e5m2x2*e2m1~ue5m3/n1/fp16/p1",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    # In a block's own name the @ is written as ~.
    verdict = verify(hw.parse(spec.replace("~", "@")), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    # One more, if that fills holes of the others.
    assert verdict.tests in (7, 8)


@pytest.mark.parametrize("pipeline", [0, 2])
def test_every_number_of_beats_takes_the_cycles_of_the_formula(pipeline: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, rng = hw.parse(f"blockadd/bfp4-4xbfp4-4/n1/e4m3fn/p{pipeline}"), np.random.default_rng(4)
    assert isinstance(spec, BlockAddSpec)
    beats = range(1, 102)
    plays = [stream_play(spec, f"beats{count}", operands(spec, count, rng), spec.cycles(count)) for count in beats]
    monkeypatch.setattr("sim.benches.blockadd.plays", lambda *_: plays)
    monkeypatch.setattr("sim.benches.blockadd.coverage", lambda *_: [])
    verdict = verify(spec)
    assert verdict.passed, verdict.failures
    assert verdict.cycles == sum(count + pipeline for count in beats)


def test_the_verdict_is_on_the_block_sizes_own_width() -> None:
    wide, narrow = hw.parse("blockadd/mxfp4xmxfp4/n1/fp32"), hw.parse("blockadd/nvfp4xnvfp4/n1/fp32")
    assert emit(wide).manifest["formats"]["x.x"]["width"] == emit(narrow).manifest["formats"]["x.x"]["width"] + 1


@pytest.mark.parametrize("name", ["mxfp4xmxfp4/n2/fp32", "nvfp4xnvint4/n1/bf16", "bfp4-4xbfp4-4/n1/e4m3fn"])
def test_many_sums_are_halfway_between_two_results_or_just_beside(name: str) -> None:
    spec = hw.parse(f"blockadd/{name}")
    assert isinstance(spec, BlockAddSpec) and isinstance(spec.result, Minifloat)
    tried = ties(spec, 2048, np.random.default_rng(1))
    a, b = (decode(fmt, tried["scale"][key]) for key, fmt in (("a", spec.a.scale), ("b", spec.b.scale)))
    sums = np.abs(decode(spec.result, tried["c"]["x"]) + decode(spec.sum_format, tried["x"]["x"]) * a[:, None] * b)
    lowest = np.maximum(np.frexp(sums)[1] - 1, spec.result.min_exponent)
    above = sums / 2.0 ** (lowest - spec.result.mantissa_bits) % 1
    assert (above == 0.5).mean() > 0.05
    assert ((above != 0.5) & (abs(above - 0.5) < 1 / 8)).mean() > 0.02
