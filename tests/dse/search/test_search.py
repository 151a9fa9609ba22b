"""Spaces beyond enumeration: NSGA-II, random search, and how soon they find a front that is known."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dse.frontier import pareto
from dse.search.convergence import Box, converge, draw, summary, weigh
from dse.search.nsga2 import nsga2
from dse.search.space import Costs, Indices, Mask, Searched, Space, look, random_search

NAN = float("nan")


class Curve:
    """A discrete ZDT1: on its front all axes but the first are at 0. Odd sums of the last two are no designs."""

    axes = (21, 9, 9, 9, 9)

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def evaluate(self, indices: Indices) -> tuple[Costs, Mask]:
        self.asked += indices.tolist()
        first = indices[:, 0] / 20
        rest = 1 + 9 * (indices[:, 1:] / 8).mean(axis=1)
        valid = indices[:, 3:].sum(axis=1) % 2 == 0
        costs = np.stack([first, rest * (1 - np.sqrt(first / rest))], axis=1)
        return np.where(valid[:, None], costs, NAN), valid


FRONT = [(n, 0, 0, 0, 0) for n in range(21)]


class Flat:
    """Costs and validity as given, whatever is asked."""

    def __init__(self, axes: Any, costs: Any, valid: Any) -> None:
        self.axes, self.answer = axes, (costs, valid)

    def evaluate(self, indices: Indices) -> Any:
        return tuple(answer(len(indices)) for answer in self.answer)


def test_the_known_front_is_the_front() -> None:
    points = np.array(list(product(*map(range, Curve.axes))))
    found = look(Curve(), points)
    assert sorted(map(tuple, points[found.front()].tolist())) == FRONT


def test_nsga2_finds_most_of_the_front_where_random_search_finds_little() -> None:
    space = Curve()
    found = nsga2(space, 3000, seed=0)
    assert len(space.asked) == 3000 == len(found.indices) and found.indices.tolist() == space.asked
    assert len(set(map(tuple, found.indices[found.front()].tolist())) & set(FRONT)) >= 16
    by_chance = random_search(space, 3000, seed=0)
    assert len(set(map(tuple, by_chance.indices[by_chance.front()].tolist())) & set(FRONT)) <= 4


@pytest.mark.parametrize("search", [nsga2, random_search])
def test_a_seed_says_all(search: Callable[..., Searched]) -> None:
    one, other, another = (search(Curve(), 150, seed=seed) for seed in (1, 1, 2))
    assert (one.indices == other.indices).all() and (one.indices != another.indices).any()
    assert len(one.indices) == 150
    assert (one.indices >= 0).all() and (one.indices < Curve.axes).all()


@pytest.mark.parametrize("search", [nsga2, random_search])
def test_a_small_space_is_looked_at_once(search: Callable[..., Searched]) -> None:
    space = Curve()
    space.axes = (3, 2, 1, 2, 1)
    found = search(space, 1000)
    assert len({tuple(point) for point in space.asked}) == len(space.asked) == len(found.indices) == 12


def test_points_of_a_large_space() -> None:
    space = Flat((1000,) * 6, lambda n: np.zeros((n, 1)), lambda n: np.ones(n, dtype=bool))
    assert random_search(space, 50).indices.max(axis=0).min() > 700


def test_a_front_after_so_many_evaluations() -> None:
    costs = np.array([[3.0, 3], [NAN, 0], [1, 4], [2, 2]])
    found = Searched(np.zeros((4, 1), dtype=np.int64), costs, np.array([True, False, True, True]))
    assert found.front(3).tolist() == [0, 2] and found.front().tolist() == [2, 3]
    assert found.first(2).front().tolist() == [0]


def area(costs: Costs, box: Box, cells: int = 400) -> float:
    """The same share by counting points of a grid."""
    grid = (np.arange(cells) + 0.5) / cells
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2) * box.size + box.low
    return float((costs[:, None, :] <= points[None]).all(axis=2).any(axis=0).mean())


def test_a_share_is_what_is_dominated() -> None:
    costs = np.array([[0.0, 5], [1, 3], [2, 2.5], [4, 0], [9, 9], [np.inf, -1]])
    box = Box(costs[pareto(costs)])
    assert (box.low.tolist(), box.size.tolist()) == ([0, 0], pytest.approx([4.4, 5.5]))
    assert box.share(costs) == pytest.approx(area(costs[:5], box), abs=0.01)
    assert box.share(costs[4:]) == 0 and box.share(costs[:0]) == 0


@pytest.fixture(scope="module")
def curves() -> pd.DataFrame:
    return converge(Curve(), 600, seeds=2)


def test_convergence_as_a_table(curves: pd.DataFrame) -> None:
    assert list(curves.columns) == ["search", "seed", "evaluations", "hypervolume"]
    last = curves[curves["evaluations"] == 600].set_index(["search", "seed"])["hypervolume"]
    assert len(last) == 4 and last["NSGA-II"].min() > last["random"].max()
    for _, run in curves.groupby(["search", "seed"]):
        assert run["evaluations"].is_monotonic_increasing and run["hypervolume"].is_monotonic_increasing
        assert run["hypervolume"].between(0, 1).all()
    told = summary(curves)
    assert (told["least"] <= told["median"]).all() and (told["median"] <= told["most"]).all()


def test_convergence_as_a_picture(curves: pd.DataFrame, tmp_path: Path) -> None:
    text = draw(curves, tmp_path / "found.svg").read_text()
    assert all(words in text for words in ("NSGA-II", "random", "designs evaluated", "range of 2 seeds"))
    assert draw(curves, tmp_path / "again.svg").read_text() == text


def good(n: int) -> Costs:
    return np.zeros((n, 2))


def yes(n: int) -> Mask:
    return np.ones(n, dtype=bool)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (Flat([], good, yes), "a space must have at least one axis, got none"),
        (Flat([3, 0], good, yes), "an axis's number of choices must be 1..2147483648, got 0"),
        (Flat([3], lambda n: np.zeros(n), yes), r"evaluate must give costs of shape \(\d, m\), got \(\d,\)"),
        (Flat([3], lambda n: np.zeros((n, 0)), yes), r"evaluate must give costs of shape \(\d, m\), got \(\d, 0\)"),
        (Flat([3], good, lambda n: np.ones(n)), r"evaluate must give a mask of shape \(\d,\), got float64 of \(\d,\)"),
        (Flat([3], good, lambda n: yes(n + 1)), r"evaluate must give a mask of shape \(\d,\), got bool of \(\d,\)"),
        (Flat([3], lambda n: good(n) * NAN, yes), r"costs of a valid point must not be NaN, got \[\d\] with one"),
    ],
)
@pytest.mark.parametrize("search", [nsga2, random_search])
def test_spaces_that_are_refused(search: Callable[..., Searched], space: Space, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search(space, 10)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda: nsga2(Curve(), 0), "evaluations must be 1..1000000000, got 0"),
        (lambda: nsga2(Curve(), 10, seed=-1), "seed must be 0..4294967295, got -1"),
        (lambda: nsga2(Curve(), 10, population=2), "population must be 4..1000000, got 2"),
        (lambda: random_search(Curve(), 0), "evaluations must be 1..1000000000, got 0"),
        (lambda: random_search(Curve(), 10, seed=-1), "seed must be 0..4294967295, got -1"),
        (lambda: converge(Curve(), 10, seeds=0), "seeds must be 1..10000, got 0"),
        (
            lambda: weigh({("none", 0): Searched(np.zeros((1, 1), dtype=np.int64), np.ones((1, 2)), ~yes(1))}, 1),
            "there must be a valid point with finite costs to compare fronts with, got none",
        ),
        (
            lambda: draw(pd.DataFrame({"search": ["a"]}), Path("x.png")),
            "a table to draw must have rows with search, seed",
        ),
        (
            lambda: draw(
                pd.DataFrame({"search": list("abcde"), "seed": 0, "evaluations": 1, "hypervolume": 0.5}), Path("x.png")
            ),
            "a table to draw must have at most 4 searches, got 5",
        ),
    ],
)
def test_what_is_refused(asked: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asked()
