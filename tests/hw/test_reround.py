"""The spec of a second rounding: names, checks, beats."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.reround import ReroundSpec
from hw.specs.stream import beat_width

INT8 = parse_format("int8")


@pytest.mark.parametrize("name", ["reround/int8/n4/p1", "reround/uint32:down/n1/p3/fast", "reround/int2-sym/n2/p0"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_how_many_bits_go_is_said_once_a_beat() -> None:
    spec = ReroundSpec(INT8, 3)
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"x": 3 * 8 + 3 + 1}
    assert {name: beat_width(beat) for name, beat in spec.outputs.items()} == {"y": 3 * 8 + 1}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", 1), TypeError, "input must be a Format, got 'int8'"),
        ((parse_format("fix8.4"), 1), ValueError, "input must be an integer of 2 to 32 bits, got fix8.4"),
        ((parse_format("uint1"), 1), ValueError, "input must be an integer of 2 to 32 bits, got uint1"),
        ((INT8, 0), ValueError, "lanes must be 1..1024, got 0"),
        ((INT8, 1, "stochastic"), ValueError, "rounding must be one of .*got 'stochastic'"),
        ((INT8, 1, "down", 100), ValueError, "pipeline must be 0..99, got 100"),
    ],
)
def test_what_is_no_second_rounding_is_refused(
    arguments: tuple[object, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ReroundSpec(*arguments)  # type: ignore[arg-type]
