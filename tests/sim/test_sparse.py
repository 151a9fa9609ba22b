"""Products that skip zero digits do what their models do, in the cycles that the digits say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from hw.recoding import RECODINGS
from sim.golden import model
from sim.golden.digits import NONZERO, count_digits, nonzero_digits
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "sparse/int4xint4/k5/n2@ecp5",
        "sparse/int8xe2m1/k9/n2/l1@ice40",
        "sparse/uint3xuint4/k4/n3/l3/booth@xcup",
        "sparse/int2xint3/k2/n1",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def test_vectors_without_a_pause_take_a_cycle_for_each_digit_and_one() -> None:
    verdict = verify(hw.parse("sparse/int4xint4/k5/n2/l2/booth"), shape={"vectors": 7, "digits": 8})
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize("recoding", NONZERO)
def test_digits_are_where_recoding_finds_them(recoding: str) -> None:
    numbers = np.arange(-700, 700)
    found = [sum(1 << place for place, _ in RECODINGS[recoding](number)) for number in numbers.tolist()]
    assert nonzero_digits(recoding, numbers).tolist() == found
    assert count_digits(recoding, numbers).tolist() == [bits.bit_count() for bits in found]
    large = [1 << 58, -(1 << 58), (1 << 58) - 1]
    assert count_digits(recoding, large).tolist() == [len(RECODINGS[recoding](number)) for number in large]


def test_the_model_is_a_plain_product_and_a_mark_fills_up_with_zeros() -> None:
    spec: Any = hw.parse("sparse/int8xint4/k3/n2")
    a = {"x": np.array([1, 2, 253, 100, 7, 0, 5]), "last": np.array([0, 0, 0, 0, 1, 0, 1])}
    first, second = np.array([[1, 2], [3, -4], [5, 6]]), np.array([[-8, 7], [1, 1], [2, 2]])
    b = {"x": np.concatenate([first, second]) & 15}
    found = model(spec).run(a, b)["y"]
    sums = found["x"].astype(np.int64) - (found["x"].astype(np.int64) >> spec.result.width - 1 << spec.result.width)
    wanted = [np.array([1, 2, -3]) @ first, np.array([100, 7, 0]) @ first, np.array([0, 5, 0]) @ second]
    assert sums.tolist() == np.array(wanted).tolist()
    assert found["last"].tolist() == [False, True, True]
    work = model(spec).work(a)
    # 1, 2 and 4 - 1; 64 + 32 + 4 becomes 128 - 32 + 4, and 8 - 1; 4 + 1, with a zero before it.
    assert work.digits.tolist() == [[2, 1, 1] + 5 * [0], [1, 0, 1, 1, 0, 1, 0, 1], [1, 0, 1] + 5 * [0]]
    assert work.bare.tolist() == [0, 0, 1]


def test_too_little_of_a_matrix_is_refused() -> None:
    a, b = {"x": [1, 2], "last": [0, 1]}, {"x": [[1], [2], [3]]}
    with pytest.raises(ValueError, match="b must have 4 codes for 1 vectors, got 3"):
        model(hw.parse("sparse/int4xint4/k2/n2/l1")).run(a, b)


@pytest.mark.parametrize(
    ("recoding", "numbers", "error", "message"),
    [
        ("csd", [1], ValueError, "recoding must be one of naf, booth, got 'csd'"),
        ("naf", [1.5], TypeError, "numbers must be integers, got 'float64'"),
        ("naf", [1 << 59], ValueError, r"numbers must have magnitudes up to 2\*\*58, got 576460752303423488"),
    ],
)
def test_wrong_numbers_are_refused(recoding: str, numbers: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        count_digits(recoding, numbers)
