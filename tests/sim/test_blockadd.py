"""Scaled additions do what their models do, as portable RTL and as cells."""

from __future__ import annotations

import pytest

import hw
from rtl_gen import emit
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "blockadd/mxfp4xmxfp4/n2/fp32/p1",
        "blockadd/nvfp4xnvint4/n1/bf16/p0@ecp5",
        "blockadd/mxfp8e4m3xmxfp8e5m2/n1/fp16:up/p2@xcup",
        "blockadd/bfp8-16xbfp4-16/n1/fp32/p3@ice40",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.tests == 4


def test_the_verdict_is_on_the_block_sizes_own_width() -> None:
    wide, narrow = hw.parse("blockadd/mxfp4xmxfp4/n1/fp32"), hw.parse("blockadd/nvfp4xnvfp4/n1/fp32")
    assert emit(wide).manifest["formats"]["x.x"]["width"] == emit(narrow).manifest["formats"]["x.x"]["width"] + 1
