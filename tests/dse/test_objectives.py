"""What designs are compared by."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

from dse.columns import COLUMNS, Column, declare, described
from dse.objectives import NINE_OF_TEN, OBJECTIVES, Objective, objectives

NAN = float("nan")


def test_what_was_measured_goes_before_the_estimate() -> None:
    table = pandas.DataFrame(
        {"lut": [100, NAN, None], "lut_estimated": [90, 50, NAN], "lut_low": [80, 45, NAN], "lut_high": [95, 60, NAN]}
    )
    best = OBJECTIVES["lut"].best(table)
    np.testing.assert_array_equal(best.values, [100, 50, NAN])
    np.testing.assert_array_equal(best.low, [100, 45, NAN])
    np.testing.assert_array_equal(best.high, [100, 60, NAN])
    assert best.is_measured.tolist() == [True, False, False]


def test_an_estimate_alone_will_do_and_without_an_interval_has_none() -> None:
    best = OBJECTIVES["dsp"].best(pandas.DataFrame({"dsp_estimated": [3, 4]}))
    assert best.values.tolist() == best.low.tolist() == best.high.tolist() == [3, 4]
    assert not best.is_measured.any()


def test_a_standard_error_is_an_interval() -> None:
    best = OBJECTIVES["loss"].best(pandas.DataFrame({"loss": [0.5, 1.0], "loss_stderr": [0.1, NAN]}))
    np.testing.assert_allclose(best.low, [0.5 - 0.1 * NINE_OF_TEN, 1.0])
    np.testing.assert_allclose(best.high, [0.5 + 0.1 * NINE_OF_TEN, 1.0])
    assert best.is_measured.all()


def test_energies_are_never_measured() -> None:
    table = pandas.DataFrame({"energy_pj": [1.0], "energy_low_pj": [0.5], "energy_high_pj": [2.0]})
    best = OBJECTIVES["energy"].best(table)
    assert (best.low[0], best.values[0], best.high[0], best.is_measured[0]) == (0.5, 1.0, 2.0, False)


def test_infinities_are_no_values() -> None:
    best = OBJECTIVES["lut"].best(pandas.DataFrame({"lut": [np.inf, 3]}))
    np.testing.assert_array_equal(best.values, [NAN, 3])


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=lambda one: one.name)
def test_all_columns_of_those_that_come_along_are_declared(objective: Objective) -> None:
    assert set(objective.columns) <= set(COLUMNS)
    assert COLUMNS[objective.columns[0]].places is not None
    assert objective.title and objective.sign == (1 if objective.better == "less" else -1)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="objective lut needs column lut or lut_estimated, which the table does not"):
        OBJECTIVES["lut"].best(pandas.DataFrame({"mhz": [1]}))
    with pytest.raises(ValueError, match="objective energy needs column energy_pj, which"):
        OBJECTIVES["energy"].best(pandas.DataFrame({"mhz": [1]}))
    with pytest.raises(ValueError, match="column lut must have numbers, got 'many'"):
        OBJECTIVES["lut"].best(pandas.DataFrame({"lut": [None, 1, "many"]}))
    with pytest.raises(TypeError, match=r"table must be a DataFrame, got \[1\]"):
        OBJECTIVES["lut"].best([1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="better of objective x must be one of less, more, got 'most'"):
        Objective("x", "most", "x")
    with pytest.raises(ValueError, match="objective x must name a column, or that of an estimate"):
        Objective("x", "less")
    with pytest.raises(ValueError, match="must name both ends of an estimate's interval, or none"):
        Objective("x", "less", "x", "y", low="z")
    with pytest.raises(TypeError, match="a column of objective x must be a str, got 3 of type int"):
        Objective("x", "less", 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="objective must be one of loss, lut, .*, got 'luts'; did you mean lut"):
        objectives(["loss", "luts"])


def test_objectives_by_name() -> None:
    assert objectives(["mhz", "lut"]) == [OBJECTIVES["mhz"], OBJECTIVES["lut"]]


def test_a_column_of_ones_own() -> None:
    price = Column("price_test", "price", "USD", "stated", "of the smallest device that it fits", 2)
    assert declare(price) is declare(price) is described("price_test")
    assert Objective("price", "less", "price_test").head == "price, USD"
    assert described("nobody's").head == "nobody's"
    with pytest.raises(ValueError, match="a column's name must be free, got 'lut'"):
        declare(Column("lut", "LUTs of mine", "", "stated", ""))
    with pytest.raises(ValueError, match="a column's source must be one of stated, .*, got 'guessed'"):
        declare(Column("x", "x", "", "guessed", ""))
    with pytest.raises(TypeError, match="column must be a Column, got 'x'"):
        declare("x")  # type: ignore[arg-type]
    del COLUMNS["price_test"]


def test_a_number_for_people() -> None:
    assert COLUMNS["gops"].shown(1.234) == "1.23" and COLUMNS["gops"].shown(NAN) == "-"
    assert described("own").shown(0.1 + 0.2) == "0.3" and described("own").shown("a") == "a"
