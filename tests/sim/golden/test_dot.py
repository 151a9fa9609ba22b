"""The dot product's model against rationals and ml_dtypes: exact sums, one rounding, a rounding at every step."""

from __future__ import annotations

import math
from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

import hw
from hw.formats import Format
from hw.specs.dot import DotSpec
from sim.benches.dot import lanes
from sim.golden import decode, model


def operands(spec: DotSpec, beats: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return lanes(spec.a, spec.b, (beats, spec.lanes), np.random.default_rng(seed))


def parse(name: str) -> DotSpec:
    spec = hw.parse(name)
    assert isinstance(spec, DotSpec)
    return spec


def sums_of(spec: DotSpec, a: NDArray[np.int64], b: NDArray[np.int64]) -> list[Fraction | float]:
    """The sums by Python's rationals, or the infinity or NaN that IEEE 754 makes of them."""
    sums: list[Fraction | float] = []
    for row in zip(a.tolist(), b.tolist(), strict=True):
        pairs = [(spec.a.decode(x), spec.b.decode(y)) for x, y in zip(*row, strict=True)]
        if all(isinstance(number, Fraction) for pair in pairs for number in pair):
            sums.append(sum((x * y for x, y in pairs), Fraction(0)))
        else:
            # An infinity hides every number beside it, so the size of those does not matter.
            signs = [[math.copysign(x != 0, x) if math.isfinite(x) else x for x in pair] for pair in pairs]
            sums.append(sum(x * y for x, y in signs if not (math.isfinite(x) and math.isfinite(y))))
    return sums


@pytest.mark.parametrize(
    "name",
    [
        *("dot/int8xint8/n5", "dot/e4m3fnxe4m3fn/n3", "dot/e5m2xe5m2/n4", "dot/ternaryxint8/n32", "dot/e2m1xe2m1/n1"),
        *("dot/ue4m3xe3m2/n7", "dot/nf4xint4/n2", "dot/int16xint16/n1024", "dot/e5m2xe4m3fn/n600"),
    ],
)
def test_exact_sums_are_those_of_rationals(name: str) -> None:
    spec = parse(name)
    a, b = operands(spec, 4 if spec.lanes > 100 else 300)
    codes, status = model(spec).results(a, b)
    for code, flags, expected in zip(codes.tolist(), status.tolist(), sums_of(spec, a, b), strict=True):
        if isinstance(expected, Fraction):
            assert (spec.result.decode(code), flags) == (expected, 0)
        else:
            assert (code, flags) == (0, 3 if math.isnan(expected) else 1 if expected > 0 else 2)


@lru_cache
def ladder(fmt: Format) -> tuple[list[Fraction], set[Fraction]]:
    """A format's values, ascending, and which of them have an even code."""
    values = {code: value for code in range(1 << fmt.width) if isinstance(value := fmt.decode(code), Fraction)}
    return sorted(set(values.values())), {value for code, value in values.items() if code % 2 == 0}


def nearest_even(fmt: Format, value: Fraction) -> float:
    """The value of a format that is nearest, by a search among all; beyond the highest that one."""
    values, even = ladder(fmt)
    place = min(max(bisect_left(values, value), 1), len(values) - 1)
    low, high = values[place - 1], values[place]
    return float(min((low, high), key=lambda v: (abs(v - value), v not in even)))


@pytest.mark.parametrize(
    "name", ["dot/e4m3fnxe4m3fn/n3/exact/e5m6fn", "dot/int8xint8/n6/exact/e4m3fn", "dot/e2m1xe2m1/n16/exact/e5m2"]
)
def test_fused_sums_are_rounded_once(name: str) -> None:
    spec = parse(name)
    a, b = operands(spec, 60)
    codes, _ = model(spec).results(a, b)
    for code, exact in zip(codes.tolist(), sums_of(spec, a, b), strict=True):
        shown = float(spec.result.decode(code))
        if isinstance(exact, Fraction):
            assert shown == nearest_even(spec.result, exact)
        else:
            assert math.isnan(shown) == math.isnan(exact)


def test_a_fused_sum_keeps_what_steps_lose() -> None:
    """240 + 1/64 - 240 in e4m3fn."""
    a, b = [[0x77, 0x38, 0xF7]], [[0x38, 0x08, 0x38]]
    fused, stepwise = (
        model(parse(f"dot/e4m3fnxe4m3fn/n3/exact/e4m3fn{sums}")).results(a, b)[0].tolist() for sums in ("", "/rounded")
    )
    assert (fused, stepwise) == ([0x08], [0x00])


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 8, 11])
@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_rounded_sums_are_those_of_ml_dtypes_in_a_tree(name: str, count: int) -> None:
    spec = parse(f"dot/e4m3fnxe4m3fn/n{count}/exact/{name}-inf/rounded")
    dtype = {"bf16": ml_dtypes.bfloat16, "fp16": np.float16}[name]
    a, b = operands(spec, 400, seed=count)
    with np.errstate(over="ignore"):
        # float32 holds the products, and has bits enough that what it rounds can be rounded again.
        products = (decode(spec.a, a).astype(np.float32) * decode(spec.b, b).astype(np.float32)).astype(dtype)

    def tree(part: NDArray[np.floating]) -> NDArray[np.floating]:
        """The first power of two of terms that leaves any, and the rest."""
        if part.shape[1] == 1:
            return part[:, 0]
        cut = 1 << (part.shape[1] - 1).bit_length() - 1
        return (tree(part[:, :cut]).astype(np.float32) + tree(part[:, cut:]).astype(np.float32)).astype(dtype)

    with np.errstate(invalid="ignore", over="ignore"):
        expected = tree(products)
    codes, _ = model(spec).results(a, b)
    nan = np.isnan(expected.astype(np.float32))
    assert np.array_equal(np.isnan(decode(spec.result, codes)), nan)
    assert np.array_equal(codes[~nan], expected[~nan].view(np.uint16))


@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        ([[1, 256]], [[1, 2]], ValueError, r"a must be codes 0..255 of int8, got 256"),
        ([[1, 2]], [[1.5, 2]], TypeError, "b must be integer codes, got an array of float64"),
        ([[1, 2]], [[1], [2]], ValueError, r"b's x must have shape \(beats, 2\), got \(2, 1\)"),
        ([1, 2], [1, 2], ValueError, r"a's x must have shape \(beats, 2\), got \(2,\)"),
    ],
)
def test_what_is_refused(a: object, b: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model(parse("dot/int8xint8/n2")).run({"x": a}, {"x": b})


def test_each_group_has_a_power_of_two_of_its_own() -> None:
    spec = hw.parse("dot/int8xint4/n6/g2.3")
    rng = np.random.default_rng(4)
    a, b, shifts = rng.integers(0, 256, (50, 6)), rng.integers(0, 16, (50, 6)), rng.integers(0, 8, (50, 3))
    x, y = np.where(a > 127, a - 256, a), np.where(b > 7, b - 16, b)
    expected = ((x * y).reshape(50, 3, 2).sum(axis=2) * 2**shifts).sum(axis=1)
    codes, status = model(spec).results(a, b, shifts)
    assert (decode(spec.result, codes) == expected).all() and not status.any()
