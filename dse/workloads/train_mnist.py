"""Trains the networks of `dse.workloads.mnist`, seeded, with numpy alone: `python -m dse.workloads.train_mnist`.

Adam (arXiv 1412.6980) on the cross-entropy, with batches of images shifted at random by a pixel and weights that
decay. Pixels that no training image uses have weights of zero.
"""

from __future__ import annotations

import argparse
import inspect
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.essence import digest_of, essence, module_essence
from dse.workloads.mnist import FOLDS, NETWORKS, data_digest, fold_of, images, weights_file
from dse.workloads.networks import Patches
from dse.workloads.ternary import Adam
from rtl_gen.files import write_atomic

Array = NDArray[np.float32]
THIS = "dse.workloads.train_mnist"
"""This module, even where it is run as a program."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    shapes : dict of str to (int, int)
        Of the weights of each layer.
    patches : dict of str to Patches
        Of those that are convolutions.
    epochs, batch : int
    rate, decay : float
        Of Adam at the start, falling to zero; and what of the weights a step takes away, times the rate.
    seed : int
    """

    shapes: dict[str, tuple[int, int]]
    patches: dict[str, Patches]
    epochs: int
    batch: int = 50
    rate: float = 2e-3
    decay: float = 1e-2
    seed: int = 0


RECIPES = {
    "mnist-mlp": Recipe({"fc1": (784, 48), "fc2": (48, 32), "fc3": (32, 10)}, {}, 40),
    "mnist-cnn": Recipe(
        {"conv1": (25, 8), "conv2": (72, 16), "fc": (784, 10)},
        {"conv1": Patches(5, 2, 2), "conv2": Patches(3, 2, 1)},
        20,
        rate=6e-3,
    ),
}


def made_from(name: str) -> str:
    """A digest of what a network's weights are made from: images and code, without comments."""
    parts = (images, fold_of, Patches, Adam)
    code = [module_essence(THIS), *(essence(inspect.getsource(part)) for part in parts)]
    return digest_of(name, data_digest(), *code)


class Trainer:
    """A network in training.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    used : bool array
        Pixels of an image that some training image uses.
    """

    def __init__(self, recipe: Recipe, seed: int, used: NDArray[np.bool_]) -> None:
        self.recipe, self.rng = recipe, np.random.default_rng(seed)
        self.names = list(recipe.shapes)
        self.weights: list[Array] = [
            (self.rng.normal(size=shape) * np.sqrt(2 / shape[0])).astype(np.float32) for shape in recipe.shapes.values()
        ]
        self.biases: list[Array] = [np.zeros(shape[1], np.float32) for shape in recipe.shapes.values()]
        if self.names[0] not in recipe.patches:
            self.weights[0][~used.ravel()] = 0

    def train(self, x: Array, labels: NDArray[np.int64]) -> None:
        """All epochs."""
        adam, recipe = Adam([*self.weights, *self.biases]), self.recipe  # type: ignore[list-item]
        for epoch in range(recipe.epochs):
            for batch in np.array_split(self.rng.permutation(len(x)), len(x) // recipe.batch):
                rate = recipe.rate * (1 - epoch / recipe.epochs)
                gradients = self.gradients(self.shifted(x[batch]), labels[batch])
                adam.step(gradients, rate)  # type: ignore[arg-type]
                for weights in self.weights:
                    weights *= np.float32(1 - rate * recipe.decay)

    def shifted(self, x: Array) -> Array:
        """All images, moved by up to a pixel."""
        down, across = self.rng.integers(-1, 2, 2)
        return np.roll(x, (down, across), (1, 2))

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """The rows that each layer multiplies, and what each gives: the last one logits."""
        seen, given = [], []
        for index, name in enumerate(self.names):
            patches = self.recipe.patches.get(name)
            seen.append(patches(x) if patches else x.reshape(len(x), -1))
            x = seen[-1] @ self.weights[index] + self.biases[index]
            if index < len(self.names) - 1:
                x = np.maximum(x, 0)
            given.append(x)
        return seen, given

    def gradients(self, x: Array, labels: NDArray[np.int64]) -> list[Array]:
        """Of the mean cross-entropy, of all weights, then of all biases."""
        seen, given = self.forward(x)
        gradient = np.exp(given[-1] - given[-1].max(axis=1, keepdims=True))
        gradient /= gradient.sum(axis=1, keepdims=True)
        gradient[np.arange(len(x)), labels] -= 1
        gradient /= len(x)
        of_weights: list[Array] = []
        of_biases: list[Array] = []
        for index in reversed(range(len(self.names))):
            flat = gradient.reshape(-1, gradient.shape[-1])
            of_weights.insert(0, seen[index].reshape(-1, seen[index].shape[-1]).T @ flat)
            of_biases.insert(0, flat.sum(axis=0))
            if index:
                before = given[index - 1]
                gradient = self._spread(index, gradient @ self.weights[index].T, before.shape) * (before > 0)
        return [*of_weights, *of_biases]

    def _spread(self, index: int, rows: Array, shape: tuple[int, ...]) -> Array:
        """The gradient of a layer's input, of this shape, from that of its rows."""
        patches = self.recipe.patches.get(self.names[index])
        return rows.reshape(shape) if patches is None else gathered(patches, rows, shape)


def gathered(patches: Patches, rows: Array, shape: tuple[int, ...]) -> Array:
    """The sums of what patches have of each pixel: the gradient of an image from that of its patches."""
    cases, height, width, channels = shape
    n, stride = patches.padding, patches.stride
    padded = np.zeros((cases, height + 2 * n, width + 2 * n, channels), dtype=rows.dtype)
    down, across = rows.shape[1:3]
    parts = rows.reshape(cases, down, across, patches.size, patches.size, channels)
    for i in range(patches.size):
        for j in range(patches.size):
            padded[:, i : i + stride * down : stride, j : j + stride * across : stride] += parts[:, :, :, i, j]
    return padded[:, n : n + height, n : n + width]


def train(name: str) -> dict[str, NDArray[np.generic]]:
    """A network for each fold: arrays by fold and parameter, in half precision, and what they were made from."""
    recipe = RECIPES[name]
    pixels, labels = images()
    x, of = pixels.astype(np.float32), fold_of(len(labels))
    found: dict[str, NDArray[np.generic]] = {"made from": np.array(made_from(name))}
    for fold in range(FOLDS):
        known = of != fold
        trainer = Trainer(recipe, recipe.seed + fold, used_pixels(x[known]))
        trainer.train(x[known], labels[known])
        right = np.argmax(trainer.forward(x[~known])[1][-1], axis=1) == labels[~known]
        print(f"{name}, fold {fold}: {100 * right.mean():.2f} % of {right.size} images", file=sys.stderr)
        for layer, weights, biases in zip(trainer.names, trainer.weights, trainer.biases, strict=True):
            found |= {f"{fold}/{layer}": weights.astype(np.float16), f"{fold}/{layer}.bias": biases.astype(np.float16)}
    return found


def used_pixels(x: Array) -> NDArray[np.bool_]:
    """Pixels that an image uses, or would use if it were shifted."""
    lit = x.any(axis=(0, 3))
    return np.any([np.roll(lit, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)], axis=0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is named, or all, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m dse.workloads.train_mnist", description="trains the networks")
    parser.add_argument("names", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    for name in parser.parse_args(arguments).names or NETWORKS:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **train(name))  # type: ignore[arg-type]
        write_atomic(weights_file(name), buffer.getvalue())


if __name__ == "__main__":
    main()
