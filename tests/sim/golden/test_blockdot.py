"""The block dot product's model against rationals and the models of block arrays; and what scales do to no numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hw
from hw.formats import Block
from hw.specs.blockdot import BlockDotSpec
from sim.benches.blockdot import blocks
from sim.benches.dot import lanes
from sim.golden import decode, model
from sim.golden.blocks import Quantized, block_matmul, quantize
from sim.golden.matmul import exact_accumulator

NAMED = ["mxfp8e4m3", "mxfp8e5m2", "mxfp6e2m3", "mxfp6e3m2", "mxfp4", "mxint8", "mxint6", "mxint4", "nvfp4", "nvint4"]


def parse(name: str) -> BlockDotSpec:
    spec = hw.parse(name)
    assert isinstance(spec, BlockDotSpec)
    return spec


def operands(spec: BlockDotSpec, beats: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return dict(blocks(spec, lanes(*spec.elements, (beats, spec.lanes), rng), rng=rng))


@pytest.mark.parametrize("names", [(name, name) for name in [*NAMED, "bfp8-16", "bfp5-3"]] + [("mxfp4", "mxint8")])
def test_exact_sums_are_those_of_rationals(names: tuple[str, str]) -> None:
    spec = parse(f"blockdot/{names[0]}x{names[1]}")
    given = operands(spec, 40)
    shown = model(spec).run(**given)["sum"]
    numbers = 0
    for beat in range(40):
        x, y = ([block.element.decode(int(code)) for code in given[name]["x"][beat]] for name, block in _blocks(spec))
        scales = [block.scale.decode(int(given[name]["scale"][beat])) for name, block in _blocks(spec)]
        if not all(isinstance(number, Fraction) for number in (*x, *y, *scales)):
            assert shown["status"][beat] and shown["x"][beat] == 0
            continue
        expected = scales[0] * scales[1] * sum(p * q for p, q in zip(x, y, strict=True))
        factor = Fraction(2) ** (int(shown["scale"][beat]) - 254) if spec.keeps_scale else 1
        assert spec.result.decode(int(shown["x"][beat])) * factor == expected
        assert shown["status"][beat] == 0
        numbers += 1
    assert numbers > 20


def _blocks(spec: BlockDotSpec) -> list[tuple[str, Block]]:
    return [("a", spec.a), ("b", spec.b)]


@pytest.mark.parametrize("name", ["mxfp8e4m3", "mxfp4", "mxint8"])
def test_sums_of_quantised_vectors_are_the_matrix_products_of_blocks(name: str) -> None:
    spec = parse(f"blockdot/{name}x{name}/fp32")
    x, y = (np.random.default_rng(seed).normal(size=(6, spec.lanes)) for seed in (1, 2))
    a, b = quantize(spec.a, x), quantize(spec.b, y)
    sums = model(spec).run(*({"x": q.elements, "scale": q.scales[:, 0]} for q in (a, b)))["sum"]
    assert np.array_equal(decode(spec.result, sums["x"]), np.diag(_float_sums(a, b)).astype(np.float32))


def _float_sums(a: Quantized, b: Quantized) -> NDArray[np.float64]:
    """All sums of pairs of rows, which float64 holds."""
    span = exact_accumulator(a.format.element, b.format.element, a.format.size).format.span
    scales = hw.parse_format("ue8m0").span.lsb
    wide = hw.parse_format(f"fix{600}.{-2 * scales - span.lsb}")
    codes, _ = block_matmul(a, b, _accumulator(wide))
    return np.array([[float(wide.decode(int(code))) for code in row] for row in codes])


def _accumulator(fmt: Any) -> Any:
    from sim.golden.accumulators import Wide

    return Wide(fmt)


def test_scales_multiply_infinities_and_nans_as_numbers_do() -> None:
    spec = parse("blockdot/1*e5m2@e5m2x1*e5m2@e5m2")
    one, zero, infinity, minus, nan = 0x3C, 0x00, 0x7C, 0xFC, 0x7E
    cases = [
        (infinity, one, one, one, 1),
        (infinity, one, zero, one, 3),
        (minus, one, one, 0xBC, 1),
        (minus, one, infinity, one, 2),
        (one, one, minus, one, 2),
        (zero, one, infinity, one, 3),
        (one, one, zero, infinity, 3),
        (nan, one, one, one, 3),
        (one, one, one, nan, 3),
        (one, 0xBC, one, one, 0),
    ]
    x, y, first, second, expected = np.array(cases).T
    sums = model(spec).run({"x": x[:, None], "scale": first}, {"x": y[:, None], "scale": second})["sum"]
    assert sums["status"].tolist() == expected.tolist()
    assert [spec.result.decode(int(code)) for code in sums["x"]] == [0] * 9 + [-1]
    floats = parse("blockdot/1*e5m2@e5m2x1*e5m2@e5m2/fp16-inf")
    sums = model(floats).run({"x": x[:, None], "scale": first}, {"x": y[:, None], "scale": second})["sum"]
    shown = decode(floats.result, sums["x"])
    assert np.array_equal(shown, [np.inf, np.nan, np.inf, -np.inf, -np.inf, *[np.nan] * 4, -1], equal_nan=True)


@pytest.mark.parametrize(
    ("a", "scale", "error", "message"),
    [
        ([[1, 16]], [1], ValueError, "a must be codes 0..15 of e2m1, got 16"),
        ([[1, 2]], [256], ValueError, "a must be codes 0..255 of ue8m0, got 256"),
        ([[1, 2, 3]], [1], ValueError, r"a's x must have shape \(beats, 2\), got \(1, 3\)"),
        ([[1, 2]], [[1]], ValueError, r"a's scale must have shape \(beats,\), got \(1, 1\)"),
        ([[1, 2]], [1.0], TypeError, "a must be integer codes, got an array of float64"),
    ],
)
def test_what_is_refused(a: Any, scale: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model(parse("blockdot/2*e2m1@ue8m0x2*e2m1@ue8m0")).run({"x": a, "scale": scale}, {"x": [[1, 2]], "scale": [1]})
