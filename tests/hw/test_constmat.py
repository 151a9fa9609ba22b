"""The spec of a matrix of constants: names, matrices, widths, checks."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.constmat import ConstMatSpec
from hw.specs.matrices import constants_of, read_codes, write_codes

INT8, INT4 = map(parse_format, ("int8", "int4"))


@pytest.mark.parametrize(
    "name",
    [
        "constmat/int8xint4/4x8/seed7/p2",
        "constmat/e4m3xternary/2x3/seed1:30/p4/fast",
        "constmat/fix6.2xint4/2x2/07f8/p0",
        "constmat/int4xe4m3/1x2/7f80/p1",
        "constmat/int8xint4/4x8/seed7/f4/p2/fast",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_a_matrix_is_written_code_by_code() -> None:
    spec = hw.parse("constmat/int8xint4/2x3/07f821")
    assert spec.codes == ((0, 7, 15), (8, 2, 1))  # type: ignore[attr-defined]
    assert spec.constants == ((0, 7, -1), (-8, 2, 1))  # type: ignore[attr-defined]
    assert write_codes(spec.codes, INT4) == "07f821"  # type: ignore[attr-defined]


def test_a_seed_is_a_matrix_for_ever() -> None:
    # SHAKE-256 of "7", eight bytes for a code and eight for whether it is zero.
    assert write_codes(read_codes("seed7", INT8, 2, 3), INT8) == "11eefcebcd5e"
    sparse = constants_of("seed7:20", INT8, 32, 32)
    share = sum(constant != 0 for row in sparse for constant in row) / 1024
    assert 0.15 < share < 0.25


def test_the_result_holds_just_what_the_constants_make() -> None:
    # 7 * 127 + 1 * 128 and 7 * -128 - 127; the other row has less.
    assert ConstMatSpec(INT8, INT4, 2, 2, "7f01").span.hi == 7 * 127 + 128
    assert ConstMatSpec(INT8, INT4, 2, 2, "7f01").span.lo == -7 * 128 - 127
    assert ConstMatSpec(INT8, INT4, 1, 2, "00").result.name == "ufix1.0"


def test_a_folded_vector_takes_cycles_for_its_bits() -> None:
    spec = ConstMatSpec(INT8, INT4, 4, 8, "seed7", 4, 2)
    assert (spec.digit.lo, spec.digit.hi) == (-2, 3)
    assert (spec.latency, spec.cycles(10)) == (7, 44)
    assert spec.rate.count == 8 and spec.work(10) == 320


def test_weights_in_floats_are_on_their_grid() -> None:
    spec = hw.parse("constmat/e2m1xe2m1/1x2/2f")
    # 1 and -6, in halves.
    assert spec.constants == ((2, -12),)  # type: ignore[attr-defined]
    assert spec.result.fraction == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", INT4, 2, 2, "seed1"), TypeError, "input must be a Format, got 'int8'"),
        ((INT8, "int4", 2, 2, "seed1"), TypeError, "weights must be a Format, got 'int4'"),
        (
            (parse_format("e5m2"), INT4, 2, 2, "seed1"),
            ValueError,
            "input must have no infinities and NaN, got e5m2",
        ),
        (
            (parse_format("fix80.0"), INT4, 2, 2, "seed1"),
            ValueError,
            "input must have a grid of at most 64 bits, got fix80",
        ),
        ((INT8, INT4, 0, 2, "seed1"), ValueError, "rows must be .*got 0"),
        ((INT8, INT4, 1024, 1024, "seed1"), ValueError, "rows x columns must be at most 16384, got 1024x1024"),
        ((INT8, INT8, 8, 512, "seed1"), ValueError, "matrix must have at most 1048576 pairs of signed digits .*got"),
        ((INT8, parse_format("fix20.0"), 1, 1, "00000"), ValueError, "weights must have at most 16 bits, got fix20.0"),
        ((INT8, INT4, 2, 2, 7), TypeError, "matrix must be a str, got 7 of type int"),
        ((INT8, INT4, 2, 2, "seed"), ValueError, "matrix must be seedN, .* or 4 codes of 1 hex.* got 'seed'"),
        ((INT8, INT4, 2, 2, "07f"), ValueError, "matrix must be seedN, .* or 4 codes of 1 hex.* got '07f'"),
        ((INT8, parse_format("int3"), 1, 2, "1f"), ValueError, "matrix must have codes of 3 bits, got f"),
        ((INT8, parse_format("binary"), 1, 2, "seed1:50"), ValueError, "matrix must not have zeros where binary has"),
        ((INT8, parse_format("e4m3fn"), 1, 1, "7f"), ValueError, "matrix must have numbers only, got nan .code 127"),
        ((INT8, INT4, 2, 2, "seed1", 0), ValueError, "fold must be 1..64, got 0"),
        ((INT8, INT4, 2, 2, "seed1", 3), ValueError, "fold must divide the 8 bits of int8, got 3"),
        ((parse_format("e4m3"), INT4, 2, 2, "seed1", 2), ValueError, "fold must be 1 where inputs are no integers"),
        ((INT8, INT4, 2, 2, "seed1", 1, 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_no_matrix_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ConstMatSpec(*arguments)  # type: ignore[arg-type]
