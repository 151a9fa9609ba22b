"""The block quantiser's spec: names, checks, beats."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.blockdot import BlockDotSpec
from hw.specs.quantise import QuantiseSpec
from hw.specs.stream import beat_width

BF16, MXFP4, NVFP4 = map(parse_format, ("bf16", "mxfp4", "nvfp4"))


@pytest.mark.parametrize(
    "name",
    [
        "quantise/bf16xmxfp4/p4",
        "quantise/bf16xnvfp4/p20",
        "quantise/fp16x16*int4-sym@e4m3fn-ceil/p9",
        "quantise/int8x8*e2m1@ue8m0:down/p0",
        "quantise/fp16xmxint8-ceil:stochastic8/lfsr89:5/p2/fast",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_what_comes_out_goes_into_a_dot_product_of_blocks() -> None:
    spec = QuantiseSpec(BF16, MXFP4)
    assert spec.outputs["y"] == BlockDotSpec(MXFP4, MXFP4).inputs["a"]
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"x": 32 * 16}
    nvidia = QuantiseSpec(BF16, NVFP4)
    assert nvidia.outputs["y"] == BlockDotSpec(NVFP4, NVFP4).inputs["a"]
    assert {name: beat_width(beat) for name, beat in nvidia.inputs.items()} == {"x": 16 * 16 + 32}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("bf16", MXFP4), TypeError, "input must be a Format, got 'bf16'"),
        ((BF16, BF16), TypeError, "output must be a Block, got Minifloat"),
        ((parse_format("nf4"), MXFP4), ValueError, "input must be a float, an integer or fixed point.*got nf4"),
        (
            (BF16, parse_format("4*e2m1@ue8m0@fp32")),
            ValueError,
            "output must have a scale like ue8m0 and none for the tensor, or one like e4m3fn, got 4.e2m1@ue8m0@fp32",
        ),
        ((parse_format("int8"), NVFP4), ValueError, "input must be a float with -0 for nvfp4, got int8"),
        ((parse_format("e4m3fnuz"), NVFP4), ValueError, "input must be a float with -0 for nvfp4, got e4m3fnuz"),
        (
            (BF16, parse_format("4*e2m1@e4m3")),
            ValueError,
            "output must have a scale with subnormals and a NaN that saturates, got 4.e2m1@e4m3",
        ),
        (
            (BF16, parse_format("4*e2m1@e4m3fn-nan")),
            ValueError,
            "output must have a scale with subnormals and a NaN that saturates",
        ),
        (
            (BF16, parse_format("4*e2m1@e4m3fn@ue8m0")),
            ValueError,
            "output must have a float for the tensor's scale, got 4.e2m1@e4m3fn@ue8m0",
        ),
        (
            (BF16, parse_format("nvfp4-floor")),
            ValueError,
            "output must have rule nearest or ceil where the scale is a float, got nvfp4-floor",
        ),
        (
            (BF16, parse_format("4*int4@e4m3fn")),
            ValueError,
            "output must have elements of 3 to 5 bits with as many.*got int4 in 4.int4@e4m3fn",
        ),
        ((BF16, parse_format("4*e4m3@e4m3fn")), ValueError, "output must have elements of 3 to 5 bits.*got e4m3 in"),
        ((BF16, NVFP4, "down"), ValueError, "rounding must be nearest_even for nvfp4, got down"),
        ((BF16, parse_format("dfx8")), ValueError, "output must have blocks of 1..256 elements, got dfx8 of 0"),
        ((BF16, parse_format("mxfp4-nearest")), ValueError, "output must have rule floor or ceil, got mxfp4-nearest"),
        (
            (BF16, parse_format("4*nf4@ue8m0")),
            ValueError,
            "output must have floats, integers or fixed point as elements, got nf4 in 4",
        ),
        (
            (BF16, parse_format("4*e2m1@upow8-b127")),
            ValueError,
            "output must have a scale with a NaN, for bf16 has one",
        ),
        ((BF16, parse_format("4*e2m1@upow4")), ValueError, "output must have a scale with a NaN"),
        (
            (parse_format("e5m2finite"), parse_format("4*e2m1@upow3")),
            ValueError,
            "output must hold the largest number of e5m2finite, got 4.e2m1@upow3",
        ),
        ((BF16, MXFP4, "nearest"), ValueError, "rounding must be .*got 'nearest'"),
        ((BF16, MXFP4, "stochastic"), ValueError, "random must be 1 or more with rounding stochastic.*got 0"),
    ],
)
def test_what_is_no_quantiser_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        QuantiseSpec(*arguments)  # type: ignore[arg-type]
