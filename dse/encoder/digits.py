"""A small transformer that tells handwritten digits, for where MiniLM's weights are not installed.

An image's eight rows of eight pixels are its tokens. `dse.encoder.train_digits` trains it, seeded.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.encoder.chain import Floats, Sizes
from dse.workloads.digits import CALIBRATION, images
from dse.workloads.transformer import MATRICES, Layer, normalise

WIDTH, HEADS, INNER, LAYERS, SIDE = 32, 4, 64, 2, 8
EPSILON = 1e-5
KEPT = "digits-transformer.npz"
"""Its numbers, in `dse/workloads/data`."""

Numbers = dict[str, NDArray[Any]]


@lru_cache(maxsize=1)
def numbers() -> Numbers:
    """All numbers of the network by their names, as `train_digits` keeps them."""
    data = files("dse.workloads").joinpath(f"data/{KEPT}").read_bytes()
    with np.load(io.BytesIO(data)) as kept:
        return dict(kept)


def layer_of(given: Numbers, number: int) -> Layer:
    """One layer's parameters."""
    weights, biases = ({name: given[f"{number}.{name}.{part}"] for name in MATRICES} for part in ("w", "b"))
    first, second = ((given[f"{number}.norm{place}.factor"], given[f"{number}.norm{place}.offset"]) for place in (1, 2))
    return Layer(weights, biases, (first, second))


def embedded(given: Numbers, pixels: Floats) -> Floats:
    """What the first layer takes of images, of shape (images, rows, width)."""
    x = pixels.reshape(-1, SIDE, SIDE).astype(np.float32) @ given["rows"] + given["places"]
    rows = normalise(x.reshape(-1, WIDTH), given["norm0.factor"], given["norm0.offset"], EPSILON)
    return rows.reshape(x.shape)


@dataclass(frozen=True)
class DigitsTask:
    """Which digit an image shows."""

    name: str = "the digits"
    unit: str = "accuracy"

    @property
    def layers(self) -> list[Layer]:
        return [layer_of(numbers(), number) for number in range(LAYERS)]

    @property
    def sizes(self) -> Sizes:
        return Sizes(WIDTH, HEADS, INNER, EPSILON)

    def calibration(self) -> list[Floats]:
        return [embedded(numbers(), images()[0][:CALIBRATION])]

    def asked(self, count: int) -> list[Floats]:
        return [embedded(numbers(), images()[2][:count])]

    def score(self, count: int, outputs: Sequence[Floats]) -> NDArray[np.bool_]:
        given = numbers()
        logits = np.concatenate(outputs).mean(axis=1) @ given["classes.w"] + given["classes.b"]
        return np.argmax(logits, axis=1) == images()[3][:count]
