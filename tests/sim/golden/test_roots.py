"""Fourth roots of unity against complex arithmetic."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from hw.formats import parse_format
from sim.golden import decode
from sim.golden.roots import decode_roots, encode_roots, roots_matmul

ROOTS = [1, -1, 1j, -1j]


def test_the_codes_are_1_minus_1_i_and_minus_i() -> None:
    assert decode_roots([0, 1, 2, 3]).tolist() == ROOTS
    assert encode_roots(ROOTS).tolist() == [0, 1, 2, 3]
    assert decode_roots(np.zeros((2, 0), dtype=int)).shape == (2, 0)


def test_encoding_takes_the_nearest_root_and_of_two_the_lower_code() -> None:
    grid = np.arange(-3, 4) / 2
    values = (grid[:, None] + 1j * grid[None, :]).ravel()
    nearest = [min(range(4), key=lambda code, x=x: (round(abs(ROOTS[code] - x), 12), code)) for x in values]
    assert encode_roots(values).tolist() == nearest
    assert encode_roots([3, -0.5, 0]).tolist() == [0, 1, 0]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 2), (2, 0, 3), (0, 2, 2)], ids=str)
@pytest.mark.parametrize("name", ["int8", "uint4", "e4m3", "fp16", "ternary"])
def test_products_are_complex_ones(name: str, shape: tuple[int, int, int]) -> None:
    fmt = parse_format(name)
    n, k, m = shape
    rng = np.random.default_rng(1)
    real, imaginary = rng.integers(0, 1 << (fmt.width - 2), (2, n, k))
    weights = rng.integers(0, 4, (k, m))
    got = roots_matmul(fmt, real, imaginary, weights)
    # Sums of so few bits are exact in complex128 too.
    x = decode(fmt, real) + 1j * decode(fmt, imaginary)
    expected = x @ np.array(ROOTS)[weights]
    assert np.array_equal(got[0].values(), expected.real)
    assert np.array_equal(got[1].values(), expected.imag)
    assert not (got[0].status.any() or got[1].status.any())


def test_operands_are_not_written_to() -> None:
    fmt = parse_format("int8")
    real, imaginary, weights = np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)[::-1], np.array([[0], [2], [3]])
    for array in (real, imaginary, weights):
        array.flags.writeable = False
    assert roots_matmul(fmt, real, imaginary, weights)[0].steps().tolist() == [[0 - 4 + 5], [3 - 1 + 2]]


ONE = [[1]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: decode_roots([4]), ValueError, "codes must be codes 0..3 of roots4, got 4..4"),
        (lambda: decode_roots([-1, 2]), ValueError, "codes must be codes 0..3 of roots4, got -1..2"),
        (lambda: decode_roots([1.0]), TypeError, "codes must be integer codes, got an array of float64"),
        (lambda: encode_roots([math.nan]), ValueError, "values must not be NaN"),
        (lambda: encode_roots([complex(1, math.nan)]), ValueError, "values must not be NaN"),
        (lambda: encode_roots(["i"]), TypeError, "values must be numbers"),
        (
            lambda: roots_matmul(parse_format("int4"), ONE, ONE, [[4]]),
            ValueError,
            "weights must be codes 0..3 of roots4",
        ),
        (
            lambda: roots_matmul(parse_format("int4"), [[16]], ONE, [[0]]),
            ValueError,
            "must be codes 0..15 of int4, got 16",
        ),
        (lambda: roots_matmul(parse_format("int4"), [[1, 2]], [[1, 2]], [[0]]), ValueError, "must have shapes"),
        # Three real and one imaginary part are not two complex numbers.
        (lambda: roots_matmul(parse_format("int4"), [[1, 2, 3]], ONE, [[0], [1]]), ValueError, "must have"),
        (lambda: roots_matmul(parse_format("int4"), [[1], [2]], ONE, [[0]]), ValueError, "must have"),
        (lambda: roots_matmul(parse_format("int4"), [1], [1], [[0]]), ValueError, "must have"),
    ],
)
def test_what_roots_refuse(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_the_lowest_integer_is_negative() -> None:
    # Its magnitude is no int8.
    assert encode_roots(np.array([-128, 127], dtype=np.int8)).tolist() == [1, 0]


@pytest.mark.parametrize("kind", [ml_dtypes.complex32, ml_dtypes.bcomplex32, ml_dtypes.bfloat16, ml_dtypes.int4])
def test_numbers_of_ml_dtypes_are_taken(kind: type) -> None:
    given = np.array([1, -1, 3, -2]) if kind in (ml_dtypes.bfloat16, ml_dtypes.int4) else np.array([1, -1, 1j, -2j])
    assert np.array_equal(encode_roots(given.astype(kind)), encode_roots(given))
