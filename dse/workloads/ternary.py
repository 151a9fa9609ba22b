"""A trained perceptron, trained on with weights of -1, 0 and 1: straight-through, numpy alone.

Each column of weights is a scale times ternary weights, as in arXiv 1605.04711 (ternary weight networks): what is
less than 0.7 of the mean magnitude is zero, and the scale is the mean magnitude of the rest. The forward pass sees
these, the gradient goes to the weights behind them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads.digits import Matrix, forward, parameters

EPOCHS, BATCH, RATE = 200, 64, 3e-3
THRESHOLD = 0.7


def ternarised(weights: Matrix) -> Matrix:
    """Weights that are, in each column, -s, 0 or s."""
    magnitude = np.abs(weights)
    kept = magnitude > THRESHOLD * magnitude.mean(axis=0)
    scale = (magnitude * kept).sum(axis=0) / np.maximum(kept.sum(axis=0), 1)
    return np.sign(weights) * kept * scale


def train_on(network: dict[str, Any], x: Matrix, labels: NDArray[np.int64], seed: int = 0) -> dict[str, Any]:
    """A network of ternarised weights, from one as `digits.train` gives it.

    Parameters
    ----------
    network : dict with ``layers``
    x : array of shape (images, inputs)
    labels : integer array of shape (images,)
    seed : int
        Of the order of images.

    Returns
    -------
    dict with ``layers``.
    """
    rng = np.random.default_rng(seed)
    weights, biases = parameters(network)
    adam = Adam([*weights, *biases])
    for epoch in range(EPOCHS):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            gradients = backward([ternarised(w) for w in weights], biases, x[batch], labels[batch])
            adam.step(gradients, RATE * (1 - epoch / EPOCHS))
    layers = zip(weights, biases, strict=True)
    return {"layers": [{"weights": ternarised(w).tolist(), "biases": b.tolist()} for w, b in layers]}


def backward(weights: list[Matrix], biases: list[Matrix], x: Matrix, labels: NDArray[np.int64]) -> list[Matrix]:
    """The gradients of the mean cross-entropy, of all weights, then of all biases."""
    activations = forward(weights, biases, x)
    gradient = np.exp(activations[-1] - activations[-1].max(axis=1, keepdims=True))
    gradient /= gradient.sum(axis=1, keepdims=True)
    gradient[np.arange(len(x)), labels] -= 1
    gradient /= len(x)
    of_weights: list[Matrix] = []
    of_biases: list[Matrix] = []
    for index in reversed(range(len(weights))):
        of_weights.insert(0, activations[index].T @ gradient)
        of_biases.insert(0, gradient.sum(axis=0))
        gradient = (gradient @ weights[index].T) * (activations[index] > 0)
    return [*of_weights, *of_biases]


class Adam:
    """Adam (arXiv 1412.6980), on arrays that it changes in place."""

    def __init__(self, parameters: list[Matrix]) -> None:
        self.parameters, self.count = parameters, 0
        self.first = [np.zeros_like(p) for p in parameters]
        self.second = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: list[Matrix], rate: float) -> None:
        self.count += 1
        for parameter, gradient, first, second in zip(self.parameters, gradients, self.first, self.second, strict=True):
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            parameter -= rate * (first / (1 - 0.9**self.count)) / (np.sqrt(second / (1 - 0.999**self.count)) + 1e-8)
