"""Casts do what their models do: every code of every kind of format, in every rounding."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, encode, model
from sim.verify import verify


@pytest.mark.kept(
    "cast/fp32xbf16/n2/p1",
    "cast/e5m2xe4m3fn-nan/n1/p0@xcup",
    "cast/bf16-flushxe4m3fn:down/n1/p0",
    "cast/e4m3xe2m1:stochastic4/n1/p0@ecp5",
    "cast/e4m3fnxint8/n1/p2@ecp5",
    "cast/int8xint4:stochastic3/n1/p0",
    "cast/fix8.4xuint4:nearest_away/n1/p0",
    "cast/nf4xe4m3/n1/p0",
    "cast/bf16xnf4/n1/p0@ecp5",
    "cast/fp16xint8:up/n1/p0",
)
@pytest.mark.parametrize(
    "name",
    [
        # The same exponents; a wider and a narrower range; subnormals that count, and that do not.
        "cast/fp32xbf16/n2/p1",
        "cast/fp32xbf16:stochastic16/n1/p1@ecp5",
        "cast/bf16xe4m3fn/n1/p1@ice40",
        "cast/fp16xe5m2-inf:odd/n1/p0",
        "cast/e5m2xe4m3fn-nan/n1/p0@xcup",
        "cast/e5m2xe3m2-flush:down/n1/p0",
        "cast/e4m3fnuzxe5m2/n1/p0",
        # Nothing is further below the normal numbers than by one place.
        "cast/e4m3xe4m3-b9/n1/p0",
        "cast/e4m3xe5m4-b9:odd/n1/p0",
        "cast/bf16-flushxe4m3fn:down/n1/p0",
        "cast/e4m3xe2m1:stochastic4/n1/p0@ecp5",
        "cast/e4m3xe2m1:stochastic3/n2/lfsr17:5/p1@ecp5",
        # Into fixed point: of floats with infinities and NaN, of integers, by every rounding.
        "cast/e4m3fnxint8/n1/p2@ecp5",
        "cast/bf16xint8:toward_zero/n1/p0",
        "cast/fp16xint8:up/n1/p0",
        "cast/e5m2xfix8.20:odd/n1/p0",
        "cast/e5m2xint8:stochastic6/n1/p0@ice40",
        "cast/int8xint4:stochastic3/n1/p0",
        "cast/fix8.4xuint4:nearest_away/n1/p0",
        "cast/e4m3xuint4/n1/p0",
        # Integers and codebooks into floats, and onto ladders.
        "cast/int8xe4m3/n1/p0@xcup",
        "cast/nf4xe4m3/n1/p0",
        "cast/pow4xint8/n1/p0",
        "cast/bf16xnf4/n1/p0@ecp5",
        "cast/fp16xpow4:nearest_away/n1/p0",
        "cast/e4m3fnxpow4-nan/n1/p0",
        "cast/int8xbipolar4:toward_zero/n1/p0",
        "cast/e3m2xe0m4/n1/p0",
        "cast/uint8xbinary:up/n3/p1",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize(
    ("name", "numbers", "expected"),
    [
        ("cast/bf16xint8/n1", [0.5, 1.5, -2.5, 200, -1e30, np.inf], [0, 2, -2, 127, -128, 127]),
        ("cast/bf16xint8:up/n1", [0.25, -0.75, 126.5], [1, 0, 127]),
        ("cast/e4m3fnxe2m1/n1", [np.nan, 0.25, 0.75, 448, -5], [0, 0, 1, 6, -4]),
        ("cast/int8xe4m3/n1", [17, 19, -127], [16, 20, -128]),
        ("cast/bf16xternary/n1", [0.5, 0.51, -3, -0.0], [0, 1, -1, 0]),
    ],
)
def test_the_model_rounds_saturates_and_makes_zero_of_nan(
    name: str, numbers: list[float], expected: list[float]
) -> None:
    spec = hw.parse(name)
    codes = encode(spec.input, numbers)  # type: ignore[attr-defined]
    assert decode(spec.output, model(spec).cast(codes)).tolist() == expected  # type: ignore[attr-defined]


def test_a_chance_that_carries_takes_a_magnitude_up() -> None:
    spec = hw.parse("cast/bf16xint8:stochastic2/n1")
    codes = [0x3FA0, 0xBFA0, 0x3FC0]  # 1.25, -1.25, 1.5
    found = [decode(spec.output, model(spec).cast(codes, [chance] * 3)).tolist() for chance in range(4)]  # type: ignore[attr-defined]
    assert found == [[1, -1, 1], [1, -1, 1], [1, -1, 2], [2, -2, 2]]


def test_a_cast_into_itself_is_wires() -> None:
    spec = hw.parse("cast/e5m2xe5m2/n1/p0")
    assert model(spec).cast(np.arange(256)).tolist() == list(range(256))  # type: ignore[attr-defined]
    assert verify(spec).passed
