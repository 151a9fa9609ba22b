"""How deep a design is if its name does not say: fast enough by prediction, and never too deep for its logic."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.specs.depth import doublings, product_levels, rounding_levels, shift_levels, sum_levels, usual_pipeline

ECP5 = hw.parse_target("ecp5")
INT8, INT2, E4M3, NF4, TERNARY = (parse_format(name) for name in ("int8", "int2", "e4m3", "nf4", "ternary"))


def test_two_levels_make_a_stage() -> None:
    assert [usual_pipeline(levels) for levels in range(7)] == [0, 0, 0, 1, 1, 2, 2]
    assert [doublings(count) for count in (0, 1, 2, 3, 4, 5, 8, 9)] == [0, 0, 1, 2, 2, 3, 3, 4]


def test_levels_follow_from_the_formats() -> None:
    assert product_levels(INT2, INT8, "exact", "small") == 1
    assert product_levels(INT8, INT8, "exact", "small") == 3
    assert product_levels(INT8, INT8, "exact", "dsp") == 3
    assert product_levels(NF4, INT8, "exact", "small") == 1 + product_levels(INT8, INT8, "exact", "small")
    # Exponents of 4 bits shift by up to 28 places: their sum, and three choices of four.
    assert shift_levels(E4M3, E4M3, "exact") == 4
    assert shift_levels(INT8, TERNARY, "exact") == 0
    assert [sum_levels(8, 20, False), sum_levels(8, 20, True), sum_levels(8, 40, True)] == [3, 6, 9]
    assert rounding_levels(32) == 9


@pytest.mark.parametrize(
    "name",
    [
        "mac/int4xint4",
        "mac/int8xint8",
        "mac/e4m3xe4m3",
        "mac/e5m2xe5m2",
        "mac/e4m3xe4m3/lmul",
        "dot/int8xint8/n8",
        "dot/e2m1xe2m1/n16",
        "blockdot/mxfp4xmxfp4/exact",
        "requant/fix32.0xint8/n1/channel",
        "matvec/int8xint8/4x8",
        "pe/int8xint8/ws",
    ],
)
def test_a_default_is_predicted_to_be_about_150_mhz(name: str) -> None:
    assert 135 < hw.predict(hw.parse(name), ECP5).mhz < 280


@pytest.mark.parametrize("a", ["int1", "int2", "ternary", "binary", "e2m0", "e4m3"])
@pytest.mark.parametrize("b", ["uint1", "ternary", "int3"])
@pytest.mark.parametrize(
    "unit", ["mac/{}x{}", "dot/{}x{}/n1", "dot/{}x{}/n2/exact/fp16", "matvec/{}x{}/1x2", "pe/{}x{}/os"]
)
def test_a_default_is_never_too_deep(unit: str, a: str, b: str) -> None:
    spec = hw.parse(unit.format(a, b))
    assert hw.parse(spec.name) == spec
    for target in (hw.GENERIC, ECP5):
        hw.build(spec, target)


@pytest.mark.parametrize("name", ["mac/int2xint2/exact/kulisch16", "array/int4xint4/2x2/os/exact/kulisch16"])
def test_a_default_with_blocks_is_not_too_deep(name: str) -> None:
    deep = hw.parse(name)
    spec = hw.parse(f"{name}/p{deep.pipeline}/dsp")  # type: ignore[attr-defined]
    assert spec.latency == deep.latency
    hw.build(spec, ECP5)


def test_what_is_logic_alone_stays_without_a_clock() -> None:
    for name in ("mul/e4m3xe4m3/exact/e4m3", "add/bf16xbf16/bf16"):
        assert hw.parse(name).latency == 0


def test_a_float_in_a_loop_waits_for_itself() -> None:
    assert hw.parse("mac/e4m3xe4m3/exact/fp16").name.endswith("/p1")
    assert hw.parse("mac/e4m3xe4m3/exact/fp16:x8").name.endswith("/p3")
