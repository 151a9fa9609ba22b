"""The page of a transformer's layer, of results as jobs give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dse.encoder.blocks import BlockRecipe
from dse.encoder.hardware import PARTS
from dse.encoder.quantise import Recipe
from dse.studies.transformer import Row, TransformerLayer, energy_of, read

NETWORK = {
    "score": 0.66,
    "reference": 0.655,
    "loss": -0.5,
    "loss_stderr": 0.4,
    "output": 20.25,
    "layers": [27.5, 31, 28],
}
LAYER = {"layer": 28.1, "alone": {"qkv": 40.0, "softmax": 37.9, "gelu": 32.35}}
RUN: dict[str, Any] = {
    "cycles": {"x": 100, "qkv": 800, "softmax": 100},
    "words": {"x": 768, "qkv": 56448, "softmax": 288},
    "instructions": {"x": 1, "qkv": 30, "softmax": 12},
    "products": {"x": 0, "qkv": 7_077_888, "softmax": 0},
    "numbers": {"x": 6144, "qkv": 0, "softmax": 3072},
    "results": 6144,
}
PART = {"spec": "gemm/int8xint8/8x8", "lut": 1234.4, "ff": 99.0, "picojoules": 0.5, "operation": "products"}


def values(row: Row) -> dict[tuple[str, ...], dict[str, Any]]:
    if not row.runs:
        return {("network",): NETWORK, ("layer",): LAYER}
    return {("run",): RUN, ("layer",): LAYER, **{("part", part): PART for part in PARTS}}


def test_the_page_says_what_was_found() -> None:
    study = TransformerLayer.load()
    text = study.files([(row, values(row)) for row in study.rows])["transformer.md"]
    assert isinstance(text, str)
    assert "of 200 pairs" in text and "float32 has 65.5%" in text
    lines = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in
             text.splitlines() if line.startswith("|")}  # fmt: skip
    assert lines["MXINT8"] == ["40.0", "37.9", "32.4", "28.1"]
    assert lines["`qkv`"] == ["30", "56,448", "7,077,888", "800", "80.0%", "3,538.9", "40.0"]
    assert lines["`softmax`"] == ["12", "288", "-", "100", "10.0%", "4.6", "37.9"]
    assert lines["`x`"] == ["1", "768", "-", "100", "10.0%", "-", "-"]
    assert f"qkv          {'█' * 50} 800" in text and "1,000 cycles, 6,144 codes" in text


def test_energy_that_is_not_known_is_left_out() -> None:
    cost = {part: PART | {"picojoules": None if part == "softmax" else 2.0} for part in PARTS}
    assert energy_of("softmax", RUN, cost) is None
    assert energy_of("qkv", RUN, cost) == 2 * 7_077_888


def test_rows_are_recipes_and_an_encoder(tmp_path: Path) -> None:
    rows = TransformerLayer.load().rows
    assert rows[0].recipe == Recipe() and rows[-1].runs
    assert {type(row.recipe) for row in rows} == {Recipe, BlockRecipe}


@pytest.mark.parametrize("text", ["[[recipe]]\ncurve = 1.0", "[[recipe]]\ntitle = 'a'\nsteps = 1"])
def test_rows_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="transformer.toml, recipe 1: "):
        read(text)
