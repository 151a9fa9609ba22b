"""What published operations are predicted to take: all that were not calibrated on, in every table that has a scale."""

from __future__ import annotations

import pytest

from costmodel import predictions
from costmodel.energy import REFERENCES, published_table, tables
from costmodel.predictions import OPERATIONS


def test_what_calibrates_is_predicted_by_nothing() -> None:
    assert not set(OPERATIONS) & set(REFERENCES)
    assert set(OPERATIONS) < set(published_table())
    # All that is published of adding and multiplying is one or the other, but for fp32.
    arithmetic = {name for name in published_table() if name.split("_")[1] in ("add", "mul", "mac")}
    assert arithmetic - set(OPERATIONS) - set(REFERENCES) == {"fp32_add", "fp32_mul"}


def test_a_table_with_two_references_has_a_range() -> None:
    (found,) = predictions.predictions("int32_add")
    assert (found.table, found.published, found.calibrated) == ("horowitz_45nm", 0.1, ["int8_add", "int8_mul"])
    assert found.low < found.predicted < found.high
    assert found.predicted**2 == pytest.approx(found.low * found.high)
    assert found.ratio == pytest.approx(found.predicted / 0.1)


def test_a_table_with_one_is_calibrated_on_that() -> None:
    found = {one.table: one for one in predictions.predictions("int4_mul")}
    assert set(found) == {"aladdin_45nm", "aladdin_7nm"} < set(tables())
    assert all(one.calibrated == ["int8_mul"] and one.low == one.predicted == one.high for one in found.values())
    # Both nodes have the same logic: they differ by their scale alone.
    old, new = (found[f"aladdin_{node}"].predicted for node in ("45nm", "7nm"))
    assert old / new == pytest.approx(0.912 / 0.086)


def test_plain_verilog_is_what_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(predictions, "plain_switching", lambda verilog, fmt: seen.append(f"{fmt} {verilog}") or 1.0)
    OPERATIONS["int32_mul"].switched()
    OPERATIONS["int32_add"].switched()
    assert seen == [
        "int32 module reference(input signed [31:0] a, b, output signed [63:0] y); assign y = a * b; endmodule\n",
        "int32 module reference(input signed [31:0] a, b, output signed [32:0] y); assign y = a + b; endmodule\n",
    ]


def test_what_nothing_makes_is_refused() -> None:
    with pytest.raises(ValueError, match="operation must be one of int32_add, .*, got 'fp32_mul'"):
        predictions.predictions("fp32_mul")
