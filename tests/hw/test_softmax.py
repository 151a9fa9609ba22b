"""The softmax's spec: names, widths, cycles, checks."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.softmax import MAX_STEPS, SoftmaxSpec

INT8, UINT8 = map(parse_format, ("int8", "uint8"))


@pytest.mark.parametrize(
    "name",
    [
        "softmax/int8/n4/r256/s20/uint8/shiftmax/p7",
        "softmax/uint4/n1/r5/s1/uint16/twopass/p0/fast",
        "softmax/int16/n2/r16384/s1024/uint1/twopass/p3",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_the_reciprocal_is_no_wider_than_the_smallest_sum_makes_it() -> None:
    # The highest number alone adds steps * 2**15.
    assert SoftmaxSpec(INT8, 4, 256, 20).reciprocal_bits == ((2**31 - 1) // (20 << 15)).bit_length() == 12


def test_a_row_takes_as_many_cycles_as_passes_and_what_is_between() -> None:
    three, two = (SoftmaxSpec(INT8, 4, 256, 20, UINT8, method, 7) for method in ("shiftmax", "twopass"))
    assert (three.passes, two.passes) == (3, 2)
    assert three.cycles(128, 2) - three.cycles(64, 1) == 3 * 64 + 2 * (7 + 5) + 12
    assert two.cycles(128, 2) - two.cycles(64, 1) == 2 * 64 + (7 + 3 + 5) + two.reciprocal_bits


def test_rows_that_are_too_long_are_no_run() -> None:
    spec = SoftmaxSpec(INT8, 4, 16, 20)
    spec.check_run(8, 2)
    for beats in (1, 9):
        with pytest.raises(ValueError, match=f"beats must be 1 to 4 for each row, got {beats} for 2 rows"):
            spec.check_run(beats, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", 4, 8, 3), TypeError, "input must be a Format, got 'int8'"),
        ((parse_format("e4m3"), 4, 8, 3), ValueError, "input must be an integer of at most 16 bits, got e4m3"),
        ((parse_format("int17"), 4, 8, 3), ValueError, "input must be an integer of at most 16 bits, got int17"),
        ((INT8, 0, 8, 3), ValueError, "lanes must be .*got 0"),
        ((INT8, 4, 0, 3), ValueError, "row must be .*got 0"),
        ((INT8, 4, 10, 3), ValueError, "row must be a multiple of 4, the lanes, got 10"),
        ((INT8, 4, 8, 0), ValueError, f"steps must be 1..{MAX_STEPS}, got 0"),
        ((INT8, 4, 8, 1.5), TypeError, "steps must be .*got 1.5"),
        ((INT8, 4, 8, 3, "uint8"), TypeError, "output must be a Format, got 'uint8'"),
        ((INT8, 4, 8, 3, INT8), ValueError, "output must be uint1 to uint16, got int8"),
        ((INT8, 4, 8, 3, UINT8, "exact"), ValueError, "method must be one of shiftmax, twopass, got 'exact'"),
        ((INT8, 4, 8, 3, UINT8, "shiftmax", 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_no_softmax_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SoftmaxSpec(*arguments)  # type: ignore[arg-type]
