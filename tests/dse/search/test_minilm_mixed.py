"""A format for each of MiniLM's layers, as chosen within budgets."""

from __future__ import annotations

import numpy as np
import pytest

from dse.search.minilm import BUDGETS, MEASURES, chosen, each, read_mixtures, sensitivities, spelled, written
from dse.workloads.sensitivity import ALL, read_sensitivity

NAMES = ["int4xint4/exact/exact", "int8xint8/exact/exact"]
LAYERS = dict.fromkeys(row["layer"] for row in read_sensitivity() if row["layer"] != ALL)
EVEN = {layer: {"params": 10, "macs": 1} for layer in LAYERS}


def test_costs_are_bits_of_the_weights_and_luts_of_macs() -> None:
    assert each("bits", ["int8xint4/exact/exact"]) == {"int8xint4/exact/exact": 4.0}
    luts = each("luts", NAMES)
    assert 20 < luts[NAMES[0]] < luts[NAMES[1]] < 200
    with pytest.raises(ValueError, match=r"^measure must be one of bits, luts, got 'pj'"):
        each("pj", NAMES)


def test_the_least_change_within_a_mean_of_bits_is_chosen() -> None:
    table = sensitivities(EVEN)
    assert table.omega.shape == (36, 4)
    best, spent = chosen(table, "bits", 8.0)
    assert spent <= 8 and best.loss == pytest.approx(table.omega.min(axis=1).sum())
    tight, least = chosen(table, "bits", 4.0)
    assert least == 4 and set(tight.choices.values()) <= {"int4xint4/exact/exact", "e2m1xe2m1/exact/exact"}
    half, spent = chosen(table, "bits", 6.0)
    assert spent <= 6 and best.loss < half.loss < tight.loss


def test_choices_are_counted() -> None:
    assert spelled([NAMES[1], NAMES[0], NAMES[1]]) == "1 int4xint4, 2 int8xint8"


def test_the_table_has_a_mixture_for_each_budget_and_is_written_as_it_is_read() -> None:
    found = read_mixtures()
    assert [(row["measure"], row["bound"]) for row in found] == list(BUDGETS)
    for row in found:
        assert row["measure"] in MEASURES and row["spent"] <= row["bound"] * (1 + 1e-5)
        assert list(LAYERS) == [pair.partition("=")[0] for pair in row["choices"].split()]
        assert row["loss"] == pytest.approx(100 * (row["reference"] - row["value"]), abs=1e-6)
        changes = {(of["layer"], of["arithmetic"]): of["squared_change"] for of in read_sensitivity()}
        parts = [changes[tuple(pair.split("="))] for pair in row["choices"].split()]
        assert np.sum(parts) == pytest.approx(row["predicted"], rel=1e-4)
    lines = written(found).splitlines()
    assert len(lines) == 3 + len(found) and lines[1] == "# python -m dse.search.minilm"
