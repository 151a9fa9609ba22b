"""The network in codes: whole numbers only, and as accurate as the network it was made from."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import hw
from dse.workloads import digits, quantised, ternary
from hw.formats import parse_format
from sim.golden import decode, model


@pytest.fixture(scope="module")
def network() -> dict:
    return digits.train()


@pytest.mark.parametrize("name", ["mac/int8xint8", "mac/int8xint4", "mac/e4m3xe4m3", "mac/e4m3xe4m3/lmul"])
def test_a_network_in_codes_is_nearly_as_accurate(name: str, network: dict) -> None:
    _, _, pixels, labels = digits.images()
    made = quantised.quantise(hw.parse(name), network)  # type: ignore[arg-type]
    logits = made.answers(made.codes(pixels))[-1]
    assert np.mean(made.predict(logits) == labels) > network["accuracy"] - 0.02


def test_ternary_weights_are_trained_for(network: dict) -> None:
    x, y, pixels, labels = digits.images()
    trained = ternary.train_on(network, x, y)
    for layer in trained["layers"]:
        magnitudes = np.abs(np.array(layer["weights"]))
        for column in magnitudes.T:
            assert len(set(column[column > 0])) == 1
    made = quantised.quantise(hw.parse("mac/int8xternary"), trained)  # type: ignore[arg-type]
    logits = made.answers(made.codes(pixels))[-1]
    assert np.mean(made.predict(logits) == labels) > 0.94


def test_a_layer_is_what_its_definition_says(network: dict) -> None:
    made = quantised.quantise(hw.parse("mac/int8xint8"), network)  # type: ignore[arg-type]
    codes = made.codes(digits.images()[2][:5])
    layer, answer = made.layers[0], made.answers(codes)[0]
    x, w = (decode(parse_format("int8"), c).astype(int) for c in (codes, layer.weights))
    for i, j in np.ndindex(answer.shape):
        total = max(0, int(x[i] @ w[:, j]) + int(layer.bias[j]))
        exact = Fraction(total * int(layer.multiplier[j]), 1 << int(layer.shift[j]))
        assert answer[i, j] == min(127, round(exact))


def test_an_accumulator_that_is_a_float_is_refused(network: dict) -> None:
    with pytest.raises(ValueError, match="accumulator in fixed point of at most 62 bits, got mac/int8xint8/exact/fp16"):
        quantised.quantise(hw.parse("mac/int8xint8/exact/fp16"), network)  # type: ignore[arg-type]


def test_an_infinite_product_is_an_error() -> None:
    spec = hw.parse("mac/e4m3fnxe4m3fn")
    layer = quantised.Layer(np.array([[0x7F]]), np.zeros(1, int), np.ones(1, int), np.zeros(1, int), False)
    assert model(spec).matmul([[0x38]], [[0x7F]])[1] == 3
    with pytest.raises(ValueError, match="a product in e4m3fn x e4m3fn was infinite or NaN"):
        quantised.answer(spec, layer, np.array([[0x38]]))  # type: ignore[arg-type]
