"""The spec of a product that skips zero digits, and the digits: names, widths, cycles, checks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from hw.recoding import RECODINGS, booth_digits
from hw.spec import from_json
from hw.specs.sparse import SparseSpec

INT4, INT8, UINT8, E2M1 = map(parse_format, ("int4", "int8", "uint8", "e2m1"))


@pytest.mark.parametrize(
    "name", ["sparse/int8xint8/k64/n16/l4/naf", "sparse/uint2xe2m1/k2/n1/l1/booth", "sparse/int4xint16/k1000/n6/l3/naf"]
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


@pytest.mark.parametrize(("n", "load"), [(16, 4), (6, 2), (3, 1), (1, 1)])
def test_a_beat_has_four_codes_of_the_matrix_if_columns_are_a_multiple(n: int, load: int) -> None:
    assert SparseSpec(INT8, INT8, 16, n).load == load


def test_booths_digits_are_the_number_and_one_of_each_pair_of_bits() -> None:
    for number in range(-300, 300):
        digits = booth_digits(number)
        assert sum(sign << place for place, sign in digits) == number
        assert all(low // 2 < high // 2 for (low, _), (high, _) in pairwise(digits))


@pytest.mark.parametrize(("a", "recoding", "places", "mean"), [
    (INT8, "naf", 8, 711 / 256), (INT8, "booth", 8, 3), (UINT8, "naf", 9, 3.109375), (INT4, "naf", 4, 1.4375),
])  # fmt: skip
def test_digits_of_all_codes(a: Any, recoding: str, places: int, mean: float) -> None:
    spec = SparseSpec(a, INT8, 16, 4, recoding=recoding)
    assert (spec.places, float(spec.mean)) == (places, mean)


@pytest.mark.parametrize("a", ["int2", "int3", "int5", "uint2", "uint5"])
@pytest.mark.parametrize("recoding", RECODINGS)
def test_a_sum_holds_whatever_digits_up_to_a_place_make_of_it(a: str, recoding: str) -> None:
    spec = SparseSpec(parse_format(a), INT4, 3, 1, recoding=recoding)  # type: ignore[arg-type]
    span, worst = spec.a.span, [0, 0]
    for number in range(span.lo, span.hi + 1):
        digits = RECODINGS[recoding](number)
        for place in range(spec.places):
            for upto in (place, place + 1):
                weight = sum(sign << at for at, sign in digits if at < upto)
                for b in (spec.b.span.lo, spec.b.span.hi):
                    # Of three rows alike, moved down: rounded down, as bits leave.
                    moved = 3 * weight * b >> place
                    worst = [min(worst[0], moved), max(worst[1], moved)]
    assert spec.sum.lo <= worst[0]
    assert worst[1] <= spec.sum.hi
    assert spec.sum.lo >= worst[0] - 1
    assert spec.sum.hi <= worst[1] + 1


def test_vectors_that_are_alike_take_what_any_vectors_do() -> None:
    spec = SparseSpec(INT8, INT8, 16, 4)
    for vectors, digits in ((1, 16), (2, 16), (7, 40), (5, 64)):
        each = [digits // 8 + (place < digits % 8) for place in range(8)]
        last = [number == vectors - 1 for number in range(vectors)]
        assert spec.cycles(vectors, digits) == spec.cycles_of([each] * vectors, [0] * vectors, last)


def test_zeros_take_what_lists_and_places_do() -> None:
    spec = SparseSpec(INT8, INT8, 16, 1)
    none = [0] * 8
    # While the next vector is listed, 16 cycles, 16 are worked; and one shows the sums.
    assert spec.cycles_of([none] * 3, [16] * 3, [0, 0, 1]) - spec.cycles_of([none] * 2, [16] * 2, [0, 1]) == 17
    # Codes of no digit are listed longer than the one that has some is worked off.
    one = [4, 4, 0, 0, 0, 0, 0, 0]
    long = [spec.cycles_of([one] * count, [40] * count, [0] * count) for count in (7, 8)]
    assert long[1] - long[0] == 48


def test_a_matrix_is_loaded_when_the_one_before_is_done() -> None:
    spec = SparseSpec(INT8, INT8, 16, 4)
    one = [2] * 8
    apart = spec.cycles_of([one], [0], [1])
    # The second vector has been listed, so nothing but the cycle that shows the sums is between.
    assert spec.cycles_of([one, one], [0, 0], [1, 0]) == 2 * apart
    assert spec.loading == 2 * 16


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", INT8, 8, 4), TypeError, "a must be a Format, got 'int8'"),
        ((E2M1, INT8, 8, 4), ValueError, r"a must be an integer format of 2\.\.8 bits, got e2m1"),
        ((parse_format("int9"), INT8, 8, 4), ValueError, r"a must be an integer format of 2\.\.8 bits, got int9"),
        ((INT8, "int8", 8, 4), TypeError, "b must be a Format, got 'int8'"),
        ((INT8, parse_format("e5m2"), 8, 4), ValueError, "b must be a format without infinities and NaNs, got e5m2"),
        ((INT8, parse_format("int17"), 8, 4), ValueError, "b must have at most 16 bits"),
        ((INT8, INT8, 1, 4), ValueError, r"k must be 2\.\.1024, got 1"),
        ((INT8, INT8, 8, 0), ValueError, r"n must be 1\.\.1024, got 0"),
        ((INT8, INT8, 8, 4, 3), ValueError, "load must divide n, which is 4, got 3"),
        ((INT8, INT8, 8, 4, 8), ValueError, r"load must be 1\.\.4, got 8"),
        ((INT8, INT8, 8, 4, 4, "csd"), ValueError, "recoding must be one of naf, booth, got 'csd'"),
        ((INT8, INT8, 1024, 1024), ValueError, "the matrix must take at most 4194304 bits, got 18874368"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SparseSpec(*arguments)


def test_cycles_of_arrays_are_arrays() -> None:
    spec = SparseSpec(INT8, INT8, 16, 4)
    assert spec.cycles(np.array([1, 3]), 40).tolist() == [spec.cycles(1, 40), spec.cycles(3, 40)]
