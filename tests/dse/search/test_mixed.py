"""A format for each layer: integer programming against all assignments, evolution, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import OptimizeResult

from dse.search import mixed
from dse.search.assignment import Assignment, Budget, MixedPrecision
from dse.search.evolution import evolve
from dse.search.mixed import solve, uniform

NAN, INF = float("nan"), float("inf")


def every(problem: MixedPrecision) -> list[Assignment]:
    """All assignments that are possible."""
    numbers = range(len(problem.choices))
    found = (problem.assignment(np.array(picks)) for picks in product(numbers, repeat=problem.groups.max() + 1))
    return [one for one in found if np.isfinite(one.loss)]


@st.composite
def problems(draw: st.DrawFn) -> MixedPrecision:
    shape = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    layers, choices = [f"layer{i}" for i in range(shape[0])], [f"choice{i}" for i in range(shape[1])]
    # Whole numbers make many equal sums, and budgets that are just met.
    losses = random.integers(-3, 9, shape) * draw(st.sampled_from([1.0, 1e-6, 1e9]))
    for layer in range(shape[0]):
        losses[layer, 1:][random.random(shape[1] - 1) < 0.2] = INF
    budgets = [
        Budget(f"budget{i}", unit * random.integers(0, 9, shape), unit * float(random.integers(0, 9 * shape[0])))
        for i, unit in enumerate(draw(st.lists(st.sampled_from([1.0, 0.1, 1e8]), max_size=2)))
    ]
    return MixedPrecision(layers, choices, losses, budgets, [layers[: draw(st.integers(0, 2))]])


@settings(deadline=None, max_examples=50)
@given(problems())
def test_no_assignment_within_the_budgets_is_better(problem: MixedPrecision) -> None:
    possible = [one for one in every(problem) if one.within]
    if not possible:
        with pytest.raises(ValueError, match="can't be at most"):
            solve(problem)
        return
    found = solve(problem)
    least = min(one.loss for one in possible)
    assert found.best.within and found.proven
    assert found.best.loss == pytest.approx(least, rel=1e-9, abs=1e-15)
    assert found.gap <= 1e-8 * abs(problem.losses[np.isfinite(problem.losses)]).sum()
    assert len({found.best.choices[layer] for layer in problem.layers[:2]}) == 1 or problem.groups[1] != 0


@settings(deadline=None, max_examples=30)
@given(problems(), st.integers(0, 3))
def test_evolution_keeps_to_what_is_possible(problem: MixedPrecision, seed: int) -> None:
    found = evolve(problem, 200, 10, seed)
    within = [one.loss for one in every(problem) if one.within]
    assert np.isfinite(found.best.loss) and found.evaluations == 200
    assert found.best.within == bool(found.history)
    if found.history:
        assert found.best.loss == pytest.approx(found.history[-1][1]) and found.best.loss >= min(within) - 1e-9


def two_layers(*budgets: Budget) -> MixedPrecision:
    return MixedPrecision(["a", "b"], ["int4", "e4m3"], [[5.0, 1.0], [3.0, 2.0]], budgets)


def test_two_layers_by_hand() -> None:
    found = solve(two_layers(Budget("size", [[1, 2], [10, 20]], 12)))
    assert found.best == Assignment({"a": "e4m3", "b": "int4"}, 4.0, {"size": 12.0}, True)
    assert solve(two_layers()).best.choices == {"a": "e4m3", "b": "e4m3"}


def test_the_best_of_all_alike() -> None:
    assert uniform(two_layers()).choices == {"a": "e4m3", "b": "e4m3"}
    assert uniform(two_layers(Budget("size", [[1, 2], [10, 20]], 12))).loss == 8
    partly = MixedPrecision(["a", "b"], ["x", "y"], [[INF, 1], [0, 5]])
    assert uniform(partly).choices == {"a": "y", "b": "y"}
    with pytest.raises(ValueError, match="no choice is within the budgets if all layers have the same"):
        uniform(two_layers(Budget("size", [[1, 2], [10, 20]], 10)))


def test_what_the_solver_lets_pass_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that is exceeded by a ten millionth is kept for HiGHS, and not for us."""
    runs = []
    original = mixed.milp
    monkeypatch.setattr(mixed, "milp", lambda *args, **given: runs.append(1) or original(*args, **given))
    found = solve(two_layers(Budget("ms", [[1.0, 1.0 + 1e-7], [0, 0]], 1.0)))
    assert found.best.choices == {"a": "int4", "b": "e4m3"} and found.best.loss == 7 and found.proven
    assert len(runs) == 2


def test_a_solver_without_time_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    original = mixed.milp

    def stopped(*args: Any, **given: Any) -> Any:
        found = original(*args, **given)
        found.status, found.mip_dual_bound = 1, found.mip_dual_bound / 2
        return found

    monkeypatch.setattr(mixed, "milp", stopped)
    found = solve(two_layers(Budget("size", [[1, 2], [10, 20]], 12)))
    assert not found.proven and found.gap == pytest.approx(2)


def test_a_solver_that_finds_nothing_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = OptimizeResult(x=None, status=1, message="Time limit reached.", mip_dual_bound=0.0)
    monkeypatch.setattr(mixed, "milp", lambda *args, **given: nothing)
    with pytest.raises(TimeoutError, match="nothing within the budgets was found: Time limit reached."):
        solve(two_layers(), 1e-9)


def test_one_budget_too_small() -> None:
    with pytest.raises(ValueError, match="size can't be at most 10: the least possible is 11"):
        solve(two_layers(Budget("ms", [[1, 1], [1, 1]], 3), Budget("size", [[1, 2], [10, 20]], 10)))


def test_two_budgets_that_can_be_kept_alone() -> None:
    size, ms = Budget("size", [[1, 2], [10, 20]], 12), Budget("ms", [[9, 1], [9, 1]], 9)
    assert solve(two_layers(size)).best.within and solve(two_layers(ms)).best.within
    with pytest.raises(ValueError, match="ms can't be at most 9: the least possible with size kept is 10"):
        solve(two_layers(size, ms))


def test_ties_that_overlap_are_one() -> None:
    layers = ["a", "b", "c", "d"]
    problem = MixedPrecision(layers, ["x", "y"], np.arange(8.0).reshape(4, 2), (), [["a", "b"], ["b", "d"], []])
    assert problem.groups.tolist() == [0, 0, 1, 0]
    assert problem.summed(problem.losses).tolist() == [[8, 11], [4, 5]]


def test_given_choices_are_added_up_as_they_are() -> None:
    problem = two_layers(Budget("size", [[1, 2], [10, 20]], 12))
    assert problem.of({"a": "int4", "b": "e4m3"}) == Assignment({"a": "int4", "b": "e4m3"}, 7.0, {"size": 21.0}, False)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (
            lambda: Budget("size", [[1, NAN]], 1),
            ValueError,
            "costs of size must be finite and at least 0, got nan in row 0",
        ),
        (lambda: Budget("size", [[1], [-2]], 1), ValueError, "costs of size .* at least 0, got -2 in row 1, choice 0"),
        (lambda: Budget("size", [[1], [INF]], 1), ValueError, "costs of size must be finite .*, got inf in row 1"),
        (lambda: Budget("size", [1], 1), ValueError, r"costs of size must have shape \(layers, choices\), got \(1,\)"),
        (lambda: Budget("size", [[1]], NAN), ValueError, "the bound of size must be finite, got nan"),
        (lambda: Budget(3, [[1]], 1), TypeError, "a budget's name must be a str, got 3"),  # type: ignore[arg-type]
        (
            lambda: two_layers(Budget("ms", [[1]], 1)),
            ValueError,
            r"costs of ms must have shape \(2, 2\), .* got \(1, 1\)",
        ),
        (
            lambda: two_layers(*[Budget("ms", [[1, 1], [1, 1]], 9)] * 2),
            ValueError,
            "budgets must have different names, got ms more than once",
        ),
        (
            lambda: MixedPrecision(["a", "a"], ["x"], [[1], [1]]),
            ValueError,
            "layers must have different names, got a more",
        ),
        (lambda: MixedPrecision([1], ["x"], [[1]]), TypeError, "layers must be names, got 1 of type int"),  # type: ignore[list-item]
        (lambda: MixedPrecision([], ["x"], [[1]]), ValueError, "layers must be at least 1, got none"),
        (
            lambda: MixedPrecision(["a"], ["x"], [[NAN]]),
            ValueError,
            "losses must be numbers, .* got nan in row 0, choice 0",
        ),
        (lambda: MixedPrecision(["a"], ["x"], [[INF]]), ValueError, "there is no choice that a can take$"),
        (
            lambda: MixedPrecision(["a", "b"], ["x", "y"], [[INF, 0], [0, INF]], (), [["a", "b"]]),
            ValueError,
            "there is no choice that a, b can take together",
        ),
        (
            lambda: MixedPrecision(["conv1"], ["x"], [[1]], (), [["conv2"]]),
            ValueError,
            r"tied names a layer that there is not: 'conv2'; did you mean conv1\?",
        ),
        (lambda: two_layers().of({"a": "int4"}), ValueError, "choices must have one for each layer, got none for b"),
        (lambda: two_layers().of({"a": "int4", "b": "int4", "c": "int4"}), ValueError, "no layer c"),
        (
            lambda: two_layers().of({"a": "int4", "b": "int5"}),
            ValueError,
            "the choice of b must be one of int4, e4m3, got 'int5'",
        ),
        (lambda: solve(two_layers(), 0), ValueError, "seconds must be positive, got 0"),
        (lambda: evolve(two_layers(), population=3), ValueError, "population must be 4..1000000, got 3"),
        (lambda: evolve(two_layers(), 5, 10), ValueError, "evaluations must be 10..1000000000, got 5"),
        (lambda: evolve(two_layers(), seed=-1), ValueError, "seed must be 0..4294967295, got -1"),
    ],
)
def test_what_is_refused(asked: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        asked()
