"""Arithmetics of specs: what they depend on, and that their products are those of the golden models."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from dse.workloads.arithmetic import ARITHMETICS, arithmetic_of, parse_arithmetic
from hw.units import UNITS, spec_type
from sim.golden import decode, encode, model

RNG = np.random.default_rng(1)
X, W = np.maximum(RNG.normal(size=(40, 50)), 0), RNG.normal(size=(50, 6))


def sqnr(name: str) -> float:
    """Of a product, in dB."""
    found = arithmetic_of(hw.parse(name)).prepare(X, W)(X)
    return float(10 * np.log10(np.mean((X @ W) ** 2) / np.mean((found - X @ W) ** 2)))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["mac/int8xint8/exact/kulisch1024/p0", "mac/int8xint8/exact/carrysave1024/p2/fast"], "kulisch1024"),
        (["pe/int8xint8/ws", "array/int8xint8/4x8/is", "gemm/int8xint8/8x8/os/exact/kulisch1024"], "kulisch1024"),
        (["matvec/int8xint8/4x8", "matvec/int8xint8/2x4/8x16"], "kulisch1024"),
        (["mac/int8xint8/exact/kulisch1024:seg8"], "kulisch1024"),
        (["mul/int8xint8", "dot/int8xint8/n32", "dot/int8xint8/n8"], "exact"),
        (["mac/int8xint8/exact/fp16", "pe/int8xint8/ws/exact/fp16"], "fp16"),
        (["mac/int8xint8/exact/bf16:toward_zero:x4"], "bf16:toward_zero:x4"),
        (["mac/int8xint8/exact/sat24"], "sat24"),
        (["matvec/int8xint8/4x8/exact/sat24"], "sat24:n8"),
        (["mul/int8xint8/exact/fp16", "dot/int8xint8/n1/exact/fp16/rounded"], "fp16:n1"),
        (["dot/int8xint8/n32/exact/fp16"], "fp16:n32"),
        (["dot/int8xint8/n32/exact/bf16:toward_zero/rounded"], "bf16:toward_zero:n32:tree"),
    ],
)
def test_only_what_results_depend_on_is_in_a_name(names: list[str], expected: str) -> None:
    assert {arithmetic_of(hw.parse(name)).name for name in names} == {f"int8xint8/exact/{expected}"}


def test_weights_in_tables_are_weights() -> None:
    names = ["tellme/int8/g3/t8/q16", "tellme/int8/g2/t4/q4/full/registers", "mul/int8xternary"]
    assert {arithmetic_of(hw.parse(name)).name for name in names} == {"int8xternary/exact/exact"}
    assert arithmetic_of(hw.parse("tmac/int4xint8/g4/t4/q16")) == arithmetic_of(hw.parse("mul/int8xint4"))


def test_an_accumulator_that_holds_every_sum_is_exact() -> None:
    narrow, wide = hw.parse("mac/int8xint8/exact/sat20"), hw.parse("mac/int8xint8/exact/kulisch784")
    assert arithmetic_of(wide, 784).name == arithmetic_of(wide).within(1).name == "int8xint8/exact/exact"
    assert arithmetic_of(wide, 2000).name == "int8xint8/exact/kulisch784"
    assert arithmetic_of(narrow, 31).name == "int8xint8/exact/exact"
    assert arithmetic_of(narrow, 33).name == "int8xint8/exact/sat20"
    assert arithmetic_of(hw.parse("mac/int8xint8/exact/fp32"), 8).name == "int8xint8/exact/fp32"


def test_every_unit_has_an_arithmetic_or_says_that_it_has_none() -> None:
    for unit in UNITS:
        spec = hw.parse(spec_type(unit).example)
        if unit in ARITHMETICS:
            assert parse_arithmetic(arithmetic_of(spec).name) == arithmetic_of(spec)
            assert arithmetic_of(spec).prepare(X, W)(X).shape == (40, 6)
        else:
            with pytest.raises(ValueError, match=f"spec must be of a unit that multiplies matrices .* got '{unit}/"):
                arithmetic_of(spec)
    with pytest.raises(TypeError, match="spec must be a spec of mac, .* got 'mac/int8xint8'"):
        arithmetic_of("mac/int8xint8")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mac/int4xint4", "mac/e4m3xe4m3/lmul/fp16", "mac/e5m2xe5m2/exact/bf16:x4"])
def test_products_are_those_of_the_golden_model(name: str) -> None:
    """With the scales that it chose; what is beyond the activations' format is at its end."""
    spec = hw.parse(name)
    arithmetic = arithmetic_of(spec)
    a, b = arithmetic.choose_scales(X, W)  # type: ignore[attr-defined]
    x, w = (np.clip(v, float(fmt.min), float(fmt.max)) for v, fmt in ((X / a, spec.a), (W / b, spec.b)))
    codes, _ = model(spec).matmul(encode(spec.a, x), encode(spec.b, w))
    assert np.array_equal(arithmetic.prepare(X, W)(X), decode(spec.accumulator_format, codes) * (a * b))


@pytest.mark.parametrize("suffix", ["fp16", "fp16:toward_zero", "fp16/rounded", "bf16/rounded"])
def test_a_dot_products_beats_are_rounded_as_its_model_rounds_them(suffix: str) -> None:
    spec = hw.parse(f"dot/e4m3xe4m3/n7/exact/{suffix}")
    arithmetic = arithmetic_of(spec)
    a, b = RNG.integers(0, 120, (5, 14)), RNG.integers(128, 248, (14, 3))
    found = arithmetic.sums.matmul(arithmetic.operands, a, b)  # type: ignore[attr-defined]
    for row in range(5):
        for column in range(3):
            beats = {"x": a[row].reshape(2, 7)}, {"x": b[:, column].reshape(2, 7)}
            codes = model(spec).run(*beats)["sum"]["x"]
            assert found[row, column] == decode(spec.result, codes).sum()


def test_a_matvecs_beats_saturate_as_its_model_does() -> None:
    spec = hw.parse("matvec/int8xint8/1x4/exact/sat18")
    arithmetic = arithmetic_of(spec)
    a, b = RNG.integers(100, 128, (1, 24)), RNG.integers(60, 128, (24, 1))
    b[20:] += 100
    found = arithmetic.sums.matmul(arithmetic.operands, a, b)  # type: ignore[attr-defined]
    last = np.arange(6) == 5
    beats = {"x": a.reshape(6, 4), "last": last}, {"x": b.reshape(6, 4), "last": last}
    assert decode(spec.accumulator_format, model(spec).run(*beats)["y"]["x"]) == found
    exact = decode(spec.a, a) @ decode(spec.b, b)
    assert found != exact


def test_narrower_operands_lose_signal_and_scales_of_columns_are_their_own() -> None:
    assert sqnr("mac/int8xint8") > 35
    found = [sqnr(f"mac/int{bits}xint{bits}") for bits in (2, 3, 4, 6, 8)]
    assert found == sorted(found)
    # A column of tiny weights is as good as the others.
    w = W * np.array([1e-6, 1, 1, 1, 1, 1])
    product = arithmetic_of(hw.parse("mac/int8xint8")).prepare(X, w)(X)
    assert np.allclose(product[:, 0] * 1e6, (X @ W)[:, 0], atol=0.3)


def test_sums_with_little_room_are_scaled_to_have_it() -> None:
    assert sqnr("mac/int8xint8/exact/sat16") > 15
    assert sqnr("mac/e4m3xe4m3/exact/fp16") > 25


@pytest.mark.parametrize("name", ["blockgemm/mxfp4xmxfp4", "blockdot/nvfp4xnvfp4", "mac/int4xint4"])
def test_a_row_does_not_depend_on_those_beside_it(name: str) -> None:
    product = arithmetic_of(hw.parse(name)).prepare(X, W)
    together = product(np.concatenate([X, 100 * X]))
    assert np.array_equal(together[:3], product(X[:3]))
    assert np.isfinite(together).all()


def test_activations_are_multiplied_by_activations() -> None:
    for name in (
        "mac/int8xint8",
        "mac/e4m3xe4m3/lmul",
        "blockdot/mxfp8e4m3xmxfp8e4m3/fp32",
        "mac/int8xint8/exact/fp16",
    ):
        found = arithmetic_of(hw.parse(name)).multiply(X, W)
        assert np.mean((found - X @ W) ** 2) < 0.02 * np.mean((X @ W) ** 2)


def test_zeros_and_formats_without_positive_values_do_no_harm() -> None:
    for name in ("mac/int8xint8", "mac/int1xint1", "blockdot/nvfp4xnvfp4", "mac/e4m3xe4m3/lmul/fp16"):
        found = arithmetic_of(hw.parse(name)).prepare(0 * X, 0 * W)(X)
        assert np.array_equal(found, 0 * (X @ W))


@pytest.mark.parametrize(
    ("x", "w", "error", "message"),
    [
        (X[0], W, ValueError, r"x must be a matrix, not empty, got shape \(50,\)"),
        (X, W[:3], ValueError, r"x and w must have shapes \(rows, k\) and \(k, columns\), got \(40, 50\), \(3, 6\)"),
        (X * np.nan, W, ValueError, "x must be finite, got nan"),
        ("x", W, TypeError, "x must be a matrix of numbers, got 'x' of type str"),
    ],
)
def test_what_is_no_matrix_is_refused(x: object, w: object, error: type[Exception], message: str) -> None:
    arithmetic = arithmetic_of(hw.parse("mac/int8xint8"))
    for function in (arithmetic.prepare, arithmetic.multiply):
        with pytest.raises(error, match=message):
            function(x, w)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="depth must be 1"):
        arithmetic.within(0)


@pytest.mark.parametrize(
    "name",
    [
        "int8xint8/exact/fp16:n32:tree",
        "e4m3xe4m3/lmul/bf16:toward_zero:n4",
        "int8xint4/exact/sat24:n8",
        "mxfp4xmxfp4/bf16:n32",
    ],
)
def test_names_are_read_back(name: str) -> None:
    assert parse_arithmetic(name).name == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("int8", "arithmetic 'int8': .* (it is written AxB/PRODUCT/SUMS or .*)"),
        ("int8xint8/exactly/exact", "product must be one of exact, .* got 'exactly'; did you mean exact?"),
        ("int8xint8/lmul/exact", "lmul takes two operands of one minifloat format, got int8 and int8"),
        ("int8xint8/exact/kulisch8:n8", "sums of beats must be rounded into a float or saturate, got kulisch8:n8"),
        ("int8xint8/exact/exact/p1", "arithmetic 'int8xint8/exact/exact/p1': "),
        ("mxfp4xint8/exact", "operands must be block formats, got mxfp4 and int8"),
        ("int8xint8/exact/nothing", "the accumulator must be written"),
    ],
)
def test_what_is_no_arithmetic_is_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        parse_arithmetic(name)
    with pytest.raises(TypeError, match="an arithmetic's name must be a str, got 8"):
        parse_arithmetic(8)  # type: ignore[arg-type]
