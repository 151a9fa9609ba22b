"""A layer in codes: how near it comes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

import hw
from dse.encoder import chain
from dse.encoder.measuring import held, layer_score, layers_of, network_score, recorded
from dse.encoder.network import layer_sqnr, mixed
from dse.encoder.quantise import Quantised, Recipe, quantised
from dse.encoder.scaling import NotInUnits, parameters
from dse.encoder.task import find_task
from dse.encoder.tensors import Written, fitted, in_octaves
from hw.formats import parse_format
from hw.specs.requant import RequantSpec
from sim.golden import model

INT8 = parse_format("int8")


@lru_cache
def layers(recipe: Recipe) -> list[Quantised]:
    return layers_of("digits", recipe)


def decibels(recipe: Recipe) -> float:
    task = find_task("digits")
    whole = mixed(task.layers[0], task.sizes, layers(recipe)[0], layers(recipe)[0].steps)
    return layer_sqnr(whole, held("digits").layers[0])


def test_every_operation_is_near_what_it_stands_for() -> None:
    score = layer_score("digits", Recipe(), 0)
    assert list(score["alone"]) == list(layers(Recipe())[0].steps)
    assert min(score["alone"].values()) > 34 and score["layer"] > 30


def test_a_network_in_codes_tells_the_digits() -> None:
    score = network_score("digits", Recipe(), 100)
    assert score["cases"] == 100 and score["score"] > 0.95 and abs(score["loss"]) < 3


def test_choices_that_are_worse() -> None:
    best = decibels(Recipe())
    assert decibels(Recipe(curve=1.5)) < best - 1
    assert decibels(Recipe(octaves=True)) < best
    assert decibels(Recipe(attention="e4m3", product="lmul")) < best


def test_a_layer_takes_what_the_one_before_gives() -> None:
    first, second = layers(Recipe())
    assert second.written["x"] is first.written["norm2"]


def test_columns_that_differ_need_scales_of_their_own() -> None:
    task = find_task("digits")
    layer, tensors = task.layers[0], recorded("digits").layers[0]
    # A column of the perceptron's result a hundred times the others, as transformers have them.
    down, bias = layer.weights["down"].copy(), layer.biases["down"].copy()
    down[:, 3] *= 100
    bias[3] *= 100
    large = replace(layer, weights=layer.weights | {"down": down}, biases=layer.biases | {"down": bias})
    operations = chain.operations(large, task.sizes)
    some = [chain.run(operations, each["x"]) for each in tensors]
    found = {}
    for each in (True, False):
        made = quantised(large, task.sizes, some, Recipe(each=each))
        found[each] = layer_sqnr(mixed(large, task.sizes, made, made.steps), some)
    assert found[True] > found[False] + 5


def test_codes_are_numbers_over_a_scale() -> None:
    written = Written(INT8, np.array([0.5, 2.0]))
    assert written.codes(np.array([[1.0, -4.0], [1000.0, 0.9]])).tolist() == [[2, 254], [127, 0]]
    assert written.values(np.array([[2, 254]])).tolist() == [[1.0, -4.0]]


def test_scales_fit_each_column_or_all() -> None:
    x = np.array([[1.0, -254.0, 0.0], [-12.7, 3.0, 0.0]])
    assert np.allclose(fitted(127, x), [0.1, 2.0, 1 / 127])
    assert np.allclose(fitted(127, x, each=False), 2.0)
    assert np.allclose(in_octaves(np.array([1.0, 3.0, 4.0])), [1, 4, 4])


def test_parameters_are_those_of_the_requantiser() -> None:
    spec = RequantSpec(parse_format("int16"), INT8, 2, "channel")
    given = parameters(spec, "a", [0.013, 0.5], [3.0, -20.0])
    x = np.array([[1000, 77], [-200, 10]])
    beats = {name: np.broadcast_to(codes, (2, 2)) for name, codes in given.items()}
    found = model(spec).run({"x": x & 0xFFFF, "last": np.array([0, 1])}, beats)["y"]["x"]
    assert (found == (np.rint(x * [0.013, 0.5] + [3, -20]).astype(int) & 255)).all()


def test_a_factor_that_leaves_nothing_leaves_the_offset() -> None:
    spec = RequantSpec(parse_format("int16"), INT8, 1, "channel")
    given = parameters(spec, "a", 1e-9, 7.2)
    assert (given["m"].item(), given["bias"].item(), given["zero"].item()) == (0, 0, 7)


@pytest.mark.parametrize(
    ("factor", "offset", "message"),
    [
        (-1.0, 0.0, "a: factors must not be below zero, got -1"),
        (1e6, 0.0, "a: factors must be less than 65536 for requant/int16xint8/n1/channel"),
        (1.0, 1e6, "a: biases must be -32768..32767 in steps of what comes in, got 1000000..1000000"),
    ],
)
def test_what_parameters_do_not_hold(factor: float, offset: float, message: str) -> None:
    spec = RequantSpec(parse_format("int16"), INT8, 1, "channel")
    with pytest.raises(NotInUnits, match=message):
        parameters(spec, "a", factor, offset)


def test_a_task_that_is_none() -> None:
    with pytest.raises(ValueError, match="task must be one of minilm, digits, got 'iris'"):
        find_task("iris")


def test_the_usual_encoder_is_one() -> None:
    assert hw.parse(Recipe().spec).unit == "encoder"


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"spec": 3}, TypeError, "spec must be the name of an encoder, got 3"),
        ({"spec": "mac/int8xint8"}, ValueError, "spec must be the name of an encoder, got 'mac/int8xint8'"),
        ({"balance": 1.5}, ValueError, "balance must be 0..1, got 1.5"),
        ({"curve": 0.0}, ValueError, "curve must be 1..3, got 0.0"),
    ],
)
def test_recipes_that_are_none(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Recipe(**fields)
