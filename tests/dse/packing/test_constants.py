"""An array becomes the matrix of a unit, and its numbers come back out of the hardware's model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dse.packing.constants import constants
from macsmith.cli import main
from sim.golden import decode, encode, model

WEIGHTS = np.array([[0.5, -1.0], [0.25, 0.0], [1.75, -0.75]])
"""K is 3, N is 2."""


def test_each_column_is_a_row_of_the_matrix() -> None:
    found = constants("constmat/int8xint4/p1/fast", WEIGHTS, scale=0.25)
    assert found.spec.name == "constmat/int8xint4/2x3/217c0d/p1/fast"
    assert found.error == 0
    assert constants("constmat/int8xint4/p1/fast", WEIGHTS.T, 0.25, transpose=True).spec == found.spec


def test_results_are_the_products_of_the_numbers() -> None:
    found = constants("constmat/int8xe4m3", WEIGHTS, scale="column")
    x = np.array([[3, -5, 100], [-128, 127, 1]])
    codes = encode(found.spec.input, x)
    given = model(found.spec).run(x={"x": codes, "last": np.zeros(2, dtype=int)})["y"]["x"]
    assert np.allclose(decode(found.spec.result, given) * found.scale, x @ WEIGHTS, rtol=0, atol=found.error * 400)


def test_a_design_is_generated_from_a_file(tmp_path: Path, capsys: Any) -> None:
    np.save(tmp_path / "w.npy", WEIGHTS)
    arguments = ["--weights", str(tmp_path / "w.npy"), "--scale", "0.25", "--store", str(tmp_path / "store.sqlite")]
    assert main(["generate", "constmat/int8xint4/p1", *arguments, "-o", str(tmp_path / "rtl")]) == 0
    said = capsys.readouterr()
    assert "constmat_int8xint4_2x3_217c0d_p1.v" in said.out
    assert "2 rows, 3 columns, numbers divided by 0.25; none is off by more than 0 of the largest" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("mac/int8xint8", WEIGHTS),
            "weights must be those of a unit written constmat/INxWEIGHTS.* got 'mac/int8xint8'",
        ),
        (("constmat", WEIGHTS), "weights must be those of a unit written constmat/INxWEIGHTS.* got 'constmat'"),
        (("constmat/int8xint4", np.array([[np.nan]])), "values must be finite numbers, got"),
        (("constmat/int8xint4", np.zeros((2, 2, 2))), "array must have one, two or four axes .*got shape"),
        (("constmat/int8xint4", WEIGHTS, -1.0), "scale must be a number above zero, .*got -1.0"),
    ],
)
def test_what_is_no_matrix_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        constants(*arguments)


def test_a_scale_without_weights_is_refused(capsys: Any) -> None:
    assert main(["verify", "constmat/int8xint4/2x3/217c0d", "--scale", "0.5"]) == 2
    assert "--scale and --transpose need --weights" in capsys.readouterr().err
