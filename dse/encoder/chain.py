"""An encoder layer as a chain of operations in float32, each by its name, so that one can be done otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads.transformer import Layer, gelu, normalise, softmax

Floats = NDArray[Any]
Tensors = dict[str, Any]
"""What there is of one layer and some sentences of one length, by name: arrays of shape (sentences, tokens, columns);
``scores`` and ``p`` have (sentences, heads, tokens, tokens)."""
Operation = Callable[[Tensors], Any]
"""Takes what there is, and gives one tensor more: that of its own name."""


@dataclass(frozen=True)
class Sizes:
    """Of a layer.

    Attributes
    ----------
    width, heads, inner : int
        Columns of a token, heads, and columns within the perceptron.
    epsilon : float
        Added to variances.
    """

    width: int
    heads: int
    inner: int
    epsilon: float

    @property
    def head(self) -> int:
        """Columns of a head."""
        return self.width // self.heads


def split(x: Floats, heads: int) -> Floats:
    """Of (sentences, tokens, columns) a matrix for each head: (sentences, heads, tokens, columns of a head)."""
    count, tokens, columns = x.shape
    return x.reshape(count, tokens, heads, columns // heads).transpose(0, 2, 1, 3)


def merged(x: Floats) -> Floats:
    """What `split` took apart."""
    count, heads, tokens, columns = x.shape
    return x.transpose(0, 2, 1, 3).reshape(count, tokens, heads * columns)


def operations(layer: Layer, sizes: Sizes) -> dict[str, Operation]:
    """The operations of a layer in float32, in their order. The first takes tensor ``x``, the last is ``norm2``."""

    def product(source: str, name: str) -> Operation:
        return lambda t: t[source] @ layer.weights[name] + layer.biases[name]

    def third(t: Tensors, number: int) -> Floats:
        return split(t["qkv"][..., number * sizes.width : (number + 1) * sizes.width], sizes.heads)

    def scores(t: Tensors) -> Floats:
        return third(t, 0) @ third(t, 1).swapaxes(-1, -2) / np.float32(math.sqrt(sizes.head))

    def norm(number: int, a: str, b: str) -> Operation:
        def apply(t: Tensors) -> Floats:
            total = t[a] + t[b]
            return normalise(total.reshape(-1, sizes.width), *layer.norms[number], sizes.epsilon).reshape(total.shape)

        return apply

    return {
        "qkv": product("x", "qkv"),
        "scores": scores,
        "softmax": lambda t: softmax(t["scores"]),
        "context": lambda t: merged(t["softmax"] @ third(t, 2)),
        "output": product("context", "output"),
        "norm1": norm(0, "x", "output"),
        "up": product("norm1", "up"),
        "gelu": lambda t: gelu(t["up"]),
        "down": product("gelu", "down"),
        "norm2": norm(1, "norm1", "down"),
    }


LAST = "norm2"
"""The operation that gives a layer's result."""


def run(chain: Mapping[str, Operation], x: Any) -> Tensors:
    """All tensors of a layer."""
    tensors: Tensors = {"x": x}
    for name, operation in chain.items():
        tensors[name] = operation(tensors)
    return tensors


def by_columns(batches: Iterable[Tensors], name: str) -> Floats:
    """A tensor of all batches, its tokens below each other; of `scores` and `softmax` a column for each head."""
    parts = []
    for tensors in batches:
        x = tensors[name]
        parts.append(x.reshape(-1, x.shape[-1]) if x.ndim == 3 else x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1]))
    return np.concatenate(parts)
