"""The digits workload: a real classifier, in the arithmetic of the hardware."""

from __future__ import annotations

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


def test_the_arithmetic_is_that_of_the_mac(network: dict) -> None:
    """One layer by hand: codes in, sums of the golden model out, scales around them."""
    mac = model(hw.parse("mac/e4m3xe4m3/lmul"))
    x, w = digits.images()[0][:3], np.array(network["layers"][0]["weights"])
    codes, _ = mac.matmul(encode(mac.a, x / 0.1), encode(mac.b, w / 0.25))
    assert np.array_equal(digits.product(mac, x, w, (0.1, 0.25)), mac.values(codes) * (0.1 * 0.25))
    assert not np.allclose(digits.product(mac, x, w, (0.1, 0.25)), x @ w)
