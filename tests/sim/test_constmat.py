"""Matrices of constants do what their models do, on every kind of fabric, and the models what numpy does."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, encode, model
from sim.verify import verify


@pytest.mark.kept(
    "constmat/int8xint8/4x4/seed7/p2@ecp5",
    "constmat/e4m3xe2m1/2x3/seed1",
    "constmat/int4xbinary/3x4/seed2/p1/fast@nexus",
    "constmat/uint4xint8/3x3/seed2/f2/p1@xcup",
    "constmat/int4xternary/2x3/seed2/f4/p0@ice40",
    "constmat/int4xint4/4x3/fff000f00402@ecp5",
)
@pytest.mark.parametrize(
    "name",
    [
        "constmat/int8xint8/4x4/seed7/p2@ecp5",
        "constmat/int8xint8/4x4/seed7/p1@ice40",
        "constmat/int8xint8/4x4/seed7@xcup",
        "constmat/uint4xternary/4x6/seed3@xc7",
        "constmat/e4m3xe2m1/2x3/seed1",
        "constmat/int4xbinary/3x4/seed2/p1/fast@nexus",
        "constmat/int8xint4/4x3/seed5:30/p0@ice40",
        # Folded: two bits a cycle, one, and of numbers without a sign.
        "constmat/int8xint4/3x4/seed7/f4@ecp5",
        "constmat/int4xternary/2x3/seed2/f4/p0@ice40",
        "constmat/uint4xint8/3x3/seed2/f2/p1@xcup",
        "constmat/int4xint4/2x2/0000/f2/p0",
        # Rows that have nothing to take away from, zeros, and a power of two.
        "constmat/int4xint4/4x3/fff000f00402@ecp5",
        "constmat/int4xint4/4x3/fff000f00402@xcup",
        "constmat/int4xint4/4x3/fff000f00402@ice40",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize("name", ["constmat/int8xint8/3x5/seed7", "constmat/e3m2xe4m3/3x5/seed2:50"])
def test_a_model_is_a_product_of_the_numbers(name: str) -> None:
    spec = hw.parse(name)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 1 << spec.input.width, (100, 5))  # type: ignore[attr-defined]
    found = model(spec).run(x={"x": codes, "last": np.zeros(100, dtype=int)})["y"]["x"]
    matrix = decode(spec.weights, np.array(spec.codes))  # type: ignore[attr-defined]
    wanted = decode(spec.input, codes) @ matrix.T  # type: ignore[attr-defined]
    assert np.array_equal(found, encode(spec.result, wanted))  # type: ignore[attr-defined]


def test_sums_of_more_than_64_bits_are_exact() -> None:
    spec = hw.parse("constmat/fix32.0xe5m5/1x2/3df5ff/p0")
    numbers = {"x": np.array([[1 << 31, 1 << 31]]), "last": np.array([0])}
    (((code,),),) = [model(spec).run(x=numbers)["y"]["x"].tolist()]
    assert int(code) == -(1 << 31) * sum(spec.constants[0]) % (1 << spec.result.width)  # type: ignore[attr-defined]
