"""The transformer beside one that is written token by token, head by head; and MiniLM beside what others make of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dse.workloads.transformer import MATRICES, PAIRS, Plain, Transformer, batches, minilm, tokenizer

SENTENCES = [np.random.default_rng(6).integers(0, 30, length) for length in (5, 3, 5, 9, 1, 3)]


def norm(x: Any, factor: Any, offset: Any) -> Any:
    return (x - x.mean()) / math.sqrt(x.var() + 1e-12) * factor + offset


def by_hand(network: Transformer, tokens: Any) -> Any:
    """One sentence, in float64, token by token."""
    x = [norm(network.words[t].astype(float) + network.positions[i], *network.norm) for i, t in enumerate(tokens)]
    for layer in network.layers:
        q, k, v = np.split(np.array([t @ layer.weights["qkv"] + layer.biases["qkv"] for t in x]), 3, axis=1)
        attended = np.zeros_like(q)
        for part in np.split(np.arange(q.shape[1]), network.heads):
            for i in range(len(x)):
                powers = np.array([math.exp(q[i, part] @ k[j, part] / math.sqrt(len(part))) for j in range(len(x))])
                attended[i, part] = powers @ v[:, part] / powers.sum()
        x = [
            norm(t + a @ layer.weights["output"] + layer.biases["output"], *layer.norms[0])
            for t, a in zip(x, attended, strict=True)
        ]
        for i, t in enumerate(x):
            up = t @ layer.weights["up"] + layer.biases["up"]
            active = np.array([u / 2 * (1 + math.erf(u / math.sqrt(2))) for u in up])
            x[i] = norm(t + active @ layer.weights["down"] + layer.biases["down"], *layer.norms[1])
    mean = np.mean(x, axis=0)
    return mean / np.linalg.norm(mean)


def test_it_is_the_network_written_by_hand(small_network: Transformer) -> None:
    found = small_network.embed(SENTENCES, Plain())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [by_hand(small_network, s) for s in SENTENCES], atol=2e-6)


class Counting(Plain):
    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def weighted(self, layer: str, x: Any, w: Any) -> Any:
        self.seen[layer] = self.seen.get(layer, 0) + x.shape[0] * x.shape[1] * w.shape[1]
        return super().weighted(layer, x, w)

    def paired(self, layer: str, x: Any, y: Any) -> Any:
        self.seen[layer] = self.seen.get(layer, 0) + math.prod(x.shape) * y.shape[2]
        return super().paired(layer, x, y)


def test_every_product_goes_through_the_hook(small_network: Transformer) -> None:
    counting = Counting()
    small_network.embed(SENTENCES, counting)
    tokens, squares = sum(map(len, SENTENCES)), sum(len(s) ** 2 for s in SENTENCES)
    expected = {layer: tokens * w.size for layer, w in small_network.weights.items()}
    expected |= {f"{i}.{name}": squares * small_network.words.shape[1] for i in (0, 1) for name in PAIRS}
    assert counting.seen == expected


def test_a_hook_changes_what_comes_out(small_network: Transformer) -> None:
    class Zero(Plain):
        def __init__(self, layer: str) -> None:
            self.layer = layer

        def weighted(self, layer: str, x: Any, w: Any) -> Any:
            return super().weighted(layer, x, w) * (layer != self.layer)

        def paired(self, layer: str, x: Any, y: Any) -> Any:
            return super().paired(layer, x, y) * (layer != self.layer)

    exact = small_network.embed(SENTENCES, Plain())
    for name in (*MATRICES, *PAIRS):
        assert np.abs(small_network.embed(SENTENCES, Zero(f"1.{name}")) - exact).max() > 1e-3


def test_batches_are_of_one_length_and_have_each_sentence_once() -> None:
    lengths = [4, 2, 4, 4, 9, 2]
    found = [list(map(int, some)) for some in batches(lengths, 8)]
    assert found == [[1, 5], [0, 2], [3], [4]]


# Cosines by sentence-transformers 6.2.0 on PyTorch 2.14.1, with the wheel's model.
LONG = (
    "Solve a linear matrix equation, or system of linear scalar equations, by LU factorisation with partial pivoting: "
    "naïve, 3.14 (e.g. x_1)."
)
TEXTS = [
    "Compute the arithmetic mean along the specified axis.",
    "Return the average of array elements.",
    "A banana is yellow.",
    LONG,
    "x",
]
COSINES = [
    [1.0, 0.47661, -0.05935, 0.16816, 0.07157],
    [0.47661, 1.0, -0.05465, 0.07803, -0.02646],
    [-0.05935, -0.05465, 1.0, 0.02653, 0.05735],
    [0.16816, 0.07803, 0.02653, 1.0, 0.14023],
    [0.07157, -0.02646, 0.05735, 0.14023, 1.0],
]


def test_minilm_is_what_others_make_of_it() -> None:
    for package in ("safetensors", "tokenizers", "all_minilm_l6_v2"):
        pytest.importorskip(package)
    vectors = minilm().embed(tokenizer()(TEXTS, 256), Plain())
    np.testing.assert_allclose(vectors @ vectors.T, COSINES, atol=6e-6)
    np.testing.assert_allclose(vectors[:2, 0], [0.00147854, 0.09721512], atol=1e-6)
