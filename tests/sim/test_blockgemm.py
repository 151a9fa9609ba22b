"""GEMM cores of block formats: right on all shapes, in just as many cycles as the formula says."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.specs.blockgemm import BlockGemmSpec
from rtl_gen.tools import ToolError
from sim.benches.blockgemm import BlockPlanner
from sim.golden import decode
from sim.golden.blocks import quantize
from sim.perform import perform
from sim.verify import verify


@pytest.mark.kept("blockgemm/8*e4m3fn@e4m3fnx8*int4@ue8m0/2x3/fp16/p0/x1/p1/k64/n9/w64")
@pytest.mark.parametrize(
    "name",
    [
        "blockgemm/mxfp4xmxfp4/3x4/fp32/p1/x2/p2/k128/n16/w64",
        "blockgemm/8*e4m3fn@e4m3fnx8*int4@ue8m0/2x3/fp16/p0/x1/p1/k64/n9/w64",
        "blockgemm/nvfp4xnvfp4/2x2/bf16:toward_zero/p2/x1/p3/k64/n6/w64@ecp5",
    ],
)
def test_cores_do_what_their_models_do(name: str) -> None:
    spec, target = hw.parse(name.removesuffix("@ecp5")), "ecp5" if name.endswith("@ecp5") else "generic"
    verdict = verify(spec, hw.parse_target(target))
    assert verdict.passed, verdict.failures
    assert verdict.tests == 20


@pytest.mark.kept("1x2")
@pytest.mark.parametrize("sides", ["4x3", "1x2"])
def test_cycles_are_those_of_the_formula_on_many_shapes(sides: str) -> None:
    spec = hw.parse(f"blockgemm/8*e2m1@ue8m0x8*e2m1@ue8m0/{sides}/fp32/p1/x1/p2/k64/n12/w64")
    assert isinstance(spec, BlockGemmSpec)
    planner = BlockPlanner(spec, 5)
    shapes = planner.some_shapes(98)
    # `perform` holds every run to the formula, and the core's own counter too.
    outcomes = perform(spec, [planner.run(shape) for shape in shapes])
    assert len(outcomes) == len(shapes) >= 100
    m, k, n = np.array(shapes).T
    assert np.array_equal(spec.cycles(m, k, n), [outcome.cycles for outcome in outcomes])


def test_a_wrong_sum_is_found() -> None:
    spec = hw.parse("blockgemm/8*e2m1@ue8m0x8*e2m1@ue8m0/2x2/fp32/p1/x1/p1/k16/n4/w16")
    assert isinstance(spec, BlockGemmSpec)
    job = BlockPlanner(spec, 5).run((2, 16, 2))
    job.frames["s_axis_a"] = [("0" if job.frames["s_axis_a"][0][0] != "0" else "7") + job.frames["s_axis_a"][0][1:]]
    with pytest.raises(ToolError, match="differs from its golden model: .*of the results is not"):
        perform(spec, [job])


def test_a_block_that_an_infinity_has_spoilt_is_nan_in_the_core_too() -> None:
    spec = hw.parse("blockgemm/8*e2m1@ue8m0x8*e2m1@ue8m0/2x2/fp32/p1/x1/p1/k16/n4/w16")
    assert isinstance(spec, BlockGemmSpec)
    planner = BlockPlanner(spec, 5)
    x, y = planner.rng.normal(size=(3, 16)), planner.rng.normal(size=(2, 16))
    x[1, 3], y[0, 12] = np.inf, -np.inf
    a, b = quantize(spec.a, x), quantize(spec.b, y)
    codes, _status = planner.model.run(a, b)
    nan = np.isnan(decode(hw.parse_format("fp32"), codes))
    assert np.array_equal(nan, (np.arange(3)[:, None] == 1) | (np.arange(2) == 0))
    # `perform` holds the core's results to the model's codes.
    assert len(perform(spec, [planner.job(a, b)])) == 1
