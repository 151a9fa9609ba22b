"""The frontier of any number of objectives, the band of uncertain ones, and both of rows that come in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dse import dominance
from dse.frontier import Front, band, pareto

Floats = NDArray[np.float64]


WHOLE = {name: getattr(dominance, name) for name in ("STRONG", "BLOCK", "SLICE")}


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Few rows are many blocks, and not all of them are strong."""
    with patch.multiple(dominance, STRONG=1, BLOCK=3, SLICE=5):
        yield


def dominating(by: Floats, costs: Floats) -> NDArray[np.bool_]:
    """The definition: rows of `costs` that some row of `by` dominates."""
    one, other = by[:, None, :], costs[None, :, :]
    return ((one <= other).all(axis=2) & (one < other).any(axis=2)).any(axis=0)


VALUES = st.one_of(
    st.integers(0, 3).map(float),
    st.sampled_from([-np.inf, np.inf, 0.0, -0.0, 1e-300, 1.0, np.nextafter(1.0, 2.0), -1e308, 1e308]),
    st.floats(allow_nan=False),
)


@st.composite
def tables(draw: st.DrawFn, most: int = 40) -> Floats:
    objectives = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(VALUES, min_size=objectives, max_size=objectives), max_size=most))
    return np.array(rows, dtype=float).reshape(-1, objectives)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Floats, Floats]:
    one = draw(tables(most=30))
    order = draw(st.permutations(range(len(one))))
    other = one[list(order)] if len(one) else one
    return np.minimum(one, other), np.maximum(one, other)


@given(tables())
def test_a_front_is_what_no_row_dominates(costs: Floats) -> None:
    assert pareto(costs).tolist() == (~dominating(costs, costs)).tolist()


@given(intervals())
def test_a_band_is_what_no_worst_case_dominates(ends: tuple[Floats, Floats]) -> None:
    low, high = ends
    found = band(low, high)
    assert found.tolist() == (~dominating(high, low)).tolist()
    # Wherever the true costs lie, what is best then is in the band.
    assert found[pareto(np.where(np.arange(len(low))[:, None] % 2, low, high))].all()
    assert band(low, low).tolist() == pareto(low).tolist()


@given(intervals(), st.lists(st.integers(0, 30), max_size=4))
def test_chunks_give_what_all_rows_give(ends: tuple[Floats, Floats], cuts: list[int]) -> None:
    low, high = ends
    front = Front(low.shape[1])
    for some in np.split(np.arange(len(low)), sorted(cuts)):
        front.add(low[some], high[some])
    assert front.numbers.tolist() == np.flatnonzero(band(low, high)).tolist()
    assert (front.low == low[front.numbers]).all() and (front.high == high[front.numbers]).all()
    assert front.seen == len(low)


def samples() -> dict[str, Floats]:
    random = np.random.default_rng(0)
    shell = np.abs(random.standard_normal((3000, 4)))
    return {
        "spread": random.random((3000, 3)),
        "of few values": random.integers(0, 6, (3000, 4)).astype(float),
        "nearly all on the front": 2 - shell / np.linalg.norm(shell, axis=1, keepdims=True),
        "all equal": np.ones((3000, 5)),
        "one line": np.stack([np.arange(3000.0), -np.arange(3000.0)], axis=1),
        "one best": np.cumsum(np.ones((3000, 3)), axis=0)[::-1],
    }


@pytest.mark.parametrize("name", samples())
def test_many_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for constant, value in WHOLE.items():
        monkeypatch.setattr(dominance, constant, value)
    costs = samples()[name]
    beaten = np.concatenate([dominating(costs, some) for some in np.array_split(costs, 20)])
    assert (pareto(costs) == ~beaten).all()
    assert (band(costs, costs) == ~beaten).all()


def test_of_equal_rows_each_is_kept() -> None:
    assert pareto([[1, 2], [2, 1], [1, 2], [2, 2]]).tolist() == [True, True, True, False]
    assert pareto([[3], [1], [1]]).tolist() == [False, True, True]
    front = Front(2)
    front.add([[1, 2], [2, 2]])
    front.add([[1, 2]])
    assert front.numbers.tolist() == [0, 2]


def test_a_wide_band_keeps_what_a_front_drops() -> None:
    low, high = [[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]], [[3.0, 3.0], [2.5, 2.5], [5.0, 5.0]]
    assert pareto(low).tolist() == [True, False, False]
    assert band(low, high).tolist() == [True, True, False]


def test_no_rows() -> None:
    assert pareto(np.empty((0, 3))).shape == (0,) and band(np.empty((0, 2)), np.empty((0, 2))).shape == (0,)
    assert pareto(np.empty((0, 1))).shape == (0,)


def test_a_front_knows_its_rows_by_the_numbers_given() -> None:
    front = Front(2)
    front.add([[5, 5], [1, 9]], numbers=[70, 80])
    front.add([[4, 4]], numbers=[10])
    assert front.numbers.tolist() == [80, 10] and len(front) == 2 and front.seen == 3
    assert front.low.tolist() == [[1, 9], [4, 4]]


NAN = float("nan")


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (
            lambda: pareto([1, 2]),
            ValueError,
            r"costs must have shape \(n, m\) with m objectives, at least one, got \(2,\)",
        ),
        (lambda: pareto([[], []]), ValueError, r"costs must have shape \(n, m\) .*, got \(2, 0\)"),
        (lambda: pareto([[1, 2], [1, NAN]]), ValueError, "costs must not be NaN, got one in row 1, objective 1"),
        (lambda: band([[NAN]], [[1]]), ValueError, "low must not be NaN, got one in row 0, objective 0"),
        (lambda: band([[1]], [[NAN]]), ValueError, "high must not be NaN, got one in row 0, objective 0"),
        (
            lambda: band([[1]], [[1, 2]]),
            ValueError,
            r"low and high must have one shape \(n, m\), got .* and \(1, 2\)",
        ),
        (
            lambda: band([[1, 2], [1, 3]], [[1, 2], [1, 2]]),
            ValueError,
            "low must be at most high, got 3 and 2 in row 1, objective 1",
        ),
        (lambda: Front(2).add([[1]]), ValueError, "low must have 2 objectives, got 1"),
        (lambda: Front(1).add([[1]], numbers=[1, 2]), ValueError, r"numbers must have shape \(1,\), .*, got \(2,\)"),
        (lambda: Front(1).add([[1]], numbers=[1.5]), TypeError, "numbers must be integers, got an array of float64"),
        (lambda: Front(0), ValueError, "objectives must be at least 1, got 0"),
        (lambda: Front(True), TypeError, "objectives must be an int, got True"),
    ],
)
def test_what_is_refused(asked: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        asked()
