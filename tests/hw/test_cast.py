"""The cast's spec: names, checks, beats."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.cast import CastSpec
from hw.specs.stream import beat_width

BF16, INT8, E4M3 = map(parse_format, ("bf16", "int8", "e4m3"))


@pytest.mark.parametrize(
    "name",
    [
        "cast/bf16xe4m3fn/n4/p1",
        "cast/fp32xbf16:down/n1/p2/fast",
        "cast/e4m3xe2m1:stochastic8/n2/p0",
        "cast/int8xint4:stochastic3/n2/lfsr17:131071/p1",
        "cast/int8xnf4/n1/p3",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_random_bits_come_with_each_number() -> None:
    spec = CastSpec(E4M3, INT8, 3, "stochastic", 5)
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"x": 3 * (8 + 5) + 1}
    assert {name: beat_width(beat) for name, beat in spec.outputs.items()} == {"y": 3 * 8 + 1}
    assert spec.rate.count == 3 and spec.cycles(7) == 7 + spec.latency


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("bf16", INT8, 1), TypeError, "input must be a Format, got 'bf16'"),
        ((BF16, "int8", 1), TypeError, "output must be a Format, got 'int8'"),
        ((BF16, INT8, 0), ValueError, "lanes must be .*got 0"),
        ((BF16, INT8, 1, "nearest"), ValueError, "rounding must be .*got 'nearest'"),
        ((BF16, INT8, 1, "stochastic"), ValueError, "random must be 1 or more with rounding stochastic.*got 0"),
        ((BF16, INT8, 1, "down", 3), ValueError, "random must be 1 or more.*0 with any other, got 3 with down"),
        ((BF16, INT8, 1, "stochastic", 17), ValueError, "random must be .*got 17"),
        ((parse_format("fix20.0"), INT8, 1, "down", 0, 100), ValueError, "pipeline must be .*got 100"),
        ((parse_format("fix33.0"), INT8, 1), ValueError, "input must have at most 32 bits, got fix33.0 of 33"),
        ((BF16, parse_format("fix40.0"), 1), ValueError, "output must have at most 32 bits, got fix40.0 of 40"),
        (
            (parse_format("ue8m0"), INT8, 1),
            ValueError,
            "input must be a float or have a grid of at most 64 bits, got ue8m0",
        ),
        (
            (parse_format("fp32"), parse_format("nf4"), 1),
            ValueError,
            "output must be a float.*got nf4 of 4 for fp32 of 32",
        ),
        ((BF16, parse_format("pow8"), 1), ValueError, "output must be a float.*got pow8 of 8 for bf16 of 16"),
        (
            (BF16, parse_format("e4m3-flush"), 1, "stochastic", 4),
            ValueError,
            "output must have subnormals where rounding is stochastic, got e4m3-flush",
        ),
        (
            (E4M3, parse_format("nf4"), 1, "stochastic", 4),
            ValueError,
            "output must be a float, an integer or fixed point for stochastic, got nf4",
        ),
    ],
)
def test_what_is_no_cast_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CastSpec(*arguments)  # type: ignore[arg-type]
