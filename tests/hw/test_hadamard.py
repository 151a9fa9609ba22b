"""The rotation's spec: names, widths, checks."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.hadamard import HadamardSpec

INT8, UINT4 = map(parse_format, ("int8", "uint4"))


@pytest.mark.parametrize("name", ["hadamard/int8/n16/p2", "hadamard/fix6.2/n32/flips/p0", "hadamard/uint4/n2/p1/fast"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_the_result_is_as_wide_as_its_largest_sum() -> None:
    # 16 times -128, and no more than 16 times 127.5 of mixed signs.
    assert HadamardSpec(INT8, 16).result.name == "fix12.0"
    # A sign that can be flipped has 128 on either side.
    assert HadamardSpec(INT8, 16, True).span(16).hi == 127 + 15 * 128
    assert HadamardSpec(UINT4, 4).span(4).lo == -30 and HadamardSpec(UINT4, 4).span(4).hi == 60


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", 16), TypeError, "input must be a Format, got 'int8'"),
        (
            (parse_format("e4m3"), 16),
            ValueError,
            "input must be an integer or fixed point of at most 32 bits, got e4m3",
        ),
        ((INT8, 12), ValueError, "lanes must be a power of two, got 12"),
        ((INT8, 1), ValueError, "lanes must be .*got 1"),
        ((INT8, 4, 1), TypeError, "flips must be a bool, got 1"),
        ((INT8, 4, False, 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_no_rotation_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HadamardSpec(*arguments)  # type: ignore[arg-type]
