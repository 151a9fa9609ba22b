"""Softmaxes do what their models do, and these are what was published, near the softmax."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hw
from sim.golden import model
from sim.golden.shiftexp import int_exp_shift
from sim.verify import verify

SHIFTMAX, TWO_PASS = "softmax/int8/n4/r256/s20", "softmax/int8/n4/r256/s20/uint8/twopass"


@pytest.mark.kept(
    "softmax/int8/n2/r16/s3/uint8/twopass@ecp5",
    "softmax/uint4/n3/r9/s3/uint16@ice40",
    "softmax/int6/n1/r7/s5/uint5/twopass/p0@xcup",
    "softmax/int4/n1/r1/s1/uint1",
)
@pytest.mark.parametrize(
    "name",
    [
        "softmax/int8/n2/r16/s20@ecp5",
        "softmax/int8/n2/r16/s3/uint8/twopass@ecp5",
        "softmax/uint4/n3/r9/s3/uint16@ice40",
        "softmax/int6/n1/r7/s5/uint5/twopass/p0@xcup",
        "softmax/int4/n1/r1/s1/uint1",
        # The sum has more than 31 bits.
        "softmax/int12/n2/r4096/s900/uint8",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def published(x: int, x0: int, n: int) -> int:
    """int_exp_shift of arXiv 2207.01405, word by word."""
    x = x + floor(Fraction(x, 2)) - floor(Fraction(x, 16))
    x = max(x, n * x0)
    q = floor(Fraction(x, x0))
    r = x - x0 * q
    return max(0, floor((Fraction(r, 2) - x0) * 2 ** (n - q)))


@pytest.mark.parametrize(("x0", "n"), [(-1, 15), (-20, 15), (-7, 23), (-45, 15)])
def test_exponentials_are_those_that_were_published(x0: int, n: int) -> None:
    x = np.arange(-1000, 1)
    assert int_exp_shift(x, x0, n).tolist() == [published(number, x0, n) for number in x.tolist()]


def outputs(name: str, rows: list[list[int]], keep: NDArray[Any] | None = None) -> tuple[NDArray[Any], list[int]]:
    """The codes of rows that are as long, and their flags."""
    spec: Any = hw.parse(name)
    x = np.array(rows)
    beats = x.shape[1] // spec.lanes
    kept = np.ones_like(x) if keep is None else keep
    fields = {"x": x & ((1 << spec.input.width) - 1), "keep": kept}
    given = {part: codes.reshape(-1, spec.lanes) for part, codes in fields.items()}
    y = model(spec).run(x={**given, "last": np.arange(len(x) * beats) % beats == beats - 1})["y"]
    ends = np.flatnonzero(y["last"])
    return y["x"].reshape(len(x), -1), y["error"][ends].tolist()


def test_shiftmax_is_what_was_published() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(-128, 128, (20, 64))
    found, flags = outputs(SHIFTMAX, rows.tolist())
    for row, codes in zip(rows.tolist(), found.tolist(), strict=True):
        e = [published(x - max(row), -20, 15) for x in row]
        factor = floor(Fraction(2**31 - 1, min(sum(e), 2**31 - 1)))
        # The output has one bit less than I-ViT's, which has a sign.
        assert codes == [floor(Fraction(each * factor, 2 ** (31 - 9 + 1))) for each in e]
    assert flags == [0] * 20


@pytest.mark.parametrize(("name", "most"), [(SHIFTMAX, 0.14), (TWO_PASS, 0.09)])
def test_results_are_near_the_softmax(name: str, most: float) -> None:
    rows = np.random.default_rng(2).normal(0, 40, (200, 64)).round().clip(-128, 127).astype(int)
    found, _ = outputs(name, rows.tolist())
    exact = np.exp((rows - rows.max(axis=1, keepdims=True)) / 20)
    exact /= exact.sum(axis=1, keepdims=True)
    assert np.abs(found / 256 - exact).max() < most * exact.max()
    # Rounded down, all together are no more than one.
    assert found.sum(axis=1).max() <= 256 * (1 + most)


@pytest.mark.parametrize("name", [SHIFTMAX, TWO_PASS])
def test_numbers_that_are_not_kept_are_as_if_they_were_not_there(name: str) -> None:
    rng = np.random.default_rng(3)
    rows, keep = rng.integers(-128, 128, (10, 32)), rng.integers(0, 2, (10, 32))
    found, _ = outputs(name, rows.tolist(), keep)
    changed, _ = outputs(name, np.where(keep, rows, 127 - rows).tolist(), keep)
    assert np.array_equal(found, changed)
    assert not found[keep == 0].any() and found[keep == 1].any()


@pytest.mark.parametrize("method", ["shiftmax", "twopass"])
def test_a_row_beyond_the_memory_is_cut_and_an_empty_one_is_zeros_and_both_are_flagged(method: str) -> None:
    spec = hw.parse(f"softmax/int8/n1/r4/s20/uint8/{method}")
    lengths, keep = [6, 4, 3, 2], np.array([1] * 10 + [0] * 3 + [1] * 2)
    last = np.zeros(15, dtype=int)
    last[np.cumsum(lengths) - 1] = 1
    x = np.arange(15)
    y = model(spec).run(x={"x": x[:, None], "keep": keep[:, None], "last": last})["y"]
    assert y["error"].tolist() == [1] * 4 + [0] * 4 + [1] * 3 + [0] * 2
    assert np.flatnonzero(y["last"]).tolist() == [3, 7, 10, 12]
    # Rows are told by differences alone: 0..3 give what 6..9 give, or nearly, where there is no maximum taken away.
    assert np.abs(y["x"][:4].astype(int) - y["x"][4:8].astype(int)).max() <= (0 if method == "shiftmax" else 4)
    assert not y["x"][8:11].any()
