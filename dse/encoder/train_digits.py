"""Train the digits' transformer, seeded, with gradients written out: ``python -m dse.encoder.train_digits``."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.encoder.chain import merged, split
from dse.encoder.digits import EPSILON, HEADS, INNER, KEPT, LAYERS, SIDE, WIDTH, Numbers
from dse.workloads.digits import images
from dse.workloads.transformer import softmax

SEED, ROUNDS, BATCH, RATE = 0, 60, 64, 3e-3
DECAY, SECOND, SMALL = 0.9, 0.99, 1e-8
"""Adam's (arXiv 1412.6980)."""

Floats = NDArray[Any]


def initial(rng: np.random.Generator) -> Numbers:
    """Numbers to begin with."""
    given: Numbers = {"rows": _matrix(rng, SIDE, WIDTH), "places": 0.1 * rng.normal(size=(SIDE, WIDTH))}
    shapes = {"qkv": (WIDTH, 3 * WIDTH), "output": (WIDTH, WIDTH), "up": (WIDTH, INNER), "down": (INNER, WIDTH)}
    for number in range(LAYERS):
        for name, shape in shapes.items():
            given |= {f"{number}.{name}.w": _matrix(rng, *shape), f"{number}.{name}.b": np.zeros(shape[1])}
    for norm in ("norm0", *(f"{number}.norm{place}" for number in range(LAYERS) for place in (1, 2))):
        given |= {f"{norm}.factor": np.ones(WIDTH), f"{norm}.offset": np.zeros(WIDTH)}
    return given | {"classes.w": _matrix(rng, WIDTH, 10), "classes.b": np.zeros(10)}


def _matrix(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return rng.normal(size=(rows, columns)) / math.sqrt(rows)


class Tape:
    """A forward pass that remembers how to go back.

    Parameters
    ----------
    given : dict of str to array
        The network's numbers; `slopes` will have those of the loss by each.
    """

    def __init__(self, given: Numbers) -> None:
        self.given, self.slopes = given, {name: np.zeros_like(each) for name, each in given.items()}

    def product(self, x: Floats, name: str) -> tuple[Floats, Any]:
        """``x w + b``, and what makes of its slope that of `x`."""
        w = self.given[f"{name}.w"]

        def back(slope: Floats) -> Floats:
            self.slopes[f"{name}.w"] += x.reshape(-1, x.shape[-1]).T @ slope.reshape(-1, slope.shape[-1])
            self.slopes[f"{name}.b"] += slope.reshape(-1, slope.shape[-1]).sum(axis=0)
            return slope @ w.T

        return x @ w + self.given[f"{name}.b"], back

    def norm(self, x: Floats, name: str) -> tuple[Floats, Any]:
        """Layer normalisation."""
        factor, axes = self.given[f"{name}.factor"], tuple(range(x.ndim - 1))
        centred = x - x.mean(axis=-1, keepdims=True)
        inverse = 1 / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + EPSILON)
        unit = centred * inverse

        def back(slope: Floats) -> Floats:
            self.slopes[f"{name}.factor"] += (slope * unit).sum(axis=axes)
            self.slopes[f"{name}.offset"] += slope.sum(axis=axes)
            inner = slope * factor
            along = (inner * unit).mean(axis=-1, keepdims=True)
            return inverse * (inner - inner.mean(axis=-1, keepdims=True) - unit * along)

        return unit * factor + self.given[f"{name}.offset"], back

    def attention(self, x: Floats, number: int) -> tuple[Floats, Any]:
        """All heads of a layer, before the projection."""
        qkv, back_qkv = self.product(x, f"{number}.qkv")
        q, k, v = (split(third, HEADS) for third in np.split(qkv, 3, axis=-1))
        scale = 1 / math.sqrt(q.shape[-1])
        p = softmax(q @ k.swapaxes(-1, -2) * scale)

        def back(slope: Floats) -> Floats:
            of_heads = split(slope, HEADS)
            of_p = of_heads @ v.swapaxes(-1, -2)
            of_scores = p * (of_p - (of_p * p).sum(axis=-1, keepdims=True)) * scale
            thirds = of_scores @ k, of_scores.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ of_heads
            found: Floats = back_qkv(np.concatenate([merged(third) for third in thirds], axis=-1))
            return found

        return merged(p @ v), back

    def layer(self, x: Floats, number: int) -> tuple[Floats, Any]:
        """A whole layer."""
        attended, back_attention = self.attention(x, number)
        output, back_output = self.product(attended, f"{number}.output")
        y, back_norm1 = self.norm(x + output, f"{number}.norm1")
        up, back_up = self.product(y, f"{number}.up")
        bent, slope_of_gelu = gelu(up)
        down, back_down = self.product(bent, f"{number}.down")
        z, back_norm2 = self.norm(y + down, f"{number}.norm2")

        def back(slope: Floats) -> Floats:
            of_sum = back_norm2(slope)
            of_sum = of_sum + back_up(back_down(of_sum) * slope_of_gelu)
            of_sum = back_norm1(of_sum)
            found: Floats = of_sum + back_attention(back_output(of_sum))
            return found

        return z, back

    def loss(self, pixels: Floats, labels: NDArray[np.int64]) -> float:
        """The mean cross entropy of images; then all slopes are there."""
        rows = pixels.reshape(-1, SIDE, SIDE)
        x, back_norm = self.norm(rows @ self.given["rows"] + self.given["places"], "norm0")
        backs = []
        for number in range(LAYERS):
            x, back = self.layer(x, number)
            backs.append(back)
        logits, back_classes = self.product(x.mean(axis=1), "classes")
        shares = softmax(logits)
        right = np.eye(10)[labels]
        slope = back_classes((shares - right) / len(labels))[:, None, :].repeat(SIDE, axis=1) / SIDE
        for back in reversed(backs):
            slope = back(slope)
        slope = back_norm(slope)
        self.slopes["places"] += slope.sum(axis=0)
        self.slopes["rows"] += np.einsum("bsp,bsw->pw", rows, slope)
        return float(-np.log((shares * right).sum(axis=1)).mean())


def gelu(x: Floats) -> tuple[Floats, Floats]:
    """A GELU, and its slope."""
    from scipy.special import erf

    below = (1 + erf(x / math.sqrt(2))) / 2
    return x * below, below + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def train(rounds: int = ROUNDS) -> Numbers:
    """Train by Adam, the rate falling to nothing along a cosine."""
    pixels, labels, _, _ = images()
    rng = np.random.default_rng(SEED)
    given = initial(rng)
    first, second = ({name: np.zeros_like(each) for name, each in given.items()} for _ in range(2))
    steps = rounds * (len(labels) // BATCH)
    for step in range(1, steps + 1):
        some = rng.choice(len(labels), BATCH, replace=False)
        tape = Tape(given)
        tape.loss(pixels[some], labels[some])
        rate = RATE * (1 + math.cos(math.pi * step / steps)) / 2
        for name, slope in tape.slopes.items():
            first[name] = DECAY * first[name] + (1 - DECAY) * slope
            second[name] = SECOND * second[name] + (1 - SECOND) * slope**2
            moved = first[name] / (1 - DECAY**step), second[name] / (1 - SECOND**step)
            given[name] = given[name] - rate * moved[0] / (np.sqrt(moved[1]) + SMALL)
    return {name: each.astype(np.float32) for name, each in given.items()}


def main() -> None:
    """Train, and write the file anew."""
    path = Path(__file__).parents[1] / "workloads" / "data" / KEPT
    np.savez_compressed(path, **train())  # type: ignore[arg-type]
    sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
