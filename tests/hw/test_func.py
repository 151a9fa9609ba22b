"""The spec of functions: names, checks, beats."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.func import FuncSpec
from hw.specs.stream import beat_width

INT8, E4M3 = map(parse_format, ("int8", "e4m3"))


@pytest.mark.parametrize(
    "name",
    [
        "func/exp/bf16xbf16/n4/p5",
        "func/gelu/int8xint8/n1/ulp0.5/p1",
        "func/rsqrt/fix16.8xfp16/n2/ulp4/p0/fast",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_a_beat_has_a_number_in_each_lane() -> None:
    spec = FuncSpec("exp", E4M3, parse_format("bf16"), 3)
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"x": 25}
    assert {name: beat_width(beat) for name, beat in spec.outputs.items()} == {"y": 49}
    assert spec.rate.count == 3 and spec.cycles(7) == 7 + spec.latency
    assert hw.parse("func/exp/e4m3xe4m3/n1").ulp == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("log", E4M3, E4M3, 1), ValueError, "function must be .*got 'log'"),
        (("exp", "e4m3", E4M3, 1), TypeError, "input must be a Format, got 'e4m3'"),
        (("exp", E4M3, 8, 1), TypeError, "output must be a Format, got 8"),
        (("exp", parse_format("fp32"), E4M3, 1), ValueError, "input must be .*at most 16 bits, got fp32 of 32"),
        (("exp", parse_format("nf4"), E4M3, 1), ValueError, "input must be a float, an integer or fixed.*got nf4 of 4"),
        (("exp", E4M3, parse_format("fix17.8"), 1), ValueError, "output must be .*got fix17.8 of 17"),
        (("exp", E4M3, E4M3, 0), ValueError, "lanes must be .*got 0"),
        (("exp", E4M3, E4M3, 1, "1"), TypeError, "ulp must be a number, got '1'"),
        (("exp", E4M3, E4M3, 1, True), TypeError, "ulp must be a number, got True"),
        (("exp", E4M3, E4M3, 1, 1.5), ValueError, "ulp must be 0.5, or an integer from 1 to 64, got 1.5"),
        (("exp", E4M3, E4M3, 1, 65), ValueError, "ulp must be .*got 65"),
        (("exp", E4M3, E4M3, 1, float("nan")), ValueError, "ulp must be .*got nan"),
        (("exp", E4M3, E4M3, 1, 1, 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_no_function_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FuncSpec(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("func/exp/e4m3xe4m3/n1/ulp0", "the error must be ulp0.5, or ulp1 to ulp64, got 'ulp0'"),
        ("func/exp/e4m3xe4m3/n1/ulp01", "the error must be .*got 'ulp01'"),
        ("func/exp/e4m3xe4m3/n1/ulp", "the error must be .*got 'ulp'"),
    ],
)
def test_errors_in_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hw.parse(name)
