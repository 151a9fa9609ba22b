"""Operations on vectors do what their models do, and these are the adder's and the multiplier's."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, encode, model
from sim.verify import verify


@pytest.mark.kept(
    "elementwise/add/int4xint8/n2@ecp5",
    "elementwise/add/e4m3fnxe4m3fn/n1",
    "elementwise/lmul/e4m3xe4m3/n1/e4m3/p1@xcup",
)
@pytest.mark.parametrize(
    "name",
    [
        "elementwise/add/int4xint8/n2@ecp5",
        "elementwise/add/e4m3fnxe4m3fn/n1",
        "elementwise/add/bf16xbf16/n1/bf16/p2",
        "elementwise/exact/e4m3xint4/n2/e4m3/p1@ice40",
        "elementwise/lmul/e4m3xe4m3/n1/e4m3/p1@xcup",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def test_each_lane_has_its_own_sum() -> None:
    spec = hw.parse("elementwise/add/e4m3xint4/n2/bf16")
    a, b = encode(spec.a, [[1.5, -2], [448, 0.5]]), encode(spec.b, [[1, 2], [-8, 7]])  # type: ignore[attr-defined]
    found = model(spec).run(a={"x": a, "last": np.array([0, 1])}, b={"x": b})["y"]
    assert decode(spec.result, found["x"]).tolist() == [[2.5, 0], [440, 7.5]]  # type: ignore[attr-defined]
    assert found["last"].tolist() == [0, 1]
