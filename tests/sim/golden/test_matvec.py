"""The golden matrix-vector unit against ordinary matrix products, and against Python's integers."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, model
from sim.golden.decoding import decode_steps
from sim.golden.matmul import matmul


def test_sums_are_those_of_the_matrix_product() -> None:
    spec, rng = hw.parse("matvec/int8xint4/3x5/exact/kulisch1024"), np.random.default_rng(0)
    a, w = rng.integers(0, 256, (14, 5)), rng.integers(0, 16, (14, 15))
    last = np.isin(np.arange(14), (0, 8, 13))
    y = model(spec).run(a={"x": a, "last": last}, w={"x": w, "last": last})["y"]
    x, m = (a ^ 128) - 128, ((w ^ 8) - 8).reshape(14, 3, 5)
    for n, beats in enumerate((slice(0, 1), slice(1, 9), slice(9, 14))):
        expected = np.einsum("kl,kpl->p", x[beats], m[beats])
        assert decode(spec.accumulator_format, y["x"][n]).tolist() == expected.tolist()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("a", "b", "product"), [("e4m3", "e2m1", "exact"), ("e3m2", "e3m2", "lmul")])
def test_a_resident_matrix_meets_every_vector(a: str, b: str, product: str) -> None:
    spec, rng = hw.parse(f"matvec/{a}x{b}/2x3/6x12/{product}/kulisch12"), np.random.default_rng(1)
    vectors, matrices = rng.integers(0, 1 << spec.a.width, (5, 12)), rng.integers(0, 1 << spec.b.width, (2, 6, 12))  # type: ignore[attr-defined]
    # A beat of the matrix: two rows, three columns.
    w = matrices.reshape(2, 3, 2, 4, 3).transpose(0, 1, 3, 2, 4).reshape(24, 6)
    last = np.isin(np.arange(20), (7, 19))
    y = model(spec).run(a={"x": vectors.reshape(20, 3), "last": last}, w={"x": w})["y"]
    both = [
        matmul(spec.a, spec.b, vectors[some], matrix.T, product)[0]  # type: ignore[attr-defined]
        for some, matrix in zip((slice(0, 2), slice(2, 5)), matrices, strict=True)
    ]
    assert np.array_equal(y["x"].reshape(5, 6), np.concatenate(both))
    assert y["last"].tolist() == [0, 0, 1] * 5


def test_saturation_comes_after_each_beat() -> None:
    spec, rng = hw.parse("matvec/int4xint4/1x2/exact/sat9"), np.random.default_rng(2)
    a, w = rng.integers(0, 16, (400, 2)), rng.integers(0, 16, (400, 2))
    w[200:300] = (a[200:300] & 8) | 7 - (a[200:300] >> 3) * 7  # of the same sign: sums get large
    last = np.arange(400) % 100 == 99
    y = model(spec).run(a={"x": a, "last": last}, w={"x": w, "last": last})["y"]["x"]
    beats = (((a ^ 8) - 8) * ((w ^ 8) - 8)).sum(axis=1).reshape(4, 100)
    expected, ends = [], 0
    for sums in beats.tolist():
        total = 0
        for beat in sums:
            ends += not -256 <= total + beat <= 255
            total = max(-256, min(255, total + beat))
        expected.append(total % 512)
    assert ends > 50
    assert y.ravel().tolist() == expected


def test_what_is_no_number_has_a_status_and_is_shown_as_zero() -> None:
    spec = hw.parse("matvec/e5m2xe5m2/1x2/exact/kulisch")
    inf, nan, one = 0x7C, 0x7F, 0x3C
    a = np.array([[one, one], [inf, one], [one, one], [nan, one], [inf, 0xFC]])
    last = [0, 1, 1, 1, 1]
    y = model(spec).run(a={"x": a, "last": last}, w={"x": np.full((5, 2), one), "last": last})["y"]
    assert y["status"].ravel().tolist() == [1, 0, 3, 3]
    steps = decode_steps(spec.accumulator_format, y["x"]).ravel()  # type: ignore[attr-defined]
    assert steps.tolist() == [0, 2 << 32, 0, 0]


def test_ends_that_do_not_agree_are_errors() -> None:
    golden = model(hw.parse("matvec/int4xint4/1x1"))
    a, w = {"x": [[1], [2], [3]], "last": [0, 1, 1]}, {"x": [[1], [1], [1]], "last": [1, 0, 1]}
    assert golden.error(a, w)
    assert not golden.error(a, a)
    assert golden.run(a=a, w=w)["y"]["x"].ravel().tolist() == [1, 2, 3]
    resident = model(hw.parse("matvec/int4xint4/1x1/2x2/exact/kulisch8"))
    w = {"x": [[1], [2], [3], [4]]}
    short = {"x": [[1], [1], [5]], "last": [0, 0, 1]}
    assert resident.error(short, w)
    assert not resident.error({"x": [[1], [1]], "last": [0, 1]}, w)
    assert resident.run(a=short, w=w)["y"]["x"].ravel().tolist() == [3, 7, 5, 15]


def test_what_the_model_refuses() -> None:
    golden = model(hw.parse("matvec/int4xint4/1x2"))
    good = {"x": [[1, 2]], "last": [1]}
    with pytest.raises(ValueError, match=r"a's x must have shape \(beats, 2\), got \(1, 1\)"):
        golden.run(a={"x": [[1]], "last": [1]}, w=good)
    with pytest.raises(ValueError, match="w must be codes 0..15 of int4, got 16"):
        golden.run(a=good, w={"x": [[16, 0]], "last": [1]})
    with pytest.raises(ValueError, match="a and w must have as many beats, got 1 and 2"):
        golden.run(a=good, w={"x": [[1, 2]] * 2, "last": [0, 1]})
    with pytest.raises(ValueError, match="last must be 0 or 1, got 2"):
        golden.run(a={"x": [[1, 2]], "last": [2]}, w=good)
    resident = model(hw.parse("matvec/int4xint4/1x2/2x2/exact/kulisch8"))
    with pytest.raises(ValueError, match="w must have 2 beats for each matrix, got 1 for 1 matrices"):
        resident.run(a=good, w={"x": [[1, 2]]})
