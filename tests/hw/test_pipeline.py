"""A frequency in, a pipeline out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import hw
from hw.arith.schedule import TooDeep

ECP5, ICE40 = hw.parse_target("ecp5"), hw.parse_target("ice40")


@pytest.mark.parametrize(
    ("name", "target", "mhz"),
    [
        ("mul/e4m3xe4m3/exact/e4m3", ECP5, 200),
        ("mul/int8xint8", ICE40, 140),
        ("add/e4m3xe4m3/e4m3", ECP5, 150),
        ("dot/int4xint4/n4/exact/exact", ECP5, 220),
        ("mac/int8xint8", ECP5, 180),
    ],
)
def test_the_fewest_registers_that_are_predicted_to_be_enough(name: str, target: hw.Target, mhz: float) -> None:
    found = hw.pipeline_for(hw.parse(name), target, mhz)
    assert hw.predict(found, target).mhz >= mhz
    assert found.pipeline > 0  # type: ignore[attr-defined]
    fewer = replace(found, pipeline=found.pipeline - 1)  # type: ignore[attr-defined, call-arg]
    assert hw.predict(fewer, target).mhz < mhz
    assert hw.parse(found.name) == found


def test_registers_that_a_spec_names_do_not_count() -> None:
    least = hw.pipeline_for(hw.parse("mul/int8xint8/exact/exact/p3"), ECP5, 20)
    assert least.name == "mul/int8xint8/exact/exact/p0"
    assert hw.pipeline_for(hw.parse("mul/int8xint8"), ECP5, 20.0) == least


def test_each_part_of_a_core_has_its_registers() -> None:
    core = hw.parse("gemm/int8xint8/2x2")
    assert core.depths == {"pipeline": 0, "output_pipeline": 0}
    assert hw.parse("gemm/int8xint8/2x2/os/exact/kulisch1024/p1/wide").depths == {"pipeline": 0}
    assert hw.parse("tellme/int8/g3/t1/q2/half/blockram:2").depths == {"pipeline": 1}
    found = hw.pipeline_for(core, ECP5, 60)
    assert hw.predict(found, ECP5).mhz >= 60


def test_what_binds_is_said() -> None:
    with pytest.raises(
        ValueError, match=r"kulisch1024/p\d+: mhz must be at most \d+ on ecp5, where the loop of acc binds"
    ):
        hw.pipeline_for(hw.parse("mac/int8xint8"), ECP5, 400)
    predicted = hw.predict(hw.parse("mac/int8xint8/exact/kulisch1024/p3"), ECP5)
    assert (predicted.loop, predicted.binds) == (True, "the loop of acc")
    first = hw.predict(hw.parse("mul/int8xint8/exact/exact/p1"), ICE40)
    assert first.binds == f"the path from {first.begins} to {first.ends}"


def test_a_deeper_pipeline_is_predicted_to_be_faster() -> None:
    speeds = [hw.predict(hw.parse(f"add/fp16xfp16/fp16/p{stages}"), ECP5).mhz for stages in range(0, 9, 2)]
    # Where no stage gets shorter, more of them are nearly as long as the longest.
    assert all(fast > 0.95 * slow for slow, fast in pairwise(speeds))
    assert speeds[-1] > 4 * speeds[0]


def test_more_registers_than_logic_are_an_error_of_their_own_kind() -> None:
    with pytest.raises(TooDeep, match="mul/int2xint2/exact/exact/p9: pipeline must be at most"):
        hw.build(hw.parse("mul/int2xint2/exact/exact/p9"), ECP5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("mul/int8xint8", ECP5, 100), TypeError, "spec must be a Spec, got 'mul/int8xint8'"),
        ((hw.parse("mul/int8xint8"), "ecp5", 100), TypeError, "target must be a Target, got 'ecp5'"),
        ((hw.parse("mul/int8xint8"), ECP5, "100"), TypeError, "mhz must be a number, got '100'"),
        ((hw.parse("mul/int8xint8"), ECP5, True), TypeError, "mhz must be a number, got True"),
        ((hw.parse("mul/int8xint8"), ECP5, 0), ValueError, r"mhz must be above 0 and at most \d+, .* on ecp5, got 0"),
        ((hw.parse("mul/int8xint8"), ECP5, -5.0), ValueError, "mhz must be above 0 .*got -5.0"),
        ((hw.parse("mul/int8xint8"), ICE40, 10000), ValueError, "which is a LUT between registers on ice40, got 10000"),
        ((hw.parse("mul/int8xint8"), ECP5, 10**400), ValueError, "mhz must be above 0 .*got an int of 1329 bits"),
        (
            (hw.parse("mul/int8xint8/exact/exact/p0/dsp"), ECP5, 100),
            ValueError,
            "form must be small or fast to predict MHz, for the delays of multiplier blocks are not known, got 'dsp'",
        ),
        ((hw.parse("mul/int8xint8"), ECP5, float("nan")), ValueError, "mhz must be above 0 .*got nan"),
        (
            (hw.parse("mul/int8xint8"), hw.GENERIC, 100),
            ValueError,
            "target must be one of ecp5, ice40, whose delays are known, to predict MHz; got generic",
        ),
    ],
)
def test_arguments_are_checked(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        hw.pipeline_for(*arguments)


@pytest.mark.parametrize("mhz", [Fraction(401, 2), np.int64(200), np.float32(200)])
def test_a_frequency_is_any_real_number(mhz: Any) -> None:
    assert hw.pipeline_for(hw.parse("mul/int8xint8"), ECP5, mhz).name == "mul/int8xint8/exact/exact/p2"


def test_a_prediction_needs_a_spec_and_delays() -> None:
    with pytest.raises(TypeError, match="spec must be a Spec, got 3"):
        hw.predict(3, ECP5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="target must be one of ecp5, ice40"):
        hw.predict(hw.parse("mul/int8xint8"), hw.parse_target("xc7"))
