"""Handwritten digits: a two-layer perceptron on scikit-learn's 8 x 8 images.

The network is trained in floating point, then each layer's matrix product runs in the golden model of a
MAC: activations in the format of port a, weights in that of port b, sums in its accumulator. What a MAC
does not do, scales, biases and the ReLU, is done in float64.
"""

from __future__ import annotations

import hashlib
import warnings
from functools import lru_cache
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.formats.messages import cut
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version
from sim.golden import encode

HIDDEN = 32
SEED = 0
CALIBRATION = 128
"""Training images that scales are chosen on."""
SHIFTS = range(-1, 11)
"""Scales tried for each operand, as powers of two below the one that just fits the largest value."""

Matrix = NDArray[np.float64]


class Layer(TypedDict):
    """One layer: what each output weighs its inputs by, (inputs, outputs), and its bias."""

    weights: list[list[float]]
    biases: list[float]


class Network(TypedDict):
    """What `train` gives."""

    layers: list[Layer]
    accuracy: float
    images: int


@lru_cache
def images() -> tuple[Matrix, NDArray[np.int64], Matrix, NDArray[np.int64]]:
    """Training images and labels, test images and labels: halves of the set, pixels 0..1."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    halves = train_test_split(pixels / 16, labels, test_size=0.5, random_state=SEED, stratify=labels)
    train_x, test_x, train_y, test_y = halves
    return train_x, train_y, test_x, test_y


def train_key() -> str:
    """A hash of all that the trained network depends on."""
    parts = [code_digest(__name__), package_version("scikit-learn"), package_version("numpy")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def train() -> dict[str, Any]:
    """Train the network, seeded.

    Returns
    -------
    dict with ``layers``, a list of ``weights`` (inputs, outputs) and ``biases``, and the test
    ``accuracy`` of the network in float64.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    x, y, test_x, test_y = images()
    network = MLPClassifier((HIDDEN,), alpha=1e-2, max_iter=300, random_state=SEED)
    with warnings.catch_warnings():
        # 300 rounds are the recipe; that they stop short of the optimiser's own tolerance is meant.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(x, y)
    layers = [
        {"weights": weights.tolist(), "biases": biases.tolist()}
        for weights, biases in zip(network.coefs_, network.intercepts_, strict=True)
    ]
    return {"layers": layers, "accuracy": float(network.score(test_x, test_y)), "images": len(test_y)}


def parameters(network: dict[str, Any]) -> tuple[list[Matrix], list[Matrix]]:
    """The weights, each of shape (inputs, outputs), and the biases of a network's layers."""
    layers = network["layers"]
    return [np.array(layer["weights"]) for layer in layers], [np.array(layer["biases"]) for layer in layers]


def forward(weights: list[Matrix], biases: list[Matrix], x: Matrix) -> list[Matrix]:
    """The activations of every layer, the inputs first; of the last, without ReLU, the logits."""
    activations = [x]
    for index, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = activations[-1] @ w + b
        activations.append(z if index == len(weights) - 1 else np.maximum(z, 0))
    return activations


def product(mac: Any, x: Matrix, w: Matrix, scales: tuple[float, Any]) -> Matrix:
    """``x @ w`` in the MAC's arithmetic, with operands divided by their scales before and the sum multiplied after."""
    codes, status = mac.matmul(encode(mac.a, x / scales[0]), encode(mac.b, w / scales[1]))
    if np.any(status):
        raise ValueError(f"a product in {cut(mac.a)} x {cut(mac.b)} was infinite or NaN, from finite operands")
    return mac.values(codes) * (scales[0] * scales[1])


def choose_scales(mac: Any, x: Matrix, w: Matrix, each: bool = False) -> tuple[float, Any]:
    """The scales of activations and weights that bring ``x @ w`` nearest to what float64 makes of it.

    With `each`, every column of weights has a scale of its own, and the second is of shape (1, columns).

    First both operands shift together, for a product rule that saturates needs room for products,
    then each alone.
    """
    exact = x @ w
    full = fit(mac.a, x), fit(mac.b, w, each)

    def error(shifts: tuple[int, int]) -> float:
        scales = (full[0] * 2.0 ** shifts[0], full[1] * 2.0 ** shifts[1])
        return float(np.mean((product(mac, x, w, scales) - exact) ** 2))

    best = min(((shift, shift) for shift in SHIFTS), key=error)
    best = min(((best[0], shift) for shift in SHIFTS), key=error)
    best = min(((shift, best[1]) for shift in SHIFTS), key=error)
    return full[0] * 2.0 ** best[0], full[1] * 2.0 ** best[1]


def fit(fmt: Format, values: Matrix, each: bool = False) -> Any:
    """The scale at which the largest magnitude, of all or of each column, just meets the format's reach."""
    return np.abs(values).max(axis=0 if each else None, keepdims=each) / float(fmt.reach)
