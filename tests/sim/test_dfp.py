"""Dual multiply-accumulates do what their models do: sums, chunks, and the flag of one that is too large."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, model
from sim.verify import verify


@pytest.mark.parametrize(
    "name",
    [
        "dfp/int16xint16/w32/s7/c64@ecp5",
        "dfp/int16xint16/w33/p1",
        "dfp/int4xint4/w10/s1/c4/p0@ice40",
        "dfp/uint4xint5/w12/p0@xcup",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def sums(name: str, a: list[list[int]], b: list[list[int]], last: list[int]) -> dict[str, list[float]]:
    """What the model gives of numbers."""
    spec = hw.parse(name)
    codes = [np.array(x) & 0xFFFF for x in (a, b)]
    found = model(spec).run(a={"x": codes[0], "last": last}, b={"x": codes[1]})["sum"]
    return {
        "x": decode(spec.result, found["x"]).tolist(),
        "over": found["over"].tolist(),
        "last": found["last"].tolist(),
    }  # type: ignore[attr-defined]


def test_the_largest_pair_is_the_one_that_32_bits_do_not_hold() -> None:
    lowest = [-(1 << 15)] * 2
    found = sums("dfp/int16xint16/w33", [lowest] * 3, [lowest] * 3, [1, 0, 1])
    assert found["x"] == [2**31, 2**32 - 2**33] and found["over"] == [0, 1]
    assert sums("dfp/int16xint16/w32/s1", [lowest], [lowest], [1])["x"] == [2**30]


def test_a_flag_stays_where_a_sum_comes_back() -> None:
    lowest, highest = [-(1 << 15)] * 2, [(1 << 15) - 1] * 2
    found = sums("dfp/int16xint16/w33", [lowest] * 4, [lowest, lowest, highest, highest], [0, 0, 0, 1])
    assert found["x"] == [4 * 2**15] and found["over"] == [1]


def test_chunks_and_frames_end_sums_and_pairs_go_down() -> None:
    ones = [[1, 2]] * 5
    found = sums("dfp/int16xint16/w40/s1/c2", ones, [[3, 2]] * 5, [0, 0, 0, 0, 1])
    assert found["x"] == [6, 6, 3] and found["last"] == [0, 0, 1]
    # Down is down: a pair of -7 is -4.
    assert sums("dfp/int16xint16/w40/s1/c2", [[-1, -2]], [[3, 2]], [1])["x"] == [-4]
