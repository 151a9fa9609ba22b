"""The order in which floats of a width are tried."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from dse.search.prior import guess, ordered, savings, splits
from hw.formats import parse_format

PUBLISHED = tomllib.loads((files("dse") / "data" / "float_training_law.toml").read_text())["best"]


@pytest.mark.parametrize(("width", "best"), PUBLISHED.items())
def test_the_first_of_a_width_is_what_is_said_of_the_paper(width: str, best: str) -> None:
    assert ordered(splits(int(width)))[0] == best


def test_splits_are_all_floats_of_a_width() -> None:
    assert splits(4) == ["e0m3", "e1m2", "e2m1", "e3m0"]
    assert len(splits(16)) == 9
    for width in range(2, 17):
        assert all(parse_format(name).width == width for name in splits(width))


def test_an_exponent_bit_is_worth_a_little_more_and_more_bits_are_worth_more() -> None:
    assert guess("e3m2") < guess("e2m3") and guess("e4m3") < guess("e3m3") < guess("e3m2")
    assert ordered(["e2m3", "e8m7", "e3m2"]) == ["e8m7", "e3m2", "e2m3"]
    # 1 / (2.5^3.1926 * 1.5^2.9543)
    assert guess("e2m1") == pytest.approx(0.016192, rel=1e-4)


def test_what_an_order_saves() -> None:
    losses = {name: float(place) for place, name in enumerate(["e2m3", "e3m2", "e4m1", "e1m4", "e0m5", "e5m0"])}
    found = savings(losses | {"e1m2": 1.0, "e2m1": 1.0, "e3m0": 2.0}).set_index("width")
    assert ordered(losses)[:2] == ["e3m2", "e2m3"]
    assert found.loc[6].to_dict() == {"formats": 6, "best": "e2m3", "prior": 2, "chance": 3.5, "plain": 3}
    # Either of the two best will do.
    assert found.loc[4].to_dict() == {"formats": 3, "best": "e2m1", "prior": 1, "chance": 4 / 3, "plain": 1}


def test_what_is_nearly_the_best_counts_where_that_is_asked() -> None:
    losses = {"e2m3": 0.0, "e3m2": 0.1, "e4m1": 0.2, "e1m4": 0.3}
    assert ordered(losses)[0] == "e3m2"
    found = savings(losses, within=0.15).set_index("width").loc[6]
    assert found.to_dict() == {"formats": 4, "best": "e2m3", "prior": 1, "chance": 5 / 3, "plain": 2}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda: splits(1), "width must be 2..16, got 1"),
        (lambda: guess("int8"), "the law is of floats with a sign, such as e4m3, got 'int8'"),
        (lambda: ordered(["ue4m3"]), "the law is of floats with a sign, such as e4m3, got 'ue4m3'"),
        (lambda: savings({}), "losses must have at least one format, got none"),
        (lambda: savings({"e2m1": float("nan")}), "losses must not be NaN, got one for e2m1"),
        (lambda: savings({"e2m1": 1.0}, -0.5), "within must be at least 0, got -0.5"),
    ],
)
def test_what_is_refused(asked: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asked()
