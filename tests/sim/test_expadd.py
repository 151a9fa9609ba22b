"""Additions to exponents do what their models do, and a dot product of what they make is that of scaled numbers."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, model
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "expadd/e2m1xe4m3-b5/n2/k3/channel/p1@ecp5",
        "expadd/e4m3fnxbf16/n1/k5/beat/p0",
        "expadd/e3m2-flushxe4m3/n1/k2/beat/p0@ice40",
        "expadd/ue4m3fnxfp16/n1/k1/channel/p0",
        "expadd/e5m2xbf16/n1/k3/channel/p0@xcup",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def test_a_dot_product_has_a_bias_of_each_channel() -> None:
    spec, dot = hw.parse("expadd/e2m1xe4m1-b2/n8/k3"), hw.parse("dot/e4m1-b2xe4m3/n8")
    rng = np.random.default_rng(0)
    w, k, x = (rng.integers(0, end, (50, 8)) for end in (16, 8, 256))
    scaled = model(spec).run(x={"x": w, "k": k, "last": np.zeros(50, dtype=int)})["y"]["x"]
    found = model(dot).run(a={"x": scaled}, b={"x": x})["sum"]["x"]
    weights = decode(spec.input, w) * 2.0**k  # type: ignore[attr-defined]
    expected = (weights * decode(dot.b, x)).sum(axis=1)  # type: ignore[attr-defined]
    assert decode(dot.result, found).tolist() == expected.tolist()  # type: ignore[attr-defined]
