"""The digits workload: a real classifier, in the arithmetic of the hardware."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import hw
from dse.workloads import digits
from sim.golden import encode, model


@pytest.fixture(scope="module")
def network() -> dict:
    return digits.train()


def test_training_is_seeded_and_worth_it(network: dict) -> None:
    assert network == digits.train()
    assert network["accuracy"] > 0.95
    assert network["images"] == 899


def test_wide_operands_get_the_accuracy_of_floating_point(network: dict) -> None:
    found = digits.accuracy(hw.parse("mac/int8xint8"), network)
    assert found["accuracy"] == pytest.approx(network["accuracy"], abs=0.01)
    assert found["sqnr_db"] > 25


def test_narrower_operands_lose_signal(network: dict) -> None:
    sqnr = [digits.accuracy(hw.parse(f"mac/int{n}xint{n}"), network)["sqnr_db"] for n in (2, 3, 4, 6)]
    assert sqnr == sorted(sqnr)


def test_the_arithmetic_is_that_of_the_mac(network: dict) -> None:
    """One layer by hand: codes in, sums of the golden model out, scales around them."""
    mac = model(hw.parse("mac/e4m3xe4m3/lmul"))
    x, w = digits.images()[0][:3], np.array(network["layers"][0]["weights"])
    codes, _ = mac.matmul(encode(mac.a, x / 0.1), encode(mac.b, w / 0.25))
    assert np.array_equal(digits.product(mac, x, w, (0.1, 0.25)), mac.values(codes) * (0.1 * 0.25))
    assert not np.allclose(digits.product(mac, x, w, (0.1, 0.25)), x @ w)


def test_the_pipeline_does_not_matter_to_accuracy_but_the_arithmetic_does() -> None:
    keys = [
        digits.accuracy_key(hw.parse(name))
        for name in ("mac/e4m3xe4m3/exact/kulisch/p0", "mac/e4m3xe4m3/exact/kulisch/p2", "mac/e4m3xe4m3/lmul")
    ]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("name", ["mac/int1xint1", "mac/cb[-1,-2]xint2"])
def test_formats_without_positive_values_lose_all_signal_but_do_not_fail(name: str, network: dict) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = digits.accuracy(hw.parse(name), network)
    assert found["accuracy"] == pytest.approx(0.1, abs=0.03)
    assert found["sqnr_db"] == pytest.approx(0, abs=0.1)
