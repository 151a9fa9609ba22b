"""What verdicts say of how much was tried."""

from __future__ import annotations

from dataclasses import fields

import pytest

import hw
from dse.verdicts import extent
from hw.units import UNITS, spec_type


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mac/int4xint4", "every operand pair"),
        ("elementwise/add/int4xint4/n2", "every operand pair"),
        ("pack/int4xint4/x4", "every operand set"),
        ("cast/e4m3xe2m1/n2", "every code"),
        ("gelu/int8/n2/s12", "every code"),
        ("func/exp/e4m3xe4m3/n1", "every code"),
    ],
)
def test_where_all_was_tried_it_is_told_of_what(spec: str, said: str) -> None:
    assert extent({"spec": spec, "exhaustive": True}) == said
    assert extent({"spec": spec, "exhaustive": False}) == "corners and random operands"
    assert extent({"spec": spec, "exhaustive": False}, "chance") == "chance"


@pytest.mark.parametrize("unit", UNITS)
def test_units_of_one_operand_take_no_pairs(unit: str) -> None:
    has_one = "input" in {field.name for field in fields(spec_type(unit))}
    assert (hw.parse(spec_type(unit).example).takes == "code") == has_one
