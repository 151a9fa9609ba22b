"""The spec of the dot product whose multipliers come apart: names, modes, checks."""

from __future__ import annotations

from typing import Any

import pytest

import hw
from hw.spec import from_json
from hw.specs.subword import SubwordSpec


@pytest.mark.parametrize("name", ["subword/n16/p2", "subword/n1/p0/fast"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_modes_say_what_numbers_are() -> None:
    spec = SubwordSpec(2)
    names = [tuple(fmt.name for fmt in spec.formats(mode)) for mode in range(4)]
    assert names == [("int8", "int8"), ("int8", "int4"), ("int8", "int8"), ("int4", "int4")]
    with pytest.raises(ValueError, match="mode must be 0..3, got 4"):
        spec.formats(4)


def test_the_result_holds_the_sums_of_every_mode() -> None:
    span = SubwordSpec(3).span
    assert (span.lo, span.hi) == (-3 * 128 * 127, 3 * 128 * 128)
    assert span.hi / 3 > 2 * 128 * 8 and span.hi / 3 > 4 * 8 * 8


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lanes": 0}, ValueError, "lanes must be 1..256, got 0"),
        ({"lanes": "4"}, TypeError, "lanes must be an int, got '4'"),
        ({"lanes": 4, "form": "dsp"}, ValueError, "form must be small or fast, got 'dsp': a multiplier block"),
        ({"lanes": 4, "form": "dsp:2"}, ValueError, "form must be "),
        ({"lanes": 4, "pipeline": -1}, ValueError, "pipeline must be 0..99, got -1"),
    ],
)
def test_what_does_not_come_apart_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SubwordSpec(**arguments)
