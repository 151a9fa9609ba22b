"""A layer in blocks."""

from __future__ import annotations

import numpy as np

from dse.encoder.blocks import BlockRecipe, BlockWeighted
from dse.encoder.measuring import held, layers_of, network_score
from dse.encoder.network import layer_sqnr, mixed
from dse.encoder.task import find_task
from hw.formats import parse_format
from sim.golden.blocks import block_sums, quantize


def test_products_are_those_of_golden_blocks() -> None:
    step = layers_of("digits", BlockRecipe("mxint8"))[0].steps["qkv"]
    assert isinstance(step, BlockWeighted)
    x = find_task("digits").asked(1)[0]
    fmt = parse_format("mxint8")
    golden = block_sums(quantize(fmt, x[0]), quantize(fmt, find_task("digits").layers[0].weights["qkv"].T)).values()
    assert np.allclose(step.run({"x": x})[0], golden + step.bias, rtol=0, atol=1e-12)


def test_finer_elements_are_nearer() -> None:
    task, tensors = find_task("digits"), held("digits").layers[0]
    found = []
    for name in ("mxint8", "mxfp8e4m3", "mxfp4"):
        made = layers_of("digits", BlockRecipe(name))[0]
        found.append(layer_sqnr(mixed(task.layers[0], task.sizes, made, made.steps), tensors))
    assert found[0] > found[1] + 3 > found[2] + 6 and found[0] > 28


def test_a_network_in_blocks_tells_the_digits() -> None:
    assert network_score("digits", BlockRecipe("mxint8"), 100)["score"] > 0.95
