"""Formulas of others, worked out by hand."""

from __future__ import annotations

from math import log2
from typing import Any

import pytest

import hw
from costmodel.published import finn_luts, paper_gates


def test_finn_reckons_elements_and_lanes() -> None:
    spec: Any = hw.parse("matvec/int4xint4/2x3/exact/kulisch64/p1")
    # Eight bits: three LUTs a bit and product. Two elements of three lanes: 3 x 3 x 8 in products, 8 x 5 in sums.
    assert finn_luts(spec) == pytest.approx(300 + 1.1 * 2 * (72 + 40 + spec.accumulator_format.width))


def test_the_gate_model_of_an_integer_has_no_aligner() -> None:
    fmt: Any = hw.parse_format("mxint8")
    assert paper_gates(fmt) == 8 * 8 + 2 * 8


def test_the_gate_model_of_a_float_shares_the_normaliser() -> None:
    nvfp4: Any = hw.parse_format("nvfp4")
    # E2M1: n = min(8 + 2, 24).
    assert paper_gates(nvfp4) == pytest.approx(4 + 3 * 2 + 10 * log2(10) * (1 + 1 / 16))
    mxfp8: Any = hw.parse_format("mxfp8e4m3")
    # E4M3: n would be 38.
    assert paper_gates(mxfp8) == pytest.approx(16 + 3 * 4 + 24 * log2(24) * (1 + 1 / 32))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: finn_luts("matvec"), TypeError, "spec must be a MatVecSpec, got 'matvec'"),
        (
            lambda: finn_luts(hw.parse("matvec/int8xint8/4x8/8x16")),
            ValueError,
            "spec must be a matvec without a resident matrix, got 'matvec/int8xint8/4x8/8x16",
        ),
        (lambda: paper_gates(hw.parse_format("int8")), TypeError, "block must be a Block, got"),
    ],
)
def test_what_a_formula_is_not_for_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
