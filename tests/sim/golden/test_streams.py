"""Golden models of units with streams look at the beats that they are given."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

import hw
from sim.golden import model
from sim.golden.dot import Dot

GIVEN: dict[str, Any] = {"a": {"x": [[1, 2], [3, 4]], "last": [0, 1]}, "b": {"x": [[1, 2, 3]] * 2, "last": [0, 1]}}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"a": [[1, 2]]}, TypeError, "a must be a dict of x, last, got list"),
        ({"b": None}, TypeError, "b must be a dict of x, last, got NoneType"),
        ({"a": {"x": [[1, 2]]}}, ValueError, "a must have x, last, and last is missing"),
        ({"a": {"x": [[1], [2, 3]], "last": [0, 1]}}, ValueError, "a's x must be an array, got a list of lists"),
        ({"a": {"x": [[1, 2, 3]], "last": [1]}}, ValueError, r"a's x must have shape \(beats, 2\), got \(1, 3\)"),
        ({"a": {"x": [[1, 2]], "last": [[1]]}}, ValueError, r"a's last must have shape \(beats,\), got \(1, 1\)"),
        ({"a": {"x": [[1, 2]], "last": [0, 1]}}, ValueError, "a's fields must have one number of beats, got 1 of x, 2"),
    ],
)
def test_what_is_no_beat_is_named(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    golden = model(hw.parse("array/int8xint8/2x3/os"))
    assert golden.run(**GIVEN)["sum"]["x"].shape == (2, 3)
    with pytest.raises(error, match=message):
        golden.run(**(GIVEN | changes))


def test_streams_may_be_given_in_order_and_all_else_is_the_models() -> None:
    golden = model(hw.parse("dot/int4xint4/n2"))
    a, b = {"x": [[1, 2]]}, {"x": [[3, 4]]}
    assert golden.run(a, b)["sum"]["x"].tolist() == golden.run(b=b, a=a)["sum"]["x"].tolist() == [11]
    assert isinstance(golden.model, Dot)
    assert deepcopy(golden) == golden
    assert golden.result.name == "fix9.0"


def test_what_follows_the_streams_goes_to_the_model_too() -> None:
    golden, z = model(hw.parse("requant/int10xint4/n1/tensor")), {"x": [[1023]], "last": [1]}
    scale = {"bias": 0, "m": 1, "e": 0, "zero": 0}
    assert golden.run(z, None, 0, **scale)["y"]["x"].tolist() == [[15]]
    assert golden.run(z, None, 1, **scale)["y"]["x"].tolist() == [[0]]
