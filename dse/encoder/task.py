"""What networks of encoder layers are tried on: what goes in, in float32, and what their results are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pkgutil import resolve_name
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dse.encoder.chain import Floats, Sizes
from dse.workloads import minilm
from dse.workloads.transformer import ROWS, Layer, Tokens, batches, normalise
from hw.formats import check_choice

SCORED = 32
"""Held-out pairs whose layers are looked at one by one."""


class Task(Protocol):
    """A network of encoder layers with data.

    Attributes
    ----------
    name, unit : str
        What it is called, and what `score` counts.
    layers : list of Layer
    sizes : Sizes
    """

    @property
    def name(self) -> str: ...

    @property
    def unit(self) -> str: ...

    @property
    def layers(self) -> list[Layer]: ...

    @property
    def sizes(self) -> Sizes: ...

    def calibration(self) -> list[Floats]:
        """What the first layer takes of data that are not asked for: arrays of shape (sentences, tokens, width)."""

    def asked(self, count: int) -> list[Floats]:
        """The same of the first so many cases."""

    def score(self, count: int, outputs: Sequence[Floats]) -> NDArray[np.bool_]:
        """Whether each of so many cases comes out right, by the last layer's results of what `asked` gave."""


@dataclass(frozen=True)
class MiniLMTask:
    """The workload minilm: whether a docstring's first line finds its own body."""

    name: str = "MiniLM"
    unit: str = "recall at 1"

    @property
    def layers(self) -> list[Layer]:
        return minilm.minilm().layers

    @property
    def sizes(self) -> Sizes:
        network = minilm.minilm()
        width, inner = network.layers[0].weights["up"].shape
        return Sizes(width, network.heads, inner, network.epsilon)

    def calibration(self) -> list[Floats]:
        some = minilm.sentences(minilm.WHOLE, minilm.CALIBRATION)
        return self._embedded([*some.firsts, *some.bodies])

    def asked(self, count: int) -> list[Floats]:
        some = minilm.sentences(0, count)
        return self._embedded([*some.firsts, *some.bodies])

    def score(self, count: int, outputs: Sequence[Floats]) -> NDArray[np.bool_]:
        some = minilm.sentences(0, count)
        lengths = [len(tokens) for tokens in (*some.firsts, *some.bodies)]
        means = np.empty((2 * count, outputs[0].shape[-1]))
        for numbers, output in zip(batches(lengths, ROWS), outputs, strict=True):
            means[numbers] = output.mean(axis=1)
        vectors = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return minilm.found(*vectors.reshape(2, count, -1))

    def _embedded(self, sentences: list[Tokens]) -> list[Floats]:
        network = minilm.minilm()
        return [
            _embedding(network, np.array([sentences[i] for i in some]))
            for some in batches([len(tokens) for tokens in sentences], ROWS)
        ]


def _embedding(network: Any, tokens: NDArray[np.int64]) -> Floats:
    x = network.words[tokens] + network.positions[: tokens.shape[1]]
    return normalise(x.reshape(tokens.size, -1), network.norm[0], network.norm[1], network.epsilon).reshape(x.shape)


TASKS = {"minilm": "dse.encoder.task:MiniLMTask", "digits": "dse.encoder.digits:DigitsTask"}
"""Where the class of each is."""


@lru_cache
def find_task(name: str) -> Task:
    """The task of that name.

    Raises
    ------
    TypeError, ValueError
        There is no such.
    """
    check_choice("task", name, TASKS)
    found: Task = resolve_name(TASKS[name])()
    return found
