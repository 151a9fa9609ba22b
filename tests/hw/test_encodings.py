"""Encodings: what each code is worth, names, and what is no encoding."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

import hw
from hw.encodings import Flagged, KHot, Unpacked
from hw.formats import parse_format


@pytest.mark.parametrize(
    "name",
    ["fe5m2", "fe2m1", "parts5.8.16", "uparts2.4.-3", "parts4.6.2-signed", "khot2.3", "khot1.2-f-4", "khot4.3-f7"],
)
def test_names_turn_back(name):
    fmt = parse_format(name)
    assert fmt.name == name and parse_format(fmt.name) == fmt
    every = [fmt.decode(code) for code in range(1 << fmt.width)]
    finite = [value for value in every if isinstance(value, Fraction)]
    unit = Fraction(2) ** fmt.span.lsb
    assert fmt.span.lo * unit <= min(finite) and max(finite) == fmt.span.hi * unit
    assert all((value / unit).denominator == 1 for value in finite)


def test_flags_say_what_a_code_is():
    fmt = Flagged(5, 2)
    assert fmt.width == 10
    # From the top: two flags, sign, five bits of exponent, two of mantissa.
    assert fmt.decode(0b01_0_01111_00) == 1
    assert fmt.decode(0b01_1_10000_10) == -3
    assert fmt.decode(0b01_0_00000_00) == Fraction(1, 1 << 15)
    assert fmt.decode(0b01_0_11111_11) == Fraction(7, 4) * 2**16
    assert fmt.decode(0b00_1_10101_01) == 0
    assert fmt.decode(0b10_0_11111_11) == math.inf and fmt.decode(0b10_1_00000_00) == -math.inf
    assert math.isnan(fmt.decode(0b11_0_00000_00))
    assert [fmt.code_of(x) for x in (math.inf, -math.inf)] == [0b10 << 8, 0b101 << 7]
    assert fmt.is_reserved(1) and not fmt.is_reserved(0) and not fmt.is_reserved(0b01 << 8 | 5)


def test_parts_are_multiplied():
    fmt = Unpacked(3, 4, 2)
    assert fmt.decode(0b0_101_0011) == 3 * 2**3
    assert fmt.decode(0b1_000_0110) == -Fraction(6, 4)
    assert Unpacked(3, 4, 0, sign=False, signed=True).decode(0b001_1000) == -16


def test_a_sum_of_powers_of_two():
    fmt = KHot(2, 2)
    # The lower term is +4, the upper -1.
    assert fmt.decode(0b100_010) == 3
    assert {fmt.decode(code) for code in range(64)} == {
        s * (1 << p) + t * (1 << q) for s in (1, -1) for t in (1, -1) for p in range(4) for q in range(4)
    }
    assert KHot(1, 2, 1).decode(0b101) == -1
    canonical = [code for code in range(64) if not fmt.is_reserved(code)]
    assert len(canonical) == len({fmt.decode(code) for code in range(64)})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Flagged(1, 2), ValueError, "exponent_bits must be 2..6, got 1"),
        (lambda: Flagged(4, 11), ValueError, "mantissa_bits must be 1..10, got 11"),
        (lambda: Unpacked(0, 4, 0), ValueError, "exponent_bits must be 1..9, got 0"),
        (lambda: Unpacked(3, 33, 0), ValueError, "significand_bits must be 1..32, got 33"),
        (lambda: Unpacked(3, 4, 500), ValueError, "fraction must be -400..400, got 500"),
        (lambda: Unpacked(3, 4, 0, sign=1), TypeError, "sign must be a bool, got 1 of type int"),
        (lambda: Unpacked(3, 4, 0, signed=1), TypeError, "signed must be a bool, got 1 of type int"),
        (lambda: KHot(5, 2), ValueError, "terms must be 1..4, got 5"),
        (lambda: KHot(2, 5), ValueError, "shift_bits must be 1..4, got 5"),
        (lambda: KHot(2, 2, 65), ValueError, "fraction must be -64..64, got 65"),
        (lambda: KHot(4, 4), ValueError, "terms of a sign and 4 bits must be at most 16 together, got khot4.4"),
        (
            lambda: hw.parse("mul/fe5m2xfe4m3/exact/fe5m2"),
            ValueError,
            "operands must be fe5m2, as the result is, got fe5m2 and fe4m3",
        ),
        (
            lambda: hw.parse("add/fe5m2xfe5m2/fe5m2:up"),
            ValueError,
            "rounding must be nearest_even for fe5m2, got 'up'",
        ),
        (
            lambda: hw.parse("mul/e4m3xe4m3/lmul/unpacked"),
            ValueError,
            "product must be exact for an unpacked result, got 'lmul'",
        ),
        (
            lambda: hw.parse("mul/e4m3xe4m3/exact/unpacked:up"),
            ValueError,
            "rounding must be left out where nothing is rounded, got 'up'",
        ),
        (
            lambda: hw.parse("mul/int8xint8/exact/unpacked"),
            ValueError,
            "operands of an unpacked product must have exponents, one at least, got int8 and int8",
        ),
        (
            lambda: hw.parse("mul/nf4xe4m3/exact/unpacked"),
            ValueError,
            "unpacked products take minifloats, powers of two, integers and fixed point, got nf4",
        ),
        (
            lambda: hw.parse("mul/e4m3xe4m3/exact/parts2.2.0"),
            ValueError,
            "result must be parts5.8.20 for these operands, or unpacked, got parts2.2.0",
        ),
        (
            lambda: hw.parse("dot/fe5m2xfe5m2/n2/exact/fe5m2"),
            ValueError,
            "result must be exact or a float with exponent bits, got fe5m2",
        ),
        (
            lambda: hw.parse("add/e4m3xe4m3/unpacked"),
            ValueError,
            "result must be exact or a float, got 'unpacked', which only products of unit mul can be",
        ),
        (
            lambda: hw.parse("elementwise/exact/e4m3xe4m3/n1/unpacked"),
            ValueError,
            "result must be exact or a float, got 'unpacked', which only products of unit mul can be",
        ),
        (
            lambda: hw.parse("mul/fe5m2xfe5m2/lmul/fe5m2"),
            ValueError,
            "product lmul takes minifloats, got fe5m2 and fe5m2",
        ),
    ],
)
def test_what_is_none_says_why(make, error, message):
    with pytest.raises(error) as raised:
        make()
    assert message in str(raised.value)


def test_an_unpacked_spec_turns_back():
    spec = hw.parse("mul/e5m2xint4/exact/unpacked/p1")
    assert spec.name == "mul/e5m2xint4/exact/unpacked/p1"
    assert spec.result == Unpacked(5, 7, 17, signed=True)
    assert type(spec)(spec.a, spec.b, result=spec.result, pipeline=1) == spec
    assert spec.has_status and not hw.parse("mul/fe5m2xfe5m2/exact/fe5m2").has_status
