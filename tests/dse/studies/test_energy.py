"""The page of energies: every row is an operation that is predicted or a design, and a line says what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

import hw
from costmodel.predictions import OPERATIONS, Prediction
from dse.studies.energy import Energies, Row, page, predicted_line, read, unit_line

DOCS = Path(__file__).parents[3] / "docs"
ENERGY = {
    "nand2": 1234.5, "memory_bits": 2048, "operations": 37.16, "operation": "products",
    "picojoules": 0.5, "low": 0.4, "high": 0.625,
}  # fmt: skip
PREDICTION = Prediction("int32_add", "a + b, int32", "some_45nm", ["int8_add", "int8_mul"], 0.1, 0.12, 0.1, 0.144)


def test_every_operation_and_every_unit_is_there() -> None:
    rows = Energies.load().rows
    assert [row.operation for row in rows if row.spec is None] == list(OPERATIONS)
    assert {row.spec.unit for row in rows if row.spec} == set(hw.UNITS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('targets = []\n[[row]]\noperation = "fp32_mul"', "energy.toml, row 1: operation must be one of int32_add, "),
        (
            'targets = []\n[[row]]\noperation = "int32_add"\nspec = "mac/int8xint8"',
            "must have either operation or spec",
        ),
        ('targets = []\n[[row]]\nspec = "mac/int8"', "row 1: spec 'mac/int8': "),
        ("targets = []\n[[row]]\nbits = 8", "row 1: unknown key bits"),
    ],
)
def test_a_wrong_row_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_line_says_what_was_predicted() -> None:
    assert predicted_line(PREDICTION) == [
        *("some_45nm", "int32_add", "`a + b, int32`", "0.12 (0.1 to 0.144)", "0.1", "1.20")
    ]
    alone = Prediction("int4_mul", "a * b, int4", "other", ["int8_mul"], 0.2, 0.1, 0.1, 0.1)
    assert predicted_line(alone)[3:] == ["0.1", "0.2", "0.50"]


def test_a_line_says_what_a_product_takes() -> None:
    spec = hw.parse("mac/int4xint4")
    assert unit_line(spec, {"uniform": ENERGY, "normal": {**ENERGY, "picojoules": 0.45}}) == [
        *(f"`{spec.name}`", "1,234", "2,048", "37.2", "0.5 (0.4 to 0.625)", "0.45 (0.4 to 0.625)")
    ]
    assert unit_line(spec, {"normal": {**ENERGY, "operation": "results"}})[3] == "37.2 R"


def test_the_page_has_both_tables() -> None:
    spec = hw.parse("mac/int4xint4")
    predicted = {("predicted",): {"predictions": [PREDICTION.to_dict()]}}
    text = page([(Row("int32_add"), predicted), (Row(spec=spec), {("uniform",): ENERGY, ("normal",): ENERGY})])
    assert "| table | operation | made as | predicted pJ | published pJ | ratio |" in text
    assert "| design | NAND2 | memory bits | a cycle | uniform | normal |" in text
    assert "some_45nm" in text and f"`{spec.name}`" in text


def test_every_row_is_on_the_page() -> None:
    text = (DOCS / Energies.page).read_text()
    assert all(row.name in text for row in Energies.load().rows)
