"""Steps from table to table, each alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import hw
from costmodel.devices import parse_device
from dse import table as tables
from dse.columns import COLUMNS, Column, declare
from dse.explore import rows_of
from dse.groups import Group
from dse.objectives import Objective, objectives
from dse.space import Space
from dse.store import Store
from dse.table import corrected, estimated, front, measured, on, rated, table_of, verified
from dse.workloads.gemms import GemmList, Product

NAMES = ["mac/int2xint2/exact/kulisch16", "mac/int3xint3/exact/kulisch16"]
OURS = Objective("ours", "less", "ours")


def guessed(**columns: Any) -> pandas.DataFrame:
    """Four designs on two devices with estimates."""
    table = table_of(NAMES, ["ice40-hx8k", "ecp5-25k"])
    return table.assign(**{name: np.array(values, dtype=float) for name, values in columns.items()})


def ends(name: str, middle: list[float], width: float) -> dict[str, list[float]]:
    return {
        f"{name}_estimated": middle,
        f"{name}_low": [value * (1 - width) for value in middle],
        f"{name}_high": [value * (1 + width) for value in middle],
    }


def test_a_table_has_a_row_for_each_design_on_each_device() -> None:
    table = table_of(NAMES, ["ice40-hx8k", "ecp5-25k"])
    assert table["device"].tolist() == ["ice40-hx8k"] * 2 + ["ecp5-25k"] * 2
    assert table["target"].tolist() == ["ice40"] * 2 + ["ecp5"] * 2
    assert table["spec"].tolist() == [hw.parse(name).name for name in NAMES] * 2
    assert set(table["makes"]) == {"products"}
    with pytest.raises(ValueError, match="ecp6"):
        table_of(NAMES, ["ecp6"])
    with pytest.raises(ValueError, match="dsp"):
        table_of(["mac/int8xint8/exact/kulisch16/p1/dsp"], ["ice40-hx8k"])


def test_frontiers_are_of_each_device_and_bands_of_what_may_be_on_them() -> None:
    table = guessed(loss=[1, 1, 2, 0], **ends("lut", [10, 10.5, 25, 20], 0.1))
    found = front(table, ["loss", "lut"])
    assert found["frontier"].tolist() == [True, False, False, True]
    assert found["band"].tolist() == [True, True, False, True]
    assert "frontier" not in table
    # What was measured has no interval.
    known = front(table.assign(lut=[10.0, 10.5, np.nan, np.nan]), ["loss", "lut"])
    assert known["band"].tolist() == [True, False, False, True]


def test_a_constraint_takes_from_the_frontier_what_fails_it_in_the_middle() -> None:
    table = guessed(loss=[1, 2, 1, 2], **ends("lut", [10, 8, 10, 8], 0.1))
    assert front(table, ["loss", "lut"], {"lut": 9})["frontier"].tolist() == [False, True, False, True]
    # The band has what may meet it.
    assert front(table, ["loss", "lut"], {"lut": 9})["band"].tolist() == [True, True, True, True]
    assert front(table, ["loss", "lut"], {"lut": 8.5})["band"].tolist() == [False, True, False, True]


def test_a_value_that_is_not_known_is_on_no_frontier() -> None:
    table = guessed(lut=[np.nan, 1, 1, 1], loss=[0, 1, 1, 2])
    assert front(table, ["lut", "loss"])["frontier"].tolist() == [False, True, True, False]


@pytest.mark.parametrize(("bad", "shown"), [(np.nan, "nan"), (np.inf, "inf"), ("dear", "'dear'"), (None, "None")])
def test_a_column_of_ones_own_has_a_number_in_every_row(bad: Any, shown: str) -> None:
    declare(Column("ours", "ours", "", "computed", "of a test"))
    try:
        table = guessed(loss=[0, 1, 1, 2])
        assert front(table.assign(ours=[4, 1, 2, 1]), [OURS, "loss"])["frontier"].tolist() == [True, True, True, True]
        with pytest.raises(ValueError, match=rf"^column ours must have .*, got {shown} in row 2, mac/int2xint2/exact"):
            front(table.assign(ours=pandas.Series([4, 1, bad, 1], dtype=object)), [OURS, "loss"])
    finally:
        del COLUMNS["ours"]


def test_a_table_of_given_designs_is_estimated_as_the_rows_of_a_space_are(tmp_path: Path) -> None:
    devices, wanted = ["ice40-hx8k", "ecp5-25k"], objectives(["frames_s", "lut"])
    gemms = GemmList("ours", "ours", "a test", (Product("all", 20, 30, 10),))
    group = Group("array/int2xint2/{rows}x{columns}/ws", {"rows": [2, 5], "columns": [3]})
    space = Space([group], [parse_device(name) for name in devices], wanted, gemms=gemms)  # type: ignore[arg-type]
    with Store(tmp_path / "s") as store:
        rows = rows_of(space, store, 1).table()
        given = table_of(rows["spec"][:2].tolist(), devices)
        found = estimated(given, store, 1, gemms)
        assert {"cycles", "frames_s_low"} <= set(found) and "frames_s_low" not in estimated(given, store, 1)
    pandas.testing.assert_frame_equal(found, rows[list(found)])
    assert set(rows) - set(found) == {"rows", "columns"}
    assert "lut_estimated" not in given


def test_what_follows_is_worked_out_of_estimates_and_apart_of_what_was_measured() -> None:
    known = {"rate": [1.0] * 4, "latency": [2.0] * 4, "dsp_estimated": [0] * 4, "bram_estimated": [0] * 4}
    table = guessed(**known, **ends("lut", [10] * 4, 0.1), **ends("ff", [10] * 4, 0), **ends("mhz", [100] * 4, 0.2))
    found = rated(table)
    assert found["gops_estimated"].tolist() == [0.2] * 4
    assert found["gops_low"].to_numpy() == pytest.approx([0.16] * 4)
    assert found["gops_klut_high"].to_numpy() == pytest.approx([0.24 / 0.009] * 4)
    assert found["latency_us_high"].to_numpy() == pytest.approx([2 / 80] * 4)
    assert found["used_estimated"].to_numpy() == pytest.approx([100 * 10 / 7680] * 2 + [100 * 10 / 24288] * 2)
    assert "gops" not in found
    seen = rated(table.assign(lut=[20, *[np.nan] * 3], ff=5.0, dsp=0.0, bram=0.0, mhz=[50, *[np.nan] * 3]))
    assert seen["gops"].iloc[0] == pytest.approx(0.1)
    assert seen["gops"].iloc[1:].isna().all()
    assert seen["lut_rate"].iloc[0] == 20


def test_estimates_are_drawn_to_what_was_measured_of_their_kind() -> None:
    known = {"rate": [1.0] * 4, "latency": [2.0] * 4, "dsp_estimated": [0] * 4, "bram_estimated": [0] * 4}
    columns = {**ends("lut", [10] * 4, 0.2), **ends("ff", [10] * 4, 0.1), **ends("mhz", [100] * 4, 0.1)}
    table = guessed(**known, **columns).assign(lut=[20, *[np.nan] * 3], ff=np.nan, dsp=0.0, bram=0.0, mhz=np.nan)
    found = corrected(table)
    # One measurement beside a prior that counts for two: a third of the way, in ratios.
    assert found["lut_estimated"].tolist() == pytest.approx([10 * 2 ** (1 / 3)] * 2 + [10, 10])
    assert (found["lut_low"] < found["lut_estimated"]).all()
    assert (found["lut_high"] / found["lut_estimated"])[0] > 1.2
    assert found["mhz_estimated"].tolist() == [100] * 4
    assert table["lut_estimated"].tolist() == [10] * 4


def test_a_step_on_some_rows_leaves_the_others() -> None:
    table = guessed(loss=[1, 2, 3, 4])
    mask = np.array([False, True, False, True])
    found = on(table, mask, lambda part: part.assign(lut=part["loss"] * 10, flow="f"))
    assert found["lut"].tolist()[1::2] == [20, 40]
    assert found["lut"].isna().tolist() == [True, False, True, False]
    again = on(found, ~mask, lambda part: part.assign(lut=7.0, flow="g"))
    assert again["lut"].tolist() == [7, 20, 7, 40]
    assert again["flow"].tolist() == ["g", "f", "g", "f"]


def test_designs_are_verified_and_measured(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        table = table_of(NAMES[:1], ["ice40-hx8k"])
        found = measured(verified(table, store, 1, tmp_path), store, 1, timed=False)
    row = found.iloc[0]
    assert row["verified"] == "every pair"
    assert 10 < row["lut"] < 40
    assert np.isnan(row["mhz"])
    assert row["lut_rate"] == row["lut"]
    assert row["used"] == pytest.approx(100 * max(row["lut"], row["ff"]) / 7680)


def test_a_large_array_is_verified_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SIMULATED", 3)
    large = table_of(["array/int2xint2/2x3/ws", "array/int2xint2/3x1/ws"], ["ice40-hx8k"])
    assert [str(tables.simulated(hw.parse(name))) for name in large["spec"]] == [
        str(hw.parse("array/int2xint2/4x4/ws")),
        str(hw.parse("array/int2xint2/3x1/ws")),
    ]
    with Store(tmp_path / "s") as store:
        found = verified(large, store, 2, tmp_path)["verified"].tolist()
    assert found[0].endswith(" at 4x4") and " at " not in found[1]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: front(3, ["lut"]), "table must be a DataFrame, got 3"),  # type: ignore[arg-type]
        (lambda: front(pandas.DataFrame({"x": [1]}), ["lut"]), "table must have a column spec, got x"),
        (lambda: front(guessed(), "lut"), "wanted must be a sequence of objectives or their names, got 'lut'"),
        (lambda: front(guessed(), []), "wanted must be one objective or more, got none"),
        (lambda: front(guessed(), ["lut"], {"lut": float("nan")}), "constraint lut must be finite, got nan"),
        (lambda: front(guessed(), ["lut"], {"lut": "40"}), "constraint lut must be a number, got '40'"),
        (lambda: front(guessed(), ["lut"]), "objective lut needs column lut or lut_estimated"),
        (lambda: front(guessed(), ["luts"]), "objective must be one of"),
        (lambda: corrected(pandas.DataFrame({"spec": ["x"]})), "table must have a column device, got spec"),
    ],
)
def test_what_steps_refuse(work: Callable[[], Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        work()
