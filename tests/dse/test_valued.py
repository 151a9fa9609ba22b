"""Arithmetics by values: the same, bit for bit, as by codes in the golden model."""

from __future__ import annotations

import numpy as np
import pytest

from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.valued import BlockedValues, ScaledCodes, ScaledValues, engine_of, exactly

RNG = np.random.default_rng(1)
# Columns of very different sizes, as a transformer has them; a zero row, and a depth that no block size divides.
X = (RNG.standard_normal((70, 72)) * np.exp(RNG.standard_normal((1, 72)))).astype(np.float32)
X[3] = 0
W = RNG.standard_normal((72, 24)).astype(np.float32)

NAMES = {
    "int8xint8/exact/exact": ScaledValues,
    "int4xint4/exact/exact": ScaledValues,
    "e2m1xe2m1/exact/exact": ScaledValues,
    "e4m3xe4m3/exact/exact": ScaledValues,
    "e5m2xe5m2/exact/exact": ScaledValues,
    "int8xternary/exact/exact": ScaledValues,
    "e3m2xe3m2/exact/kulisch2048": ScaledValues,
    "e3m2xe3m2/lmul/exact": ScaledCodes,
    "e4m3xe4m3/exact/fp16": ScaledCodes,
    "mxfp4xmxfp4/exact": BlockedValues,
    "mxfp8e5m2xmxfp8e5m2/exact": BlockedValues,
    "mxint8xmxint8/exact": BlockedValues,
    "nvfp4xnvfp4/exact": BlockedValues,
}


@pytest.mark.parametrize("name", NAMES)
def test_products_are_those_of_the_golden_model(name: str) -> None:
    arithmetic = parse_arithmetic(name)
    engine = engine_of(arithmetic, 128)
    assert type(engine) is NAMES[name]
    found, expected = (of.prepare(X[:32], W)(X) for of in (engine, arithmetic))
    np.testing.assert_array_equal(found, expected)
    assert np.any(found != X.astype(np.float64) @ W)


@pytest.mark.parametrize("name", NAMES)
def test_so_are_those_of_activations_matrix_by_matrix(name: str) -> None:
    arithmetic = parse_arithmetic(name)
    # The room that sums need is found on the first matrix: powers of two times it need the same.
    x, y = np.stack([X[:16], 4 * X[:16], X[:16] / 8]), np.stack([W, W, 2 * W])
    found = engine_of(arithmetic, 128).prepare_pairs(x, y)(x, y)
    np.testing.assert_array_equal(found, [arithmetic.multiply(*each) for each in zip(x, y, strict=True)])


def test_float32_is_used_only_where_it_is_exact() -> None:
    # One step more than 24 bits hold: in float32 it would be lost.
    a, b = np.array([[4096.0, 1.0]]), np.array([[4096.0], [1.0]])
    assert exactly(a, b, 0) == 2**24 + 1
    assert exactly(a / 8, b / 8, -6) == (2**24 + 1) / 64


def test_sums_of_blocks_that_round_are_refused() -> None:
    with pytest.raises(ValueError, match="must have scales or blocks with exact sums, got mxfp4xmxfp4/fp32"):
        engine_of(parse_arithmetic("mxfp4xmxfp4/fp32"), 128)
