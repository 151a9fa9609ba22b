"""Designs side by side, as a report needs them."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

from dse.objectives import OBJECTIVES, Objective
from dse.reporting import Comparison, Status, compare


def test_devices_are_compared_apart(compared: Comparison, table: pandas.DataFrame) -> None:
    assert compared.places == ("ecp5-25k", "ice40-hx8k")
    for place, name in enumerate(compared.places):
        line = compared.line(1, 0, place)
        assert set(table["device"].iloc[line]) == {name}
        luts, losses = compared.best[1].values[line], compared.best[0].values[line]
        assert (np.diff(luts) >= 0).all() and (np.diff(losses) <= 0).all() and len(line) > 5


def test_a_line_begins_with_the_best_of_what_there_should_be_more_of(compared: Comparison) -> None:
    line = compared.line(2, 1, 0)
    assert (np.diff(compared.best[2].values[line]) <= 0).all() and (np.diff(compared.best[1].values[line]) <= 0).all()
    assert compared.best[2].values[line[0]] == np.nanmax(compared.best[2].values)


def test_what_is_drawn_has_all_frontiers_and_no_more_of_the_others_than_asked_for(compared: Comparison) -> None:
    drawn = compared.drawn(band=10, dominated=20, seed=1)
    lines = {int(row) for pair in compared.pairs for place in range(2) for row in compared.line(*pair, place)} | set(
        np.flatnonzero(compared.status == Status.FRONTIER).tolist()
    )
    others = [row for row in drawn if row not in lines]
    assert lines <= set(drawn.tolist()) and len(others) == 30
    assert sum(compared.status[row] == Status.BAND for row in others) == 10
    np.testing.assert_array_equal(drawn, compared.drawn(band=10, dominated=20, seed=1))
    assert not np.array_equal(drawn, compared.drawn(band=10, dominated=20, seed=2))
    assert len(compared.drawn(10**6, 10**6, 1)) == len(compared.table)


def test_of_equal_designs_a_line_has_one_that_is_on_the_frontier_of_all(asked: list[Objective]) -> None:
    table = pandas.DataFrame({"spec": list("abcd"), "frontier": [False, True, True, False], "dsp": 0, "bram": 0})
    compared = compare(table, [OBJECTIVES["dsp"], OBJECTIVES["bram"]])
    assert compared.line(0, 1, 0).tolist() == [1]


def test_rows_without_values_are_never_drawn(table: pandas.DataFrame, asked: list[Objective]) -> None:
    table.loc[[3, 4], ["loss", "lut", "lut_estimated"]] = np.nan
    compared = compare(table, asked[:2])
    assert not {3, 4} & set(compared.drawn(10**6, 10**6, 1).tolist())
    assert not compared.known(0, 1)[[3, 4]].any()


def test_a_table_of_any_index_without_devices(asked: list[Objective]) -> None:
    table = pandas.DataFrame(
        {"spec": ["a", "b"], "frontier": [True, None], "loss": [1, 2], "lut": [1, 2]}, index=[7, 7]
    )
    compared = compare(table, asked[:2])
    assert compared.places == ("",) and compared.line(1, 0, 0).tolist() == [0]
    assert compared.status.tolist() == [Status.FRONTIER, Status.DOMINATED]
    table["target"] = ["ecp5", "ice40"]
    assert compare(table, asked[:2]).places == ("ecp5", "ice40")


def test_what_is_refused(table: pandas.DataFrame, asked: list[Objective]) -> None:
    with pytest.raises(TypeError, match="table must be a DataFrame, got None"):
        compare(None, asked)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="objectives must be Objectives, got 'lut'"):
        compare(table, ["lut", "loss"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="at least two, each once, got lut"):
        compare(table, [OBJECTIVES["lut"]])
    with pytest.raises(ValueError, match="at least two, each once, got lut, lut"):
        compare(table, [OBJECTIVES["lut"]] * 2)
    with pytest.raises(ValueError, match="frontier_of must be at least two, each once, got none"):
        compare(table, asked, [])
    with pytest.raises(ValueError, match="table must have a row, got none"):
        compare(table.iloc[:0], asked)
    with pytest.raises(ValueError, match="must have columns spec and frontier, got none named frontier"):
        compare(table.drop(columns="frontier"), asked)
    with pytest.raises(ValueError, match="objective frames_s needs column frames_s or frames_s_estimated, which the"):
        compare(table, [*asked, OBJECTIVES["frames_s"]])
    with pytest.raises(ValueError, match="a row with values of two objectives, got none with two of loss, lut"):
        compare(table.assign(loss=np.nan), asked[:2])
