"""Block quantisers do what their models do."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, encode, model
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "quantise/bf16x4*e2m1~ue8m0/p1@ecp5",
        "quantise/bf16x4*fix8.6-sym~ue8m0/p0",
        "quantise/fp16x2*e5m2~ue8m0-ceil/p2@ice40",
        "quantise/e4m3x4*int4~ue8m0-ceil:down/p0",
        "quantise/int8x4*e2m1~ue8m0/p1@xcup",
        "quantise/bf16-flushx3*e4m3fn~ue8m0/p1",
        "quantise/e4m3x2*e2m1~ue8m0/p1",
        "quantise/e5m2x4*e5m2~ue8m0/p1",
        "quantise/int8x2*e2m3~ue8m0:stochastic4/p0",
        "quantise/bf16x2*fix4.2-sym~ue8m0-ceil:stochastic5/lfsr17:77/p1@ecp5",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    # In a block's own name the @ is written as ~.
    verdict = verify(hw.parse(spec.replace("~", "@")), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def test_a_block_of_ocp_has_the_scale_of_its_largest_power() -> None:
    spec = hw.parse("quantise/bf16x4*e2m1@ue8m0")
    codes = encode(spec.input, [[6, -3, 0.5, 0], [7.9, 1, 0, 0], [np.inf, 1, 2, 3], [0, -0.0, 0, 0]])  # type: ignore[attr-defined]
    found = model(spec).run(x={"x": codes})["y"]
    block = spec.output  # type: ignore[attr-defined]
    assert found["scale"].tolist() == [127, 127, 255, 0]
    # 7.9 is beyond 6, and clips; an infinity spoils its block.
    elements = decode(block.element, found["x"])
    assert elements.tolist() == [[6, -3, 0.5, 0], [6, 1, 0, 0], [0, 0, 0, 0], [0, -0.0, 0, 0]]
