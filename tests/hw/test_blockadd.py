"""The scaled addition's spec: names, checks, beats."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.blockadd import BlockAddSpec
from hw.specs.stream import beat_width

MXFP4, NVFP4, MXFP8 = map(parse_format, ("mxfp4", "nvfp4", "mxfp8e4m3"))


@pytest.mark.parametrize(
    "name",
    [
        "blockadd/mxfp4xmxfp4/n1/fp32/p1",
        "blockadd/mxint8xmxfp6e2m3/n7/bf16:down/p2/fast",
        "blockadd/nvfp4xnvint4/n2/fp16/p0",
        "blockadd/bfp8-16xbfp4-16/n3/e6m9ieee/p1",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_beats_follow_from_the_formats() -> None:
    spec = BlockAddSpec(MXFP4, MXFP4, lanes=3)
    # 32 products of at most 6 * 6, in steps of a quarter.
    assert spec.sum_format.name == "fix14.2"
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"x": 42, "scale": 32, "c": 96}
    assert BlockAddSpec(MXFP8, MXFP8).has_status
    assert np.array_equal(spec.cycles(np.array([1, 5])), [1 + spec.latency, 5 + spec.latency])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((parse_format("e2m1"), MXFP4), TypeError, "a must be a Block, got Minifloat"),
        ((MXFP4, NVFP4), ValueError, "a and b must have one block size, got mxfp4 and nvfp4"),
        (
            (parse_format("dfx8"), parse_format("dfx8")),
            ValueError,
            "a and b must have one block size, got dfx8 and dfx8",
        ),
        ((MXFP4, MXFP4, 0), ValueError, "lanes must be .*got 0"),
        ((MXFP4, MXFP4, 1, parse_format("int8")), ValueError, "result must be a float with exponent bits, got int8"),
        (
            (parse_format("4*e5m2@e3m2"), parse_format("4*e2m1@e3m2"), 1, parse_format("e4m3")),
            ValueError,
            "result must have a NaN, for e5m2 and e2m1 can give one, got e4m3",
        ),
        ((MXFP4, MXFP4, 1, parse_format("fp32"), "odd?"), ValueError, "rounding must be .*got 'odd\\?'"),
        ((MXFP4, MXFP4, 1, parse_format("fp32"), "down", 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_arguments_are_checked(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        BlockAddSpec(*arguments)


def test_a_wrong_name_says_how_it_is_written() -> None:
    with pytest.raises(ValueError, match="operands must be block formats, got int8 and int8"):
        hw.parse("blockadd/int8xint8")
    with pytest.raises(ValueError, match="operands must be written AxB, got 'mmm'"):
        hw.parse("blockadd/mmm")
    with pytest.raises(ValueError, match="lanes must be written n and a number from 1 to 9999999, like n32, got '8'"):
        hw.parse("blockadd/mxfp4xmxfp4/8")
