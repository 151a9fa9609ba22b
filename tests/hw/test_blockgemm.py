"""The block core's spec: names, checks, words."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.blockgemm import BlockGemmSpec

MXFP4, NVFP4 = parse_format("mxfp4"), parse_format("nvfp4")


def test_names_parse_back() -> None:
    spec = hw.parse("blockgemm/mxfp4xmxint8/8x4")
    assert spec.name == "blockgemm/mxfp4xmxint8/8x4/fp32/p1/x1/p10/k256/n256/w1024"
    assert hw.parse(spec.name) == spec == from_json(spec.to_json())
    fast = hw.parse("blockgemm/nvfp4xnvfp4/2x6/bf16:down/p2/x3/p1/k64/n32/w99/fast")
    assert hw.parse(fast.name) == fast


def test_a_word_has_a_scale_above_its_elements() -> None:
    spec = BlockGemmSpec(MXFP4, MXFP4, rows=8, columns=4)
    assert spec.word_widths == {"a": 40, "b": 24}
    assert spec.stream_widths == {"s_axis_a": 40, "s_axis_b": 24, "m_axis": 32}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"a": parse_format("e2m1"), "b": MXFP4}, TypeError, "a must be a Block, got Minifloat"),
        ({"a": MXFP4, "b": NVFP4}, ValueError, "a and b must have one block size, got mxfp4 and nvfp4"),
        (
            {"a": MXFP4, "b": MXFP4, "accumulator": "kulisch32"},
            ValueError,
            "accumulator must be a float, of one sum, got kulisch32",
        ),
        ({"a": MXFP4, "b": MXFP4, "accumulator": "fp32:x8"}, ValueError, "must be a float, of one sum, got fp32:x8"),
        ({"a": NVFP4, "b": NVFP4, "rows": 17}, ValueError, "blocks of at least 17 for this core, got nvfp4 of 16"),
        (
            {"a": parse_format("bfp4-12"), "b": parse_format("bfp4-12")},
            ValueError,
            "a and b must have blocks of a power of two, got bfp4-12 of 12",
        ),
        ({"a": MXFP4, "b": MXFP4, "output_lanes": 3}, ValueError, "output_lanes must divide the columns, 8, got 3"),
        ({"a": MXFP4, "b": MXFP4, "max_k": 31}, ValueError, "max_k must be .*got 31"),
    ],
)
def test_arguments_are_checked(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        BlockGemmSpec(**arguments)
