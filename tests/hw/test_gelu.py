"""The GELU's spec: names, widths, checks."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.gelu import GeluSpec

INT8, UINT8 = map(parse_format, ("int8", "uint8"))


@pytest.mark.parametrize(
    "name",
    ["gelu/int8/n4/s8/uint8/p7", "gelu/int16/n1/s127/uint16/c300/p0/fast", "gelu/int4/n2/s900/uint1/c3/b48/p3"],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_the_result_holds_every_product() -> None:
    assert GeluSpec(INT8, 1, 8).result.name == "fix16.8"
    # -5 * 255 to 127 * 255.
    clipped = GeluSpec(INT8, 1, 8, UINT8, 5)
    assert (clipped.numbers.lo, clipped.numbers.hi, clipped.farthest) == (-5, 127, 127)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", 4, 8), TypeError, "input must be a Format, got 'int8'"),
        ((UINT8, 4, 8), ValueError, "input must be int2 to int16, got uint8"),
        ((parse_format("int17"), 4, 8), ValueError, "input must be int2 to int16, got int17"),
        ((INT8, 0, 8), ValueError, "lanes must be .*got 0"),
        ((INT8, 4, 0), ValueError, "steps must be 1..1024, got 0"),
        ((INT8, 4, 128), ValueError, "steps must be at most 127 for a numerator of 31 bits, got 128"),
        ((INT8, 4, 8, "uint8"), TypeError, "sigmoid must be a Format, got 'uint8'"),
        ((INT8, 4, 8, INT8), ValueError, "sigmoid must be uint1 to uint16, got int8"),
        ((INT8, 4, 8, UINT8, 128), ValueError, "clip must be 0..127, got 128"),
        ((INT8, 4, 8, UINT8, 0, 30), ValueError, "numerator must be 31..48, got 30"),
        ((INT8, 4, 8, UINT8, 0, 31, 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_no_gelu_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        GeluSpec(*arguments)  # type: ignore[arg-type]
