"""MiniLM in an arithmetic: whether it still finds the body of a docstring by its first line.

Every matrix product of the transformer goes through the arithmetic: weights by `prepare`, on activations recorded in
float32 from docstrings that are not asked for, and products of two activations each with scales of its own. What is
between them is float32. Recall at 1 is the share of first lines whose own body is nearest, by cosine, of all bodies;
both are cut to `MOST` tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from inspect import getsource
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.essence import digest_of, essence, module_essence
from dse.workloads import code
from dse.workloads.matrices import Arithmetic
from dse.workloads.screening import predicted
from dse.workloads.sentences import PAIRS as LISTED
from dse.workloads.sentences import pairs
from dse.workloads.transformer import MODEL, Plain, Products, Transformer, minilm, tokenizer
from dse.workloads.valued import Engine, engine_of
from dse.workloads.workload import Gemm, Score, paired
from hw.formats import check_int
from rtl_gen.tools import package_version
from sim.golden.measures import sqnr

WHOLE, SMALL = 1000, 200
"""Pairs to search: for a frontier, and while there are many arithmetics to be tried."""
MOST = 32
"""Tokens of a sentence at most, the two at its ends included. Nearly all bodies are longer: with 64, float32 finds 49.0
% of the whole instead of 43.8 %, and takes 1.7 times as long."""
CALIBRATION = 64
"""Pairs to record activations of."""
RECORDED = 256
"""Rows that are kept of each layer's activations."""
DEPTH = 1536
"""The longest sum: that of the second product of a layer's perceptron."""
SCREENED = 64
"""Columns of each matrix of weights that the predictor looks at."""

CODE = (
    "dse.workloads.minilm",
    "dse.workloads.sentences",
    "dse.workloads.transformer",
    "dse.workloads.valued",
    "dse.workloads.matrices",
    "dse.workloads.products",
    "dse.workloads.scales",
    "dse.workloads.summing",
    *code.CODE,
)
"""Modules that a score depends on."""

Floats = NDArray[Any]


class Recording(Plain):
    """Plain products that remember activations: of weights' some rows, of pairs the first of a batch."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Floats]] = {}
        self.pairs: dict[str, tuple[Floats, Floats]] = {}

    def weighted(self, layer: str, x: Floats, w: Floats) -> Floats:
        self.rows.setdefault(layer, []).append(x)
        return super().weighted(layer, x, w)

    def paired(self, layer: str, x: Floats, y: Floats) -> Floats:
        # Batches come by length: what stays is of the longest sentences.
        self.pairs[layer] = x, y
        return super().paired(layer, x, y)

    def calibration(self, layer: str) -> Floats:
        """Rows of a layer's activations, from all over."""
        rows = np.concatenate(self.rows[layer])
        return rows[np.linspace(0, len(rows) - 1, min(RECORDED, len(rows))).astype(int)]


class InArithmetic:
    """Products in an arithmetic, or each layer in one of its own."""

    def __init__(self, recording: Recording, engines: dict[str, Engine], weights: dict[str, Floats]) -> None:
        self.weights = {
            layer: engines[layer].prepare(recording.calibration(layer), w)
            for layer, w in weights.items()
            if layer in engines
        }
        self.pairs = {
            layer: engines[layer].prepare_pairs(*of) for layer, of in recording.pairs.items() if layer in engines
        }

    def weighted(self, layer: str, x: Floats, w: Floats) -> Floats:
        return self.weights[layer](x) if layer in self.weights else x @ w

    def paired(self, layer: str, x: Floats, y: Floats) -> Floats:
        return self.pairs[layer](x, y) if layer in self.pairs else x @ y


@dataclass(frozen=True)
class Sentences:
    """What is asked and what is to be found, as tokens."""

    firsts: list[NDArray[np.int64]]
    bodies: list[NDArray[np.int64]]

    def embed(self, network: Transformer, products: Products) -> Floats:
        """The vectors of first lines and of bodies, (2, pairs, width)."""
        both = network.embed([*self.firsts, *self.bodies], products)
        return both.reshape(2, len(self.firsts), -1)


@lru_cache(maxsize=4)
def sentences(start: int, count: int) -> Sentences:
    """So many of the listed pairs, from a number on."""
    some, tokens = pairs()[start : start + count], tokenizer()
    return Sentences(tokens([pair.first for pair in some], MOST), tokens([pair.body for pair in some], MOST))


@lru_cache(maxsize=1)
def recording() -> Recording:
    """The activations of docstrings that are not searched."""
    recorded = Recording()
    sentences(WHOLE, CALIBRATION).embed(minilm(), recorded)
    return recorded


@lru_cache(maxsize=4)
def reference(count: int) -> Floats:
    """The vectors of the first so many pairs in float32."""
    return sentences(0, count).embed(minilm(), Plain())


def found(firsts: Floats, bodies: Floats) -> NDArray[np.bool_]:
    """Whether the nearest body to each first line, by their vectors, is its own; of equal ones the first counts."""
    return np.argmax(firsts @ bodies.T, axis=1) == np.arange(len(firsts))


@dataclass(frozen=True)
class MiniLM:
    """The search among so many pairs.

    Attributes
    ----------
    name : str
    pairs : int
        2..1000.
    unit : str
    """

    name: str
    pairs: int
    unit: str = "recall at 1"

    def __post_init__(self) -> None:
        check_int("pairs", self.pairs, 2, WHOLE)

    @property
    def layers(self) -> list[Gemm]:
        """Of one body: a sentence of `MOST` tokens."""
        network = minilm()
        heads, width = network.heads, network.words.shape[1]
        of_weights = [Gemm(name, MOST, *w.shape) for name, w in network.weights.items()]
        of_pairs = [
            Gemm(f"{i}.{name}", MOST, k, n, heads)
            for i in range(len(network.layers))
            for name, k, n in (("scores", width // heads, MOST), ("context", MOST, width // heads))
        ]
        return of_weights + of_pairs

    def reference(self) -> Floats:
        """The vectors of float32, as `Sentences.embed` gives them."""
        return reference(self.pairs)

    def evaluate(self, arithmetic: Arithmetic) -> Score:
        """Recall at 1, and what it is in float32.

        Raises
        ------
        ToolError
            Something of extra ``minilm`` is missing, or numpy, scipy or scikit-learn is of another version.
        """
        return self.evaluate_mixed({layer.name: arithmetic for layer in self.layers})

    def evaluate_mixed(self, arithmetics: dict[str, Arithmetic]) -> Score:
        """The same with an arithmetic for each of `layers`, by name; those that are left out stay in float32."""
        vectors = self.vectors(arithmetics)
        exact = self.reference()
        return paired(found(*vectors).astype(np.float64), found(*exact).astype(np.float64), sqnr(exact, vectors))

    def vectors(self, arithmetics: dict[str, Arithmetic]) -> Floats:
        """The vectors with an arithmetic for each layer, as `Sentences.embed` gives them."""
        engines = {layer: engine_of(arithmetic, DEPTH) for layer, arithmetic in arithmetics.items()}
        products = InArithmetic(recording(), engines, minilm().weights)
        return sentences(0, self.pairs).embed(minilm(), products)

    def key(self, arithmetic: Arithmetic) -> str:
        """A hash of all that the score depends on."""
        packages = [package_version(name) for name in ("numpy", MODEL, "tokenizers")]
        name, listed = arithmetic.within(DEPTH).name, LISTED.read_text(encoding="utf-8")
        return digest_of(
            str(self.pairs), name, listed, *packages, *map(module_essence, CODE), essence(getsource(paired))
        )

    def screen(self, arithmetic: Arithmetic) -> float:
        """The signal to noise of products with weights together, each on recorded activations, in dB."""
        engine, recorded = engine_of(arithmetic, DEPTH), recording()
        noise = []
        for layer, w in minilm().weights.items():
            x, some = recorded.calibration(layer), w[:, :: max(1, w.shape[1] // SCREENED)]
            exact = x.astype(np.float64) @ some
            error = engine.prepare(x, some)(x) - exact
            noise.append(float(np.square(error).sum() / np.square(exact).sum()))
        return predicted(noise)


MINILM = MiniLM("minilm", WHOLE)
MINILM_SMALL = MiniLM("minilm-small", SMALL)
