"""Tables of sensitivities, and what they are refused for."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from dse.search.mixed import solve
from dse.search.sensitivity import Sensitivities

ROWS = [
    ["query", "int4", 0.5, 100, 1000],
    ["query", "e2m1", 0.25, 100, 1000],
    ["value", "e2m1", 1.0, 300, 6000],
    ["value", "int4", 4.0, 300, 6000],
]
HEADS = ["layer", "arithmetic", "omega", "params", "macs"]


def sample() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=HEADS)


def test_a_table_is_a_problem() -> None:
    found = Sensitivities(sample())
    assert (found.layers, found.arithmetics) == (("query", "value"), ("int4", "e2m1"))
    assert found.omega.tolist() == [[0.5, 0.25], [4.0, 1.0]]
    budgets = [
        found.budget("energy", "macs", {"int4": 1.0, "e2m1": 2.0}, 13_500),
        found.budget("size", "params", {"int4": 0.5, "e2m1": 0.5}, 200),
    ]
    best = solve(found.problem(budgets)).best
    assert best.choices == {"query": "int4", "value": "e2m1"}
    assert best.spent == {"energy": 13_000.0, "size": 200.0} and best.loss == 1.5
    assert len(set(solve(found.problem(budgets, [["query", "value"]])).best.choices.values())) == 1


def test_any_order_of_rows_and_more_columns_will_do() -> None:
    table = sample().iloc[[1, 0, 3, 2]].assign(note="x")
    assert Sensitivities(table).omega.tolist() == [[0.25, 0.5], [1.0, 4.0]]


def changed(row: int, column: str, value: object) -> pd.DataFrame:
    table = sample().astype({"omega": object, "params": object, "macs": object})
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            lambda: sample().drop(columns="macs"),
            "needs columns layer, arithmetic, omega, params, macs; macs is missing",
        ),
        (lambda: sample().iloc[:0], "must have a row for each layer and arithmetic, got none"),
        (lambda: sample().iloc[:3], "layer value in int4 is missing"),
        (lambda: pd.concat([sample(), sample().iloc[2:3]], ignore_index=True), "value in e2m1 is there more than once"),
        (lambda: changed(1, "omega", float("nan")), "omega of layer query in e2m1 must be at least 0, got nan"),
        (lambda: changed(1, "omega", "much"), "omega of layer query in e2m1 must be at least 0, got much"),
        (lambda: changed(2, "params", -3), "params of layer value in e2m1 must be at least 0, got -3"),
        (lambda: changed(2, "macs", float("inf")), "macs of layer value in e2m1 must be at least 0, got inf"),
        (lambda: changed(2, "macs", 7), "macs of layer value must be the same in each of its rows"),
    ],
)
def test_what_is_refused(table: Callable[[], pd.DataFrame], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sensitivities(table())


def test_budgets_that_are_refused() -> None:
    found = Sensitivities(sample())
    with pytest.raises(ValueError, match=r"each must have a cost for e2m1, got \['int4'\]"):
        found.budget("size", "params", {"int4": 1}, 1)
    with pytest.raises(ValueError, match="of must be one of params, macs, got 'bits'"):
        found.budget("size", "bits", {"int4": 1, "e2m1": 1}, 1)
    with pytest.raises(TypeError, match="must be a pandas.DataFrame, got list"):
        Sensitivities(ROWS)  # type: ignore[arg-type]
