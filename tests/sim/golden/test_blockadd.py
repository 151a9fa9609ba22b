"""The golden scaled addition against fractions, and against the matrix product of blocks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from sim.golden import decode, model
from sim.golden.accumulators import Floating
from sim.golden.blocks import Quantized, block_matmul, quantize
from sim.golden.matmul import exact_sums


def test_every_step_is_the_nearest_float_of_the_exact_number() -> None:
    spec = hw.parse("blockadd/mxfp4xmxint8/n3/e5m4ieee")
    fmt, rng = spec.result, np.random.default_rng(0)  # type: ignore[attr-defined]
    total = spec.sum_format  # type: ignore[attr-defined]
    x = rng.integers(0, 1 << total.width, (200, 3))
    a, b = rng.integers(122, 132, 200), rng.integers(122, 132, (200, 3))
    c = rng.integers(0, 1 << fmt.width, (200, 3))
    y = model(spec).run(x={"x": x}, scale={"a": a, "b": b}, c={"x": c})["y"]["x"]
    finite = [code for code in range(1 << fmt.width) if np.isfinite(float(fmt.value(code)))]
    for n, lane in np.ndindex(x.shape):
        so_far = fmt.value(int(c[n, lane]))
        if not np.isfinite(float(so_far)):
            continue
        exact = Fraction(so_far) + total.value(int(x[n, lane])) * Fraction(2) ** (int(a[n]) + int(b[n, lane]) - 254)
        best = min(abs(fmt.value(code) - exact) for code in finite)
        shown = fmt.value(int(y[n, lane]))
        if np.isfinite(float(shown)):
            assert abs(shown - exact) == best
        else:
            assert abs(exact) > fmt.max


def test_one_after_the_other_they_are_the_matrix_product_of_blocks() -> None:
    spec, rng = hw.parse("blockadd/mxfp6e3m2xmxfp4/n5/fp32"), np.random.default_rng(1)
    fmt = parse_format("fp32")
    p = quantize(parse_format("mxfp6e3m2"), rng.normal(size=(4, 96)))
    q = quantize(parse_format("mxfp4"), rng.normal(size=(5, 96)))
    codes = np.zeros((4, 5), dtype=np.uint32)
    for block in range(3):
        piece = slice(32 * block, 32 * block + 32)
        sums = exact_sums(p.format.element, q.format.element, p.elements[:, piece], q.elements[:, piece].T)
        x = {"x": sums.codes(spec.sum_format)}  # type: ignore[attr-defined]
        scale = {"a": p.scales[:, block], "b": np.broadcast_to(q.scales[:, block], (4, 5))}
        codes = model(spec).run(x=x, scale=scale, c={"x": codes})["y"]["x"]
    assert np.array_equal(codes, block_matmul(p, q, Floating(fmt))[0])
    assert np.isfinite(decode(fmt, codes)).all()


def test_infinities_go_by_the_signs_and_zeros_of_scales() -> None:
    fp32, block = parse_format("fp32"), "4*e5m2@e4m3fnx4*e2m1@e4m3fn"
    one, less, zero = 0x38, 0xB8, 0x00
    for status, scale, value in [(1, one, np.inf), (1, less, -np.inf), (2, less, np.inf), (1, zero, np.nan)]:
        x, c = {"x": [[0]], "status": [[status]]}, {"x": [[0]]}
        y = model(hw.parse(f"blockadd/{block}/n1/fp32")).run(x=x, scale={"a": [scale], "b": [[one]]}, c=c)["y"]["x"]
        assert np.array_equal(decode(fp32, y), [[value]], equal_nan=True), (status, scale)
    # A scale may be infinite itself, and the matrix product of blocks knows both.
    p, q = parse_format("1*int4@e5m2"), parse_format("1*e5m2@e4m3fn")
    for (element, factor), (other, second), value in [
        ((1, 0x7C), (0x3C, one), np.inf),
        ((15, 0x7C), (0x3C, one), -np.inf),
        ((0, 0x7C), (0x3C, one), np.nan),
        ((1, 0x3C), (0x7C, less), -np.inf),
        ((1, 0x3C), (0x7C, zero), np.nan),
    ]:
        a = Quantized(p, np.array([[element]]), np.array([[factor]]))
        b = Quantized(q, np.array([[other]]), np.array([[second]]))
        codes, _status = block_matmul(a, b, Floating(fp32))
        assert np.array_equal(decode(fp32, codes), [[value]], equal_nan=True), (element, factor, other, second)


def test_a_scale_that_is_no_number_gives_none() -> None:
    spec = hw.parse("blockadd/mxfp4xmxfp4/n1/fp32")
    y = model(spec).run(x={"x": [[0]]}, scale={"a": [255], "b": [[127]]}, c={"x": [[0]]})["y"]["x"]
    assert np.isnan(decode(parse_format("fp32"), y)).all()


def test_codes_are_checked() -> None:
    spec = hw.parse("blockadd/mxfp4xmxfp4/n1/fp32")
    with pytest.raises(ValueError, match="a must be codes 0..255 of ue8m0, got 256"):
        model(spec).run(x={"x": [[0]]}, scale={"a": [256], "b": [[127]]}, c={"x": [[0]]})
