"""Shapes of runs: what every unit's cycles take, and what they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw

RUNS = {
    "dot/int4xint4/n2": ("beats",),
    "blockdot/mxfp4xmxfp4": ("beats",),
    "blockadd/mxfp4xmxfp4/n1/fp32": ("beats",),
    "requant/int10xint4/n1/tensor": ("beats",),
    "array/int4xint4/2x3/os": ("beats", "tiles"),
    "array/int4xint4/2x3/is": ("beats", "tiles"),
    "tellme/int2/g2/t1/q2": ("vectors", "rows"),
    "tmac/int2xint2/g2/t1/q2": ("vectors", "rows"),
    "bitserial/n2/b8/twos": ("vectors", "a_bits", "w_bits"),
    "subword/n1": ("beats",),
    "bitmod/int2/n1/g4/kulisch8": ("vectors", "groups", "terms"),
    "matvec/int2xint2/2x2/4x6": ("beats", "matrices"),
    "sparse/int4xint4/k8/n2": ("vectors", "digits"),
    "softmax/int4/n2/r16/s3": ("beats", "rows"),
    "planes/e3m2/n2": ("beats", "frames"),
    "dfp/int4xint4/w10": ("beats", "frames"),
    "gemm/int4xint4/2x2": ("m", "k", "n"),
    "blockgemm/mxfp4xmxfp4/2x2": ("m", "k", "n"),
}


@pytest.mark.parametrize(("name", "parts"), RUNS.items())
@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (0, ValueError, "{} must be 1 or more, got 0"),
        (np.array([3, -1]), ValueError, "{} must be 1 or more, got -1"),
        (1.5, TypeError, "{} must be an int or an array of integers, got 1.5"),
        (True, TypeError, "{} must be an int or an array of integers, got True"),
        ("3", TypeError, "{} must be an int or an array of integers, got '3'"),
        (None, TypeError, "{} must be an int or an array of integers, got None"),
    ],
)
def test_parts_of_a_shape_are_checked(
    name: str, parts: tuple[str, ...], wrong: Any, error: type[Exception], message: str
) -> None:
    spec: Any = hw.parse(name)
    for part in parts:
        with pytest.raises(error, match=message.format(part)):
            spec.cycles(**dict.fromkeys(parts, 32) | {part: wrong})


@pytest.mark.parametrize(("name", "parts"), RUNS.items())
def test_arrays_give_what_numbers_give_and_do_not_overflow(name: str, parts: tuple[str, ...]) -> None:
    spec: Any = hw.parse(name)
    # Products of these have more than 32 bits where a shape has two parts or more.
    sizes = np.array([1, 2, 33, 1 << 20], dtype=np.int32)
    alone = [spec.cycles(**dict.fromkeys(parts, int(size))) for size in sizes]
    assert spec.cycles(**dict.fromkeys(parts, sizes)).tolist() == alone
    assert spec.cycles(**dict.fromkeys(parts, np.uint8(33))) == alone[2]
    assert alone == sorted(alone)
