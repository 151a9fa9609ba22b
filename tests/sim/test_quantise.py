"""Block quantisers do what their models do."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, encode, model
from sim.golden.blocks import quantize
from sim.verify import verify


@pytest.mark.kept(
    "quantise/bf16x4*e2m1~ue8m0/p1@ecp5",
    "quantise/bf16x4*fix8.6-sym~ue8m0/p0",
    "quantise/fp16x2*e5m2~ue8m0-ceil/p2@ice40",
    "quantise/e4m3x4*int4~ue8m0-ceil:down/p0",
)
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
        # Scales that are floats: with the tensor's and without, subnormals that matter, elements that are integers.
        "quantise/e5m2x3*e2m1~ue5m3-ceil/p0",
        "quantise/e5m2x2*int4-sym~e4m3fn~e8m3-flush/p0@ecp5",
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


def test_nvfp4_is_what_its_definition_makes_of_a_tensor() -> None:
    spec = hw.parse("quantise/bf16xnvfp4")
    rng = np.random.default_rng(1)
    codes = encode(spec.input, rng.standard_normal((20, 16)) * 2.0 ** rng.integers(-12, 5, (20, 1)))  # type: ignore[attr-defined]
    found = quantize(spec.output, decode(spec.input, codes))  # type: ignore[attr-defined]
    beats = model(spec).run(x={"x": codes, "tensor": np.full(20, found.tensor)})["y"]
    assert beats["x"].tolist() == found.elements.tolist()
    assert beats["scale"].tolist() == found.scales[:, 0].tolist()
    # The largest magnitude has the largest scale: 448.
    assert decode(spec.output.scale, beats["scale"]).max() == 448  # type: ignore[attr-defined]


def test_a_tensors_scale_that_is_no_positive_number_spoils_its_block() -> None:
    spec = hw.parse("quantise/bf16x2*e2m1@e4m3fn@fp32")
    codes = encode(spec.input, [[6, -3]] * 6 + [[np.inf, 1], [3e38, 6]])  # type: ignore[attr-defined]
    scales = [1, 0, -1, np.inf, np.nan, 2, 1, 1e-30]
    found = model(spec).run(x={"x": codes, "tensor": encode(spec.output.tensor, scales)})["y"]  # type: ignore[attr-defined]
    # 6 divided by 6 and by 2 is a half; beyond 448 the scale saturates.
    assert decode(spec.output.scale, found["scale"]).tolist()[5:8:2] == [0.5, 448]  # type: ignore[attr-defined]
    assert np.isnan(decode(spec.output.scale, found["scale"])[[1, 2, 3, 4, 6]]).all()  # type: ignore[attr-defined]
    elements = decode(spec.output.element, found["x"]).tolist()  # type: ignore[attr-defined]
    assert elements == [[6, -3], [0, 0], [0, 0], [0, 0], [0, 0], [6, -3], [0, 0], [6, 6]]
