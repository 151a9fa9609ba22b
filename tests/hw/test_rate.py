"""What units make in a cycle and in a run, and the beats that this moves: against what benches offer and expect."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import hw
from hw.specs.rate import WORK, Rate
from hw.specs.stream import StreamSpec
from hw.units import spec_type
from sim.benches import bench

RATES = {
    "mac/int8xint8": 1,
    "mac/e4m3xe4m3/exact/fp16:x4": 1,
    "mac/int8xint8/exact/kulisch1024:seg8/p2": 1,
    "mul/e4m3xe4m3/lmul/e4m3": 1,
    "pack/int8xint8/x2": 2,
    "pack/int4xint4/x4": 4,
    "dot/int8xint8/n32": 32,
    "blockdot/nvfp4xnvfp4": 16,
    "pe/int8xint8/ws": 1,
    "array/int8xint8/3x5/os": 15,
    "array/int8xint8/3x5/is": 15,
    "matvec/int8xint4/4x8": 32,
    "constmat/int8xint4/4x8/seed7": 32,
    "matvec/int8xint4/4x8/64x64": 32,
    "gemm/int8xint8/4x8": 32,
    "encoder/int8/n4": 16,
    "blockgemm/mxfp4xmxfp4/4x4": 16,
    "tellme/int8/g3/t4/q5": 60,
    "tmac/int4xint8/g4/t2/q3/parallel": 24,
    "tmac/int4xint8/g4/t2/q3/serial": 6,
    "tmac/int3xint8/g4/t2/q2/serial": Fraction(16, 3),
}
RESULTS: dict[str, int | Fraction] = {
    "add/int8xint8": 1,
    "blockadd/mxfp4xmxfp4/n8/fp32": 8,
    "requant/fix26.0xint8/n8": 8,
    "cast/bf16xe4m3fn/n4": 4,
    "func/exp/e4m3xe4m3/n4": 4,
    "elementwise/add/int8xint8/n4": 4,
    "quantise/bf16x8*e2m1@ue8m0": 8,
    "hadamard/int8/n16/flips": 16,
    "softmax/int8/n4/r256/s20": Fraction(4, 3),
    "softmax/int8/n4/r256/s20/uint8/twopass": 2,
    "gelu/int8/n4/s12": 4,
    "layernorm/int8/n4/r256": Fraction(4, 3),
}
RUNS: list[tuple[str, dict[str, int]]] = [
    ("dot/int4xint4/n3", {"beats": 7}),
    ("requant/fix12.0xint4/n2/channel", {"beats": 7}),
    ("array/int4xint4/2x3/os", {"beats": 5, "tiles": 3}),
    ("array/int4xint4/2x3/ws", {"beats": 5, "tiles": 3}),
    ("array/int4xint4/2x3/is", {"beats": 1, "tiles": 2}),
    ("matvec/int4xint4/2x3/exact/kulisch12", {"beats": 10}),
    ("matvec/int4xint4/2x3/exact/sat12", {"beats": 10}),
    ("matvec/int4xint4/2x3/6x6", {"beats": 6, "matrices": 2}),
    ("softmax/int4/n2/r16/s3", {"beats": 10, "rows": 3}),
    ("layernorm/int4/n2/r16/l1/t8/w4", {"beats": 10, "rows": 3}),
    ("tellme/int4/g2/t1/q2", {"vectors": 3, "rows": 5}),
    ("encoder/int4/n2/x1/exact/kulisch16/p1/d64/h12/r16/w64", {"m": 3, "k": 4, "n": 4}),
    ("tmac/int2xint4/g2/t1/q2/serial/full/lutram/kulisch16", {"vectors": 3, "rows": 5}),
    ("tmac/int2xint4/g2/t1/q2/parallel/full/registers", {"vectors": 3, "rows": 5}),
]


@pytest.mark.parametrize(("name", "count"), [*RATES.items(), *RESULTS.items()])
def test_a_spec_says_what_it_makes_a_cycle(name: str, count: int) -> None:
    assert hw.parse(name).rate == Rate(Fraction(count), "products" if name in RATES else "results")


def test_every_unit_was_looked_at() -> None:
    assert {name.split("/")[0] for name in (*RATES, *RESULTS)} == set(hw.UNITS)
    assert {spec_type(unit).example.split("/")[0] for unit in hw.UNITS} == set(hw.UNITS)


@pytest.mark.parametrize(("name", "shape"), RUNS)
def test_beats_are_those_that_a_bench_offers_and_expects(name: str, shape: dict[str, int]) -> None:
    spec: Any = hw.parse(name)
    play: Any = bench(spec.unit).run(spec, 1, **shape)
    assert spec.moved(**shape) == {stream: len(beats) for stream, beats in (play.inputs | play.expected).items()}


@pytest.mark.parametrize(("name", "shape"), RUNS)
def test_arrays_of_shapes_give_what_each_shape_does(name: str, shape: dict[str, int]) -> None:
    spec: Any = hw.parse(name)
    shapes = {part: np.array([size, 2 * size, 4 * size]) for part, size in shape.items()}
    for at in range(3):
        one = {part: int(sizes[at]) for part, sizes in shapes.items()}
        assert spec.work(**shapes)[at] == spec.work(**one)
        assert {stream: beats[at] for stream, beats in spec.moved(**shapes).items()} == spec.moved(**one)


def test_work_leaves_out_what_fills_up() -> None:
    tellme: Any = hw.parse("tellme/int4/g2/t1/q2")
    assert tellme.work(3, 5) == 3 * 5 * 2
    gemm: Any = hw.parse("gemm/int4xint4/2x2")
    assert gemm.work(5, 7, 3) == 5 * 7 * 3
    resident: Any = hw.parse("matvec/int4xint4/2x3/6x6")
    assert resident.work(6, 2) == 3 * 6 * 6


@pytest.mark.parametrize(
    ("count", "of", "error", "message"),
    [
        (1.5, "products", TypeError, "count must be an int or a Fraction, got 1.5"),
        (True, "products", TypeError, "count must be an int or a Fraction, got True"),
        (0, "products", ValueError, "count must be more than 0, got 0"),
        (1, "sums", ValueError, f"of must be one of {', '.join(WORK)}, got 'sums'"),
    ],
)
def test_a_wrong_rate_is_refused(count: Any, of: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Rate(count, of)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("gemm/int8xint8", {"m": 65536, "k": 8, "n": 8}, "m must be at most 65535 for gemm/int8xint8.*, got 65536"),
        ("gemm/int8xint8", {"m": 8, "k": 257, "n": 8}, "k must be at most 256 for .*, got 257"),
        ("gemm/int8xint8", {"m": 8, "k": 256, "n": 40}, "k times the tiles across must be at most 1024 words"),
        ("gemm/int8xint8/8x8/is", {"m": 40, "k": 256, "n": 8}, "k times the tiles across must be at most 1024 words"),
        ("blockgemm/mxfp4xmxfp4", {"m": 8, "k": 48, "n": 8}, "k must be a multiple of 32, a block of .*, got 48"),
        (
            "blockgemm/mxfp4xmxfp4",
            {"m": 8, "k": 32, "n": 8, "parameters": True},
            "parameters must be False for .*, got True",
        ),
        (
            "gemm/int8xint8/8x8/os/exact/kulisch1024/p1/int8/channel",
            {"m": 8, "k": 32, "n": 8, "parameters": False},
            "parameters must be True for .*, got False",
        ),
        ("matvec/int8xint8/4x8", {"beats": 9, "matrices": 2}, "matrices must be 1 for a unit without a resident one"),
        (
            "matvec/int8xint8/4x8/8x16",
            {"beats": 3},
            "beats must be a multiple of 2, those of a vec.*, got 3 for 1",
        ),
        ("matvec/int8xint8/4x8/8x16", {"beats": 2, "matrices": 2}, "beats must be .*, got 2 for 2 matrices"),
    ],
)
def test_a_run_that_a_unit_does_not_take_is_refused(name: str, shape: dict[str, Any], message: str) -> None:
    spec = hw.parse(name)
    assert isinstance(spec, StreamSpec)
    with pytest.raises(ValueError, match=message):
        spec.check_run(**shape)
