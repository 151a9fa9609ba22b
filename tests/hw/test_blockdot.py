"""The block dot product's spec, ports and widths; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from hw.specs.blockdot import BlockDotSpec
from hw.units.blockdot import BlockDot
from rtl_gen import emit

MXFP4 = parse_format("mxfp4")


def parse(name: str) -> BlockDotSpec:
    spec = hw.parse(name)
    assert isinstance(spec, BlockDotSpec)
    return spec


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("blockdot/mxfp4xmxfp4", "blockdot/mxfp4xmxfp4/exact/p6"),
        ("blockdot/nvfp4xnvint4/bf16:up/p2/fast", "blockdot/nvfp4xnvint4/bf16:up/p2/fast"),
        ("blockdot/32*fix8.6-sym@ue8m0xmxint8/fp32", "blockdot/mxint8xmxint8/fp32/p8"),
        ("blockdot/2*fix8.4@ue8m0x2*e2m1@e4m3/exact/p1", "blockdot/2*fix8.4@ue8m0x2*e2m1@e4m3/exact/p1"),
    ],
)
def test_names_lead_back(short: str, name: str) -> None:
    spec = hw.parse(short)
    assert spec.name == name
    assert hw.parse(name) == spec
    assert hw.spec.from_json(spec.to_json()) == spec
    assert hw.spec.from_toml(spec.to_toml()) == spec


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        # 32 * 6 * 6 in quarters is 4608; the scales' codes add up to nine bits; a NaN scale is a status.
        ("blockdot/mxfp4xmxfp4", {"x": ("fix14.2", 14), "scale": ("uint9", 9), "status": ("uint2", 2)}),
        ("blockdot/2*e2m1@upow3x2*e2m1@upow3", {"x": ("fix10.2", 10), "scale": ("uint4", 4)}),
        # 16 * 7 * 7 * 448 * 448, in steps of 2**-18.
        ("blockdot/nvint4xnvint4", {"x": ("fix47.18", 47), "status": ("uint2", 2)}),
        ("blockdot/mxfp8e4m3xmxfp4/fp16", {"x": ("fp16", 16)}),
    ],
)
def test_results_are_as_wide_as_the_sums_need(name: str, outputs: dict[str, tuple[str, int]]) -> None:
    spec = parse(name)
    assert {part: (field.format.name, field.width) for part, field in spec.outputs["sum"].items()} == outputs
    ports = {port["name"]: port["width"] for port in emit(spec).manifest["ports"]}
    assert ports["m_axis_sum_tdata"] == -(-sum(width for _, width in outputs.values()) // 8) * 8
    assert ports["s_axis_a_tdata"] == -(-(spec.lanes * spec.a.element.width + spec.a.scale.width) // 8) * 8


def test_cycles_are_a_formula_for_numbers_and_arrays() -> None:
    spec = parse("blockdot/mxfp4xmxfp4/exact/p2")
    assert spec.cycles(1) == 3
    assert spec.cycles(np.array([1, 50])).tolist() == [3, 52]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hw.parse("blockdot/mxfp4xmxfp4/exact/p0/fast/x"), ValueError, "it must have at most 4 parts after"),
        (lambda: hw.parse("blockdot/mxfp4"), ValueError, "operands must be written AxB, got|unknown format"),
        (lambda: hw.parse("blockdot/int8xint8"), ValueError, "operands must be block formats, got int8 and int8"),
        (lambda: hw.parse("blockdot/mxfp4xnvfp4"), ValueError, "a and b must have one block size, got mxfp4 and nvfp4"),
        (lambda: hw.parse("blockdot/dfx8xdfx8"), ValueError, "the block size must be 1..1024, got 0"),
        (lambda: hw.parse("blockdot/bfp4-2000xbfp4-2000"), ValueError, "the block size must be 1..1024, got 2000"),
        (lambda: hw.parse("blockdot/mxfp4xmxfp4/e2m3"), ValueError, "result must have a NaN, for ue8m0 and ue8m0"),
        (lambda: hw.parse("blockdot/mxfp4xmxfp4/int8"), ValueError, "result must be exact or a float with exponent"),
        (lambda: hw.parse("blockdot/mxfp4xmxfp4/exact:up"), ValueError, "rounding must be left out where nothing is"),
        (lambda: hw.parse("blockdot/mxfp4xmxfp4/fp16/p100"), ValueError, "pipeline must be 0..99, got 100"),
        (lambda: hw.parse("blockdot/2*fp32@ue8m0x2*e2m1@ue8m0"), ValueError, "a must have at most 16 bits, got fp32"),
        (
            lambda: hw.parse("blockdot/2*bf16@bf16x2*bf16@bf16"),
            ValueError,
            "bf16 x bf16 has exact products of 1046 bits; at most 1024 are built",
        ),
        (lambda: BlockDotSpec(MXFP4, "mxfp4"), TypeError, "b must be a Block, got 'mxfp4'"),  # type: ignore[arg-type]
        (lambda: BlockDotSpec(MXFP4, MXFP4, "fp32"), TypeError, "result must be a Format, got 'fp32'"),  # type: ignore[arg-type]
        (lambda: BlockDot(hw.parse("mul/int8xint8")), TypeError, "spec must be a BlockDotSpec, got "),  # type: ignore[arg-type]
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
