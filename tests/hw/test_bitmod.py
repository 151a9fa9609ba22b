"""The spec of the element for a mixture of data types, and the terms that its weights are taken apart into."""

from __future__ import annotations

from typing import Any

import pytest

import hw
from hw.datapath.terms import MAGNITUDES, SPECIALS, split, term_code
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.bitmod import TERM, BitmodSpec

INT8 = parse_format("int8")


@pytest.mark.parametrize("name", ["bitmod/int8/n4/g128/kulisch4096/p2", "bitmod/e5m10/n8/g64/kulisch64/p0"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_every_magnitude_of_a_float_is_two_terms() -> None:
    for kind, magnitudes in MAGNITUDES.items():
        for magnitude in (*magnitudes, *SPECIALS[kind]):
            high, low = split(magnitude)
            assert 4 * high + low == magnitude
            # Each is a code of the format that is multiplied.
            assert TERM.value(term_code(high)) == high and TERM.value(term_code(low)) == low
    with pytest.raises(ValueError, match="magnitude must be a sum of two terms, got 11"):
        split(11)


def test_terms_are_cycles() -> None:
    spec = BitmodSpec(INT8, 4, 128, pipeline=2)
    assert [spec.cycles(2, 3, terms) for terms in (2, 3, 4)] == [2 * 3 * 32 * terms + 2 + 2 + 8 for terms in (2, 3, 4)]
    assert spec.work(2, 3, 2) == 2 * 3 * 128
    assert spec.moved(2, 3, 2) == {"x": 192, "w": 192, "g": 6, "y": 2}


def test_the_result_holds_the_largest_weights_times_the_largest_scale() -> None:
    spec = BitmodSpec(INT8, 4, 16, "kulisch16")
    assert spec.result.span.hi >= 16 * 128 * 128 * 255
    assert spec.result.width == (16 * 128 * 128 * 255).bit_length() + 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", 4, 128), TypeError, "x must be a Format, got 'int8'"),
        ((parse_format("fp16"), 4, 128), ValueError, "x must be a format without infinities and NaNs, got fp16"),
        ((INT8, 0, 128), ValueError, "lanes must be 1..64, got 0"),
        ((INT8, 4, 126), ValueError, "group must be a multiple of 4 lanes, from 16 on, got 126"),
        ((INT8, 4, 12), ValueError, "group must be a multiple of 4 lanes, from 16 on, got 12"),
        ((INT8, 4, 128, "kulisch64"), ValueError, "accumulator must have a depth of at least 128, a group, got 64"),
        ((INT8, 4, 128, "fp32"), ValueError, "accumulator must be kulischDEPTH, got 'fp32'"),
        ((INT8, 4, 128, 7), TypeError, "accumulator must be a str, got 7"),
        ((INT8, 4, 128, "kulisch128", 100), ValueError, "pipeline must be 0..99, got 100"),
    ],
)
def test_what_is_no_mixture_is_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        BitmodSpec(*arguments)
