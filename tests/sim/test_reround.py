"""Second roundings do what their models do, and these what the rounding of whole numbers is."""

from __future__ import annotations

import pytest

import hw
from sim.golden import decode, encode, model
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "reround/int8/n2/p1@ecp5",
        "reround/int6-sym:nearest_away/n1/p0",
        "reround/uint4:up/n1/p0@ice40",
        "reround/int4:odd/n1/p0",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize(
    ("name", "drop", "numbers", "expected"),
    [
        ("reround/int8/n1", 4, [127, 119, 120, 24, 40, -128, -120, -1], [7, 7, 7, 2, 2, -8, -8, 0]),
        ("reround/int8/n1", 0, [127, -128, 5], [127, -128, 5]),
        ("reround/int8/n1", 7, [127, -128, 64, -64, -65], [0, -1, 0, 0, -1]),
        ("reround/int8-sym/n1", 4, [-127, -120, 127], [-7, -7, 7]),
        ("reround/uint8/n1", 4, [255, 248, 247, 8, 24], [15, 15, 15, 0, 2]),
        # Of six bits six can go, and more: nothing is left.
        ("reround/int6/n1", 7, [31, -32], [0, 0]),
    ],
)
def test_the_model_rounds_and_keeps_to_the_bits_that_are_left(
    name: str, drop: int, numbers: list[int], expected: list[int]
) -> None:
    spec = hw.parse(name)
    codes = encode(spec.input, numbers)[:, None]  # type: ignore[attr-defined]
    found = model(spec).run(x={"x": codes, "drop": [drop] * len(codes), "last": [0] * len(codes)})["y"]["x"]
    assert decode(spec.input, found)[:, 0].tolist() == expected  # type: ignore[attr-defined]
