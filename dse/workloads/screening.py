"""A cheap prediction of how arithmetics rank on a network: the noise of its products, one layer at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dse.workloads.matrices import Arithmetic
from dse.workloads.networks import Layer, Tensor


def noise_to_signal(arithmetic: Arithmetic, layers: Sequence[Layer], inputs: Sequence[Tensor]) -> list[float]:
    """Of each layer alone, with exact inputs: mean squared error of the product, to its mean square.

    What a gain of a column would take away is no noise: it is a scale, and decisions hardly depend on it. L-Mul's
    products are too large or too small by about as much everywhere, and lose far less than their error suggests.
    """
    found = []
    for layer, x in zip(layers, inputs, strict=True):
        rows = layer.matrix(x)
        exact, product = rows @ layer.w, arithmetic.prepare(rows, layer.w)(rows)
        power = np.sum(product**2, axis=0)
        gain = np.sum(product * exact, axis=0) / np.where(power > 0, power, 1.0)
        found.append(float(np.sum((gain * product - exact) ** 2) / np.sum(exact**2)))
    return found


def predicted(noise: Sequence[float]) -> float:
    """The signal to noise of all layers together, in dB: what each adds to noise, the later ones pass on."""
    return decibels(1.0, sum(noise))


def decibels(signal: float, noise: float) -> float:
    """Of two powers; 200 at most, where there is no noise to speak of."""
    return float(10 * np.log10(signal / max(noise, signal * 1e-20)))
