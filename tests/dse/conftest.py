"""What tests of jobs and of workloads share."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dse.workloads.transformer import Layer, Transformer

ELSEWHERE = Path(__file__).parent / "elsewhere"


@pytest.fixture
def tinyjobs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of that name, which processes that are begun now can import, too."""
    monkeypatch.syspath_prepend(str(ELSEWHERE))
    return import_module("tinyjobs")


WIDTH, HEADS, WIDE, WORDS, LAYERS = 24, 3, 40, 30, 2


@pytest.fixture
def small_network() -> Transformer:
    """A transformer of two layers and thirty words, with random weights; its vectors are not all alike."""
    rng = np.random.default_rng(5)

    def random(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape).astype(np.float32)

    def norm() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return 1 + random(WIDTH) / 5, random(WIDTH) / 5

    sizes = {"qkv": (WIDTH, 3 * WIDTH), "output": (WIDTH, WIDTH), "up": (WIDTH, WIDE), "down": (WIDE, WIDTH)}
    layers = [
        Layer(
            {name: random(*shape) / 3 for name, shape in sizes.items()},
            {name: random(shape[1]) / 3 for name, shape in sizes.items()},
            (norm(), norm()),
        )
        for _ in range(LAYERS)
    ]
    return Transformer(random(WORDS, WIDTH), random(9, WIDTH), norm(), layers, HEADS, 1e-12)
