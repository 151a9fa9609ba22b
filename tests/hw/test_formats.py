"""Formats: published values, bounds, names, and what is refused."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import pytest

from hw.formats import (
    CATALOGUE,
    Bipolar,
    Block,
    Codebook,
    Fixed,
    Format,
    FourthRoots,
    Integer,
    Minifloat,
    PowerOfTwo,
    Span,
    parse_format,
    parse_scalar,
)
from hw.formats.describe import datasheet
from hw.formats.rounding import check_rounding

# OFP8 1.0, table 1 (E4M3 and E5M2): code and value.
OFP8 = {
    "e4m3fn": {0x7E: 448, 0x08: 2**-6, 0x07: 0.875 * 2**-6, 0x01: 2**-9, 0x38: 1, 0xFE: -448, 0x00: 0, 0x80: 0},
    "e5m2": {0x7B: 57344, 0x04: 2**-14, 0x03: 0.75 * 2**-14, 0x01: 2**-16, 0x3C: 1, 0xFB: -57344, 0x80: 0},
}
# OCP MX 1.0, tables of the FP6 and FP4 element formats: largest normal, smallest normal, largest and
# smallest subnormal.
MX = {
    "e3m2": (28.0, 0.25, 0.1875, 0.0625),
    "e2m3": (7.5, 1.0, 0.875, 0.125),
    "e2m1": (6.0, 1.0, 0.5, 0.5),
}


@pytest.mark.parametrize("name", OFP8)
def test_fp8_has_the_values_of_its_standard(name: str) -> None:
    fmt = parse_format(name)
    assert {code: fmt.decode(code) for code in OFP8[name]} == OFP8[name]


def test_e4m3fn_has_two_nans_and_no_infinity() -> None:
    values = [parse_format("e4m3fn").decode(code) for code in range(256)]
    assert [code for code, value in enumerate(values) if value != value] == [0x7F, 0xFF]
    assert not any(isinstance(value, float) and math.isinf(value) for value in values)


def test_e5m2_has_the_specials_of_ieee_754() -> None:
    fmt = parse_format("e5m2")
    assert (fmt.decode(0x7C), fmt.decode(0xFC)) == (math.inf, -math.inf)
    assert all(math.isnan(fmt.decode(code)) for code in (0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF))


@pytest.mark.parametrize("name", MX)
def test_mx_elements_have_the_values_of_their_standard(name: str) -> None:
    fmt = parse_format(name)
    assert isinstance(fmt, Minifloat)
    one = 1 << fmt.mantissa_bits
    codes = ((1 << (fmt.width - 1)) - 1, one, one - 1, 1)
    assert tuple(fmt.decode(code) for code in codes) == MX[name]


def test_e2m1_is_the_known_list() -> None:
    values = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert [parse_format("e2m1").decode(code) for code in range(8)] == values
    assert [parse_format("e2m1").decode(8 + code) for code in range(8)] == [-value for value in values]


def test_fnuz_has_one_nan_in_place_of_minus_zero() -> None:
    # arXiv 2206.02915: bias one more, largest values 240 and 57344.
    for name, bias, top in (("e4m3fnuz", 8, 240), ("e5m2fnuz", 16, 57344)):
        fmt = parse_format(name)
        assert isinstance(fmt, Minifloat)
        assert (fmt.bias, fmt.max) == (bias, top)
        assert [code for code in range(256) if fmt.decode(code) != fmt.decode(code)] == [0x80]


def test_without_subnormals_they_are_zeros() -> None:
    flush, keep = parse_format("e3m2-flush"), parse_format("e3m2")
    for code in range(64):
        assert flush.decode(code) == (keep.decode(code) if (code >> 2) & 7 else 0)


def test_without_exponent_bits_a_float_is_fixed_point_with_a_sign() -> None:
    assert [parse_format("e0m2").decode(code) for code in range(8)] == [0, 0.5, 1, 1.5, 0, -0.5, -1, -1.5]


def test_the_wide_floats_are_those_of_ieee_754() -> None:
    for name, letter, codes in (("fp16", "e", range(0, 1 << 16, 7)), ("fp32", "f", range(0, 1 << 32, 9_999_991))):
        fmt, word = parse_format(name), {"e": "H", "f": "I"}[letter]
        for code in codes:
            (expected,) = struct.unpack(f"<{letter}", struct.pack(f"<{word}", code))
            assert fmt.decode(code) == expected or (expected != expected and fmt.decode(code) != fmt.decode(code))


def test_all_finite_e4m3_goes_on_where_the_ocp_one_has_nan() -> None:
    assert parse_format("e4m3").decode(0x7F) == 480
    assert not parse_format("e4m3").has_special


def test_integers() -> None:
    assert [Integer(3).decode(code) for code in range(8)] == [0, 1, 2, 3, -4, -3, -2, -1]
    assert [Integer(3, signed=False).decode(code) for code in range(8)] == list(range(8))


def test_fixed_point_is_scaled_integers() -> None:
    assert [Fixed(3, 1).decode(code) for code in range(8)] == [Fraction(n, 2) for n in (0, 1, 2, 3, -4, -3, -2, -1)]
    assert parse_format("ufix4.-2").max == 60


SMALL = [
    "e0m3",
    "e3m2-flush",
    "e4m3fnuz",
    "e2m3fnuz-b-4",
    "e4m3-b11",
    "int2",
    "int8",
    "uint2",
    "uint8",
    "fix5.2",
    "ufix3.-1",
    "e1m1",
    "e3m0",
    "e2m1",
    "e4m3",
    "e4m3fn",
    "e5m2",
]


@pytest.mark.parametrize("name", [*SMALL, "e3m2ieee", "e2m2fn", "e8m1", "e5m2finite", "e1m6"])
def test_span_is_what_the_codes_say(name: str) -> None:
    fmt = parse_format(name)
    finite = [value for value in map(fmt.decode, range(1 << fmt.width)) if isinstance(value, Fraction)]
    unit = Fraction(2) ** fmt.span.lsb
    assert (fmt.min, fmt.max) == (min(finite), max(finite))
    assert all((value / unit).denominator == 1 for value in finite)
    assert any((value / unit) % 2 for value in finite), "a coarser grid would do"
    assert fmt.has_special == (len(finite) < 1 << fmt.width)


@pytest.mark.parametrize(
    "name",
    [*CATALOGUE, *SMALL, "e5m2finite", "e4m3ieee", "e8m7", "e5m2-b12-flush-inf", "e4m3fn-nan", "uint16", "fix47.18"],
)
def test_names_turn_back_into_equal_formats(name: str) -> None:
    fmt = parse_format(name)
    assert fmt.name == name
    assert parse_format(fmt.name) == fmt
    assert hash(parse_format(fmt.name)) == hash(fmt)


def test_every_minifloat_name_turns_back() -> None:
    seen = set()
    for exponent in range(9):
        for mantissa in range(max(0, 1 - exponent), 32 - exponent, 3):
            for convention in ("finite", "ieee", "fn", "fnuz"):
                for bias, subnormals, overflow in (
                    (None, True, "sat"),
                    (-3, False, "nan"),
                    (11, False, "sat"),
                    (0, True, "inf"),
                ):
                    try:
                        fmt = Minifloat(exponent, mantissa, convention, bias, subnormals, overflow)  # type: ignore[arg-type]
                    except ValueError:
                        continue
                    assert parse_format(fmt.name) == fmt
                    seen.add(fmt.name)
    assert len(seen) > 700


@pytest.mark.parametrize(
    ("lo", "hi", "width"),
    [
        (0, 0, 1),
        (0, 1, 1),
        (0, 255, 8),
        (0, 256, 9),
        (-1, 0, 1),
        (-128, 127, 8),
        (-128, 128, 9),
        (-1, 3, 3),
        (-9, -2, 5),
    ],
)
def test_a_span_knows_its_width(lo: int, hi: int, width: int) -> None:
    span = Span(lo, hi, 0)
    assert span.width == width
    fmt = Fixed.holding(span)
    assert fmt.span.lo <= lo
    assert hi <= fmt.span.hi
    if width > 1:
        narrower = Fixed(width - 1, 0, span.signed).span
        assert not (narrower.lo <= lo and hi <= narrower.hi)


@pytest.mark.parametrize("a", ["int3", "uint3", "e2m1"])
@pytest.mark.parametrize("b", ["int2", "uint2", "e1m2"])
def test_product_and_sum_spans_are_tight(a: str, b: str) -> None:
    x, y = (
        [int(f.decode(c) / Fraction(2) ** f.span.lsb) for c in range(1 << f.width)] for f in map(parse_format, (a, b))
    )
    span = parse_format(a).span * parse_format(b).span
    products = [p * q for p in x for q in y]
    assert (span.lo, span.hi) == (min(products), max(products))
    sums = span.accumulate(5)
    assert (sums.lo, sums.hi) == (min(0, 5 * min(products)), max(0, 5 * max(products)))


def test_exact_accumulators_are_one_bit_narrower_than_the_published_bound() -> None:
    # arXiv 2311.12359 gives 26, 32 and 34 bits for 4608 products in E2M3, E3M2 and E3M3, by a closed form
    # that counts whole binades. The largest sum itself, for example 4608 * 60**2 < 2**24 for E2M3, is smaller.
    for name, published in (("e2m3", 26), ("e3m2", 32), ("e3m3", 34)):
        span = parse_format(name).span
        assert (span * span).accumulate(4608).width == published - 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: parse_format("int0"), ValueError, "format 'int0': bits must be 1..32, got 0"),
        (lambda: parse_format("uint33"), ValueError, "bits must be 1..32, got 33"),
        (lambda: parse_format("e9m2"), ValueError, "exponent_bits must be 0..8, got 9"),
        (
            lambda: parse_format("e8m24"),
            ValueError,
            "width of sign, exponent_bits and mantissa_bits must be 2..32, got 33",
        ),
        (lambda: parse_format("e0m3ieee"), ValueError, "without exponent bits a float is finite"),
        (lambda: parse_format("e0m3-flush"), ValueError, "without exponent bits a float is finite"),
        (lambda: parse_format("e1m1ieee-flush"), ValueError, "e1m1ieee-flush has no value but zero"),
        (lambda: parse_format("e4m3-inf"), ValueError, "overflow 'inf' needs a code that convention 'finite' lacks"),
        (lambda: parse_format("e4m3fn-inf"), ValueError, "overflow 'inf' needs a code that convention 'fn' lacks"),
        (lambda: parse_format("e4m3-b513"), ValueError, "bias must be -256..512, got 513"),
        (lambda: parse_format("e4m3-inf-flush"), ValueError, "unknown format 'e4m3-inf-flush'"),
        (lambda: parse_format("e4m3-"), ValueError, "unknown format 'e4m3-'"),
        (lambda: parse_format("e3m0ieee"), ValueError, "mantissa_bits must be 1..31, got 0"),
        (lambda: parse_format("float"), ValueError, r"unknown format 'float'; did you mean fp32\?"),
        (lambda: parse_format(""), ValueError, "unknown format ''"),
        (lambda: parse_format(8), TypeError, "a format's name must be a str, got 8 of type int"),
        (lambda: Integer(8.0), TypeError, "bits must be an int, got 8.0"),  # type: ignore[arg-type]
        (lambda: Integer(True), TypeError, "bits must be an int, got True"),
        (lambda: Integer(8, 1), TypeError, "signed must be a bool, got 1"),  # type: ignore[arg-type]
        (lambda: Fixed(0), ValueError, "bits must be 1..2000, got 0"),
        (lambda: Fixed(8, -993), ValueError, "fraction must be -992..1000, got -993"),
        (lambda: Fixed(4, 2, 0), TypeError, "signed must be a bool, got 0"),  # type: ignore[arg-type]
        (lambda: Minifloat(4, 3, "x"), ValueError, "convention must be one of finite, ieee, fn, fnuz, got 'x'"),  # type: ignore[arg-type]
        (lambda: Integer(4).decode(16), ValueError, "code must be 0..15 for the 4-bit int4, got 16"),
        (lambda: Integer(4).decode(-1), ValueError, "got -1"),
        (lambda: Integer(4).decode(1.0), TypeError, "code must be an int, got 1.0"),  # type: ignore[arg-type]
        (lambda: Span(1, 0, 0), ValueError, "lo must not exceed its hi, got 1..0"),
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_datasheet_names_its_source(name: str) -> None:
    fmt = parse_format(name)
    assert fmt.source in datasheet(fmt)
    assert f"format          {name}" in datasheet(fmt)


OTHER_NAMES = [
    *(
        "int1",
        "int32-sym",
        "uint32",
        "binary",
        "bipolar32",
        "fix12.-3-sym",
        "ufix4.9",
        "pow1",
        "upow8-b-3",
        "pow5-zero",
    ),
    *("pow6-zero-b4-nan", "ue4m3fn", "ue3m2", "ue8m0finite", "ue5m2ieee-inf", "cb[0,1]", "cb[1e-05,-2.5,3,1e22]"),
    *(
        "mxfp4-ceil",
        "mxfp8e5m2-nearest",
        "nvfp4-ceil",
        "bfp5-7",
        "dfx12-ceil",
        "16*e2m1@ue5m3",
        "8*nf4@fp32@bf16-floor",
    ),
    *("0*int8-sym@fp32", "4*cb[0,1]@ue8m0", "32*fix34.32-sym@ue8m0"),
]


@pytest.mark.parametrize("name", CATALOGUE + OTHER_NAMES)
def test_names_are_canonical(name: str) -> None:
    fmt = parse_format(name)
    again = parse_format(fmt.name)
    assert again == fmt
    assert hash(again) == hash(fmt)
    assert (again.name, str(again)) == (name, name)


@pytest.mark.parametrize("other", ["bipolar1", "bfp8-32", "upow8-b127-nan", "32*e2m1@ue8m0", "cb[0,1,0,-1]", "e4m3-b7"])
def test_other_names_of_the_same_become_canonical(other: str) -> None:
    canonical = {"bipolar1": "binary", "bfp8-32": "mxint8", "upow8-b127-nan": "ue8m0", "32*e2m1@ue8m0": "mxfp4"}
    assert parse_format(other).name == {**canonical, "cb[0,1,0,-1]": "ternary", "e4m3-b7": "e4m3"}[other]


@pytest.mark.parametrize("name", [n for n in CATALOGUE + OTHER_NAMES if isinstance(parse_format(n), Format)])
def test_a_format_agrees_with_itself(name: str) -> None:
    fmt = parse_format(name)
    codes = range(1 << fmt.width) if fmt.width <= 10 else [*range(64), *range((1 << fmt.width) - 64, 1 << fmt.width)]
    values = [(code, fmt.decode(code)) for code in codes]
    finite = [(code, value) for code, value in values if isinstance(value, Fraction)]
    unit = Fraction(2) ** fmt.span.lsb
    assert all((value / unit).denominator == 1 for _, value in finite)
    assert all(fmt.span.lo * unit <= value <= fmt.span.hi * unit for _, value in finite)
    assert all(abs(value) < Fraction(2) ** fmt.top for _, value in finite)
    made = [value for code, value in finite if not fmt.is_reserved(code)]
    if fmt.width <= 10:
        assert (min(made), max(made)) == (fmt.min, fmt.max)
    for _, value in finite:
        steps = abs(int(value / unit))
        assert steps == 0 or steps.bit_length() - (steps & -steps).bit_length() < fmt.precision
    assert fmt.has_special == (len(finite) < len(values)) or fmt.width > 10
    for special in (math.inf, -math.inf, math.nan):
        code = fmt.code_of(special)
        assert code is None or str(fmt.decode(code)) == str(special)


def test_bipolar_bits_are_plus_or_minus_their_weight() -> None:
    for bits in (1, 2, 5):
        fmt = Bipolar(bits)
        for code in range(1 << bits):
            assert fmt.decode(code) == sum((2 * (code >> i & 1) - 1) << i for i in range(bits))


def test_symmetric_integers_reserve_the_lowest_code() -> None:
    fmt = Integer(4, symmetric=True)
    assert [code for code in range(16) if fmt.is_reserved(code)] == [8]
    assert (fmt.min, fmt.max, fmt.decode(8)) == (-7, 7, -8)


def test_powers_of_two_have_a_zero_only_if_asked() -> None:
    assert [PowerOfTwo(3).decode(code) for code in range(8)] == [1, 2, 4, 8, -1, -2, -4, -8]
    assert [PowerOfTwo(3, zero=True).decode(code) for code in range(8)] == [0, 1, 2, 4, 0, -1, -2, -4]
    # OCP MX 1.0: E8M0 is 2**(code - 127), and code 255 NaN.
    scale = parse_format("ue8m0")
    assert [scale.decode(code) for code in (0, 127, 254)] == [Fraction(1, 2**127), 1, 2**127]
    assert math.isnan(scale.decode(255))


def test_ue5m3_is_what_cuda_says() -> None:
    # CUDA Math API, __nv_fp8_ue5m3: no sign, no infinity, NaN only 0xff; 1.75 * 2**16 is its maximum.
    fmt = parse_format("ue5m3")
    assert fmt.max == 114688
    assert [code for code in range(256) if fmt.decode(code) != fmt.decode(code)] == [255]
    assert (fmt.decode(0), fmt.decode(1), fmt.decode(0x78)) == (0, Fraction(1, 2**17), 1)


def test_bitmods_special_value_stands_for_minus_zero() -> None:
    # arXiv 2411.11745: FP3 is 0, 1, 2, 4 with sign and +-3 or +-6; FP4 is E2M1 and +-5 or +-8.
    for sign, letter in ((1, "p"), (-1, "m")):
        for special in (3, 6):
            values = sorted(parse_format(f"fp3{letter}{special}").values)
            assert values == sorted([0, 1, 2, 4, -1, -2, -4, sign * special])
        for special in (5, 8):
            e2m1 = parse_format("e2m1")
            expected = [e2m1.decode(code) for code in range(16) if code != 8] + [sign * special]
            assert sorted(parse_format(f"fp4{letter}{special}").values) == sorted(expected)


def test_nf4_is_made_of_quantiles() -> None:
    # arXiv 2305.14314: 8 quantiles of the normal distribution above zero, 7 below, and 0, scaled to 1. The
    # outermost lie at the mean of 1 - 1/30 and 1 - 1/32.
    from scipy.stats import norm

    offset = 0.5 * (1 - 1 / 30 + 1 - 1 / 32)
    steps = [[offset - i * (offset - 0.5) / count for i in range(count)] for count in (8, 7)]
    above, below = (norm.ppf(step) for step in steps)
    expected = sorted([*(above / above[0]), 0.0, *(-below / above[0])])
    values = [float(value) for value in parse_format("nf4").values]
    assert values == pytest.approx(expected, abs=2e-7)
    assert all(struct.unpack("f", struct.pack("f", value))[0] == value for value in values)


def test_dynamic8_has_a_decade_for_each_leading_zero() -> None:
    values = [float(value) for value in parse_format("dynamic8").values]
    assert values == sorted(values)
    assert len(set(values)) == 256
    for zeros in range(7):
        # After n zeros and a one, 6 - n bits cut 0.1..1 into equal parts, scaled by 10**-n.
        parts = 2 ** (6 - zeros)
        expected = [10.0**-zeros * (0.1 + 0.9 * (i + 0.5) / parts) for i in range(parts)]
        decade = [v for v in values if 10.0 ** (-zeros - 1) < v < 10.0**-zeros]
        assert decade == pytest.approx(expected, rel=1e-7)
        assert [-v for v in values if 10.0 ** (-zeros - 1) < -v < 10.0**-zeros] == decade[::-1]


def test_the_fourth_roots_of_unity() -> None:
    assert [complex(*map(float, FourthRoots().decode(code))) for code in range(4)] == [1, -1, 1j, -1j]
    assert {part for value in FourthRoots.values for part in value} == {-1, 0, 1}


# OCP MX 1.0, table of the concrete formats; arXiv 2510.25602, table of formats.
BLOCKS = {
    "mxfp8e4m3": (32, 448, 8, 8),
    "mxfp8e5m2": (32, 57344, 15, 8),
    "mxfp6e2m3": (32, 7.5, 2, 6),
    "mxfp6e3m2": (32, 28, 4, 6),
    "mxfp4": (32, 6, 2, 4),
    "mxint8": (32, 127 / 64, 0, 8),
    "mxint6": (32, 31 / 16, 0, 6),
    "mxint4": (32, 7 / 4, 0, 4),
    "nvfp4": (16, 6, 2, 4),
    "nvint4": (16, 7, 2, 4),
}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("mxint8", "OCP Microscaling Formats (MX) 1.0, MXINT8 without its lowest value"),
        # The paper's elements, but not its rule, unless the name says so.
        ("mxint6", "arXiv 2510.25602, table of formats; the scale's rule: OCP Microscaling Formats (MX) 1.0"),
        ("mxint4", "arXiv 2510.25602, table of formats; the scale's rule: OCP Microscaling Formats (MX) 1.0"),
        ("mxint6-ceil", "arXiv 2510.25602, table of formats"),
        ("mxfp4-ceil", "OCP Microscaling Formats (MX) 1.0, MXFP4; the scale's rule: arXiv 2510.25602"),
        ("mxfp4-nearest", "OCP Microscaling Formats (MX) 1.0, MXFP4; the scale's rule: nearest"),
        ("nvint4", "arXiv 2510.25602, table of formats: NVINT4"),
    ],
)
def test_a_blocks_source_is_that_of_its_rule_too(name: str, source: str) -> None:
    assert parse_format(name).source == source


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_are_as_published(name: str) -> None:
    block = parse_format(name)
    size, highest, emax, bits = BLOCKS[name]
    assert (block.size, block.element.max, block.max_exponent) == (size, highest, emax)
    assert block.bits_per_number == bits + Fraction(8, size)
    assert (block.scale.name, block.tensor and block.tensor.name) == (
        ("e4m3fn", "fp32") if name.startswith("nv") else ("ue8m0", None)
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Integer(33), ValueError, "bits must be 1..32, got 33"),
        (
            lambda: Integer(1, symmetric=True),
            ValueError,
            "symmetric must be False unless signed and of at least 2 bits",
        ),
        (lambda: Integer(4, False, True), ValueError, "symmetric must be False unless"),
        (lambda: Integer(4, True, 1), TypeError, "symmetric must be a bool, got 1"),
        (lambda: Bipolar(0), ValueError, "bits must be 1..32, got 0"),
        (lambda: PowerOfTwo(0), ValueError, "bits must be 1..9, got 0"),
        (lambda: PowerOfTwo(10), ValueError, "bits must be 1..9, got 10"),
        (lambda: PowerOfTwo(1, zero=True), ValueError, "bits must leave a power of two beside zero and NaN, got 1"),
        (lambda: PowerOfTwo(4, nan=None), TypeError, "nan must be a bool, got None"),
        (lambda: PowerOfTwo(4, bias=600), ValueError, "bias must be -256..512, got 600"),
        (lambda: Minifloat(0, 3, signed=False), ValueError, "without a sign a float has exponent bits"),
        (lambda: Minifloat(4, 3, "fnuz", signed=False), ValueError, "without a sign a float .* not fnuz"),
        (lambda: Minifloat(4, 3, signed="no"), TypeError, "signed must be a bool, got 'no'"),
        (lambda: Codebook((1, 2, 3)), ValueError, "values must be 2, 4, 8, .. 65536 numbers, got 3; repeat one"),
        (lambda: Codebook((1, 1)), ValueError, "values must be at least two different numbers, got 2 times 1"),
        (lambda: Codebook(()), ValueError, "values must be 2, 4, 8, .. 65536 numbers, got 0"),
        (lambda: Codebook(5), TypeError, "values must be a tuple of numbers, got 5"),
        (lambda: Codebook((1, "2")), TypeError, "values must be numbers, got '2' of type str"),
        (lambda: Codebook((1, math.nan)), ValueError, "values must be finite float64 numbers, got nan"),
        (lambda: Codebook((1, math.inf)), ValueError, "values must be finite float64 numbers, got inf"),
        (lambda: Codebook((1, Fraction(1, 3))), ValueError, "values must be finite float64 numbers, got 1/3"),
        (lambda: parse_format("cb[1,x]"), ValueError, "unknown format"),
        (lambda: parse_format("cb[1,,2]"), ValueError, "values must be finite float64 numbers, got ''"),
        (lambda: Block("e2m1", Integer(8), 4), TypeError, "element must be a Format, got 'e2m1'"),
        (lambda: Block(Integer(8), parse_format("mxfp4"), 4), TypeError, "scale must be a Format"),
        (lambda: Block(Integer(8), Integer(8), -1), ValueError, "size must be 0..65536, got -1"),
        (lambda: Block(Integer(8), Integer(8), 4, "round"), ValueError, "rule must be one of floor, ceil, nearest"),
        (lambda: Block(Integer(8), Integer(8), 4, None), TypeError, "rule must be a str, got None"),
        (lambda: Block(Integer(1), Integer(8), 4), ValueError, "element must have a positive value, got int1"),
        (lambda: parse_format("bfp1-4"), ValueError, "the mantissa's bits must be 2..32, got 1"),
        (lambda: parse_format("4*e2m1@huh"), ValueError, "unknown format 'huh' in a block"),
        (lambda: parse_format("int8\n"), ValueError, "unknown format"),
        (lambda: FourthRoots().decode(4), ValueError, "code must be 0..3, got 4"),
        (lambda: parse_scalar("mxfp4"), ValueError, "format 'mxfp4' is a Block; here each code must be one number"),
        (lambda: check_rounding("x"), ValueError, "rounding must be one of nearest_even"),
    ],
)
def test_what_the_newer_families_refuse(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "reach"),
    [("int8", 127), ("int1", 1), ("fix1.3", Fraction(1, 8)), ("cb[-1,-3]", 3), ("uint1", 1), ("e2m1", 6)],
)
def test_data_is_scaled_to_the_highest_value_or_else_to_the_lowest(name: str, reach: Fraction) -> None:
    assert parse_format(name).reach == reach
