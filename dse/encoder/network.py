"""Whole networks of layers, each in float32 or in codes; how near these come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dse.encoder import chain
from dse.encoder.chain import LAST, Floats, Operation, Sizes, Tensors
from dse.encoder.quantise import Quantised
from dse.encoder.task import Task
from dse.workloads.transformer import Layer
from sim.golden.measures import sqnr


@dataclass(frozen=True, eq=False)
class Recorded:
    """All tensors of all layers in float32.

    Attributes
    ----------
    layers : list of list of Tensors
        For each layer those of each batch.
    """

    layers: list[list[Tensors]]

    @classmethod
    def of(cls, task: Task, batches: Sequence[Floats]) -> Recorded:
        """Of what the first layer takes."""
        found: list[list[Tensors]] = []
        for layer in task.layers:
            operations = chain.operations(layer, task.sizes)
            found.append([chain.run(operations, x) for x in batches])
            batches = [tensors[LAST] for tensors in found[-1]]
        return cls(found)


def outputs(layers: Sequence[Quantised], batches: Sequence[Floats]) -> list[Floats]:
    """What the last layer gives, of what the first takes: codes from end to end."""
    found = []
    for x in batches:
        codes = layers[0].written["x"].codes(x)
        for layer in layers:
            codes = layer.run(codes)[LAST]
        found.append(layers[-1].written[LAST].values(codes))
    return found


def mixed(layer: Layer, sizes: Sizes, found: Quantised, names: Collection[str]) -> dict[str, Operation]:
    """A layer of which only some operations are in codes, with what these take and give."""

    def in_codes(name: str) -> Operation:
        step = found.steps[name]

        def apply(tensors: Tensors) -> Any:
            given = {source: found.written[source].codes(tensors[source]) for source in step.sources}
            return found.written[name].values(step.run(given)).astype(np.float32)

        return apply

    plain = chain.operations(layer, sizes)
    return {name: in_codes(name) if name in names else plain[name] for name in plain}


def layer_sqnr(operations: dict[str, Operation], held: Sequence[Tensors], name: str = LAST) -> float:
    """Of a layer's tensor, in dB against float32, on recorded tensors."""
    pairs = [(tensors[name], chain.run(operations, tensors["x"])[name]) for tensors in held]
    exact, near = (np.concatenate([np.ravel(pair[side]) for pair in pairs]) for side in (0, 1))
    return sqnr(exact, near)
