"""What a layer in codes is worth: operation by operation, of every layer, and of the whole network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, TypedDict

import numpy as np

from dse.encoder import chain
from dse.encoder.blocks import BlockRecipe, blocked
from dse.encoder.chain import LAST
from dse.encoder.network import Recorded, layer_sqnr, mixed, outputs
from dse.encoder.quantise import Quantised, Recipe, quantised
from dse.encoder.task import SCORED, Task, find_task
from dse.essence import digest_of, module_essence
from dse.job import Job
from dse.workloads import code
from rtl_gen.tools import package_version
from sim.golden.measures import sqnr

AnyRecipe = Recipe | BlockRecipe
OWN = ("blocks", "chain", "measuring", "network", "operations", "quantise", "scaling", "task", "tensors", "units")
UNITS = ("gelu", "gemm", "layernorm", "mac", "requant", "requantize", "rows", "shiftexp", "softmax", "streams")
CODE = (
    *(f"dse.encoder.{name}" for name in OWN),
    *(f"dse.workloads.{name}" for name in ("minilm", "sentences", "transformer", "valued")),
    *(f"sim.golden.{name}" for name in UNITS),
    "hw.specs.encoder",
    *code.CODE,
)
"""Modules that what is measured depends on."""


class LayerScore(TypedDict):
    """Of one layer, in dB against float32.

    Attributes
    ----------
    layer : float
        Its result, with all operations in codes.
    alone : dict of str to float
        Its result with one operation in codes, by the operation's name.
    tensors : dict of str to float
        What each operation gives, with all in codes.
    """

    layer: float
    alone: dict[str, float]
    tensors: dict[str, float]


class NetworkScore(TypedDict):
    """Of a network with every layer in codes.

    Attributes
    ----------
    score, reference : float
        The share of cases that come out right, and that in float32.
    loss, loss_stderr : float
        Points that it is below, and the standard error of that, case by case.
    cases : int
    layers : list of float
        For each layer the SQNR of its result, with what float32 gives as its input.
    output : float
        The SQNR of the last layer's result.
    """

    score: float
    reference: float
    loss: float
    loss_stderr: float
    cases: int
    layers: list[float]
    output: float


@lru_cache(maxsize=2)
def recorded(name: str) -> Recorded:
    """What a task's layers do with its calibration data, in float32."""
    return Recorded.of(find_task(name), find_task(name).calibration())


@lru_cache(maxsize=2)
def held(name: str, count: int = SCORED) -> Recorded:
    """The same with the first so many cases."""
    return Recorded.of(find_task(name), find_task(name).asked(count))


def layers_of(name: str, recipe: AnyRecipe) -> list[Quantised]:
    """All layers of a task by a recipe; what one gives is what the next one takes."""
    task, tensors = find_task(name), recorded(name).layers
    found: list[Quantised] = []
    for layer, some in zip(task.layers, tensors, strict=True):
        if isinstance(recipe, BlockRecipe):
            found.append(blocked(layer, task.sizes, some, recipe))
        else:
            found.append(quantised(layer, task.sizes, some, recipe, found[-1].written[LAST] if found else None))
    return found


def layer_score(name: str, recipe: AnyRecipe, number: int) -> LayerScore:
    """Of one layer of a task, on cases that no scale was chosen on."""
    task, found, tensors = find_task(name), layers_of(name, recipe)[number], held(name).layers[number]
    plain = task.layers[number], task.sizes, found
    alone = {step: layer_sqnr(mixed(*plain, {step}), tensors) for step in found.steps}
    whole = mixed(*plain, found.steps)
    near = [chain.run(whole, each["x"]) for each in tensors]
    each = {step: _sqnr([exact[step] for exact in tensors], [one[step] for one in near]) for step in found.steps}
    return {"layer": each[LAST], "alone": alone, "tensors": each}


def network_score(name: str, recipe: AnyRecipe, count: int) -> NetworkScore:
    """Of a whole task of so many cases."""
    task, layers, asked = find_task(name), layers_of(name, recipe), find_task(name).asked(count)
    found, exact = outputs(layers, asked), plain_outputs(task, asked)
    right, reference = (np.asarray(task.score(count, given), dtype=np.float64) for given in (found, exact))
    differences = 100 * (reference - right)
    return {
        "score": float(right.mean()),
        "reference": float(reference.mean()),
        "loss": float(differences.mean()),
        "loss_stderr": float(differences.std(ddof=1) / np.sqrt(count)),
        "cases": count,
        "layers": [_layer(task, layer, number, held(name)) for number, layer in enumerate(layers)],
        "output": _sqnr(exact, found),
    }


def plain_outputs(task: Task, batches: Sequence[Any]) -> list[Any]:
    """What the last layer gives in float32."""
    operations = [chain.operations(layer, task.sizes) for layer in task.layers]
    found = []
    for x in batches:
        for each in operations:
            x = chain.run(each, x)[LAST]
        found.append(x)
    return found


def _layer(task: Task, layer: Quantised, number: int, some: Recorded) -> float:
    return layer_sqnr(mixed(task.layers[number], task.sizes, layer, layer.steps), some.layers[number])


def _sqnr(exact: Sequence[Any], found: Sequence[Any]) -> float:
    return sqnr(*(np.concatenate([np.ravel(each) for each in side]) for side in (exact, found)))


def layer_job(name: str, recipe: AnyRecipe, number: int) -> Job:
    """The job that scores a layer."""
    label = f"layer {number} of {name}, {recipe}"
    return Job("encoder layer", _key(label), label, partial(layer_score, name, recipe, number), python=True)


def network_job(name: str, recipe: AnyRecipe, count: int) -> Job:
    """The job that scores a network."""
    label = f"{count} cases of {name}, {recipe}"
    return Job("encoder network", _key(label), label, partial(network_score, name, recipe, count), python=True)


def _key(label: str) -> str:
    packages = [package_version(package) for package in ("numpy", "scipy")]
    return digest_of(label, *packages, *map(module_essence, CODE))
