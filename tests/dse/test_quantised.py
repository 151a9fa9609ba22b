"""The network in codes: whole numbers only, and as accurate as the network it was made from."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import hw
from dse.workloads import digits, quantised, ternary
from hw.formats import parse_format
from sim.golden import decode


@pytest.fixture(scope="module")
def network() -> dict:
    return digits.train()


def core(operands: str, product: str = "exact") -> Any:
    return hw.parse(
        f"gemm/{operands}/4x4/os/{product}/kulisch64/p1/{operands.split('x')[0]}/channel/x1/p2/k64/n32/w512"
    )


@pytest.mark.parametrize("name", [("int8xint8",), ("int8xint4",), ("e4m3xe4m3",), ("e4m3xe4m3", "lmul")])
def test_a_network_in_codes_is_nearly_as_accurate(name: tuple[str, ...], network: dict) -> None:
    _, _, pixels, labels = digits.images()
    made = quantised.quantise(core(*name), network)
    logits = made.answers(made.codes(pixels))[-1]
    assert np.mean(made.predict(logits) == labels) > network["accuracy"] - 0.02


def test_ternary_weights_are_trained_for(network: dict) -> None:
    x, y, pixels, labels = digits.images()
    trained = ternary.train_on(network, x, y)
    for layer in trained["layers"]:
        magnitudes = np.abs(np.array(layer["weights"]))
        for column in magnitudes.T:
            assert len(set(column[column > 0])) == 1
    made = quantised.quantise(core("int8xternary"), trained)
    logits = made.answers(made.codes(pixels))[-1]
    assert np.mean(made.predict(logits) == labels) > 0.94


def test_a_layer_is_what_its_definition_says(network: dict) -> None:
    made = quantised.quantise(core("int8xint8"), network)
    codes = made.codes(digits.images()[2][:5])
    layer, answer = made.layers[0], made.answers(codes)[0]
    x, w = (decode(parse_format("int8"), c).astype(int) for c in (codes, layer.weights))
    for i, j in np.ndindex(answer.shape):
        total = int(x[i] @ w[:, j]) + signed(int(layer.parameters["bias"][j]), made.spec.bias_format.width)
        exact = Fraction(max(0, total) * int(layer.parameters["m"][j]), 1 << int(layer.parameters["e"][j]))
        assert answer[i, j] == min(127, round(exact))


def signed(code: int, width: int) -> int:
    return code - (code >> (width - 1) << width)


def test_another_core_is_refused(network: dict) -> None:
    with pytest.raises(ValueError, match="a requantiser of scope channel that gives int8, got gemm/int8xint8/4x4/os"):
        quantised.quantise(hw.parse("gemm/int8xint8/4x4"), network)  # type: ignore[arg-type]


def test_an_infinite_product_is_an_error() -> None:
    layer = quantised.Layer(np.array([[0x7F]]), {"m": np.ones(1, int), "e": np.zeros(1, int)}, relu=False)
    made = quantised.Quantised(core("e4m3fnxe4m3fn"), 1.0, [layer])
    with pytest.raises(ValueError, match="a product in gemm/e4m3fnxe4m3fn.* was infinite or NaN"):
        made.answers(np.array([[0x38]]))
