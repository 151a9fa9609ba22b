"""Codes and values: both ways, against exact rationals."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from fractions import Fraction
from functools import lru_cache

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.formats import ROUNDINGS, Codebook, Format, parse_format
from sim.golden import decode, encode
from sim.golden.decoding import decode_steps
from sim.golden.direct import encode_directly
from sim.golden.encoding import encode_steps
from sim.golden.grid import encode_on_grid
from sim.golden.ladder import ladder
from sim.golden.rounding import Rounding, add_odd, floats_of_steps, shift_right
from sim.golden.tables import find_table, look_up

NAMES = [
    *("int1", "int4", "uint4", "int8", "int5-sym", "uint1", "binary", "bipolar3", "fix6.3", "ufix5.-2", "fix4.6-sym"),
    *("e2m1", "e3m0", "e1m3", "e3m2", "e4m3", "e4m3fn", "e5m2", "bf16", "e4m3fnuz", "e3m2-flush", "e2m3ieee-b5-inf"),
    *("e0m3", "ue4m3fn", "ue5m3", "ue3m2-flush", "ue8m0", "pow4", "pow4-zero", "upow3-b2", "ternary", "fp3m6", "nf4"),
    *("dynamic8", "cb[5,-1,0.25,3]"),
]
SMALL = [name for name in NAMES if parse_format(name).width <= 6 and parse_format(name).overflow == "sat"]
WIDE = [
    "int17",
    "int32",
    "uint32",
    "int24-sym",
    "bipolar20",
    "tf32",
    "fp32",
    "fp32-inf",
    "e8m20finite-b100",
    "fix40.20",
]
DIRECTED = [name for name in ROUNDINGS if name != "stochastic"]
formats = st.sampled_from(NAMES).map(parse_format)
saturating = formats.filter(lambda fmt: fmt.overflow == "sat")


@lru_cache
def values_of(fmt: Format) -> list[tuple[Fraction, int]]:
    """Value and code of everything that encoding makes, ascending, +0 for zero."""
    found: dict[Fraction, int] = {}
    for code in range(1 << fmt.width):
        value = fmt.decode(code)
        if isinstance(value, Fraction) and not fmt.is_reserved(code):
            found.setdefault(value, code)
    return sorted(found.items())


def rounded(fmt: Format, x: Fraction, rounding: str) -> Fraction:
    """What a saturating format makes of a number, by the definitions of `ROUNDINGS`."""
    values = values_of(fmt)
    # A tuple compares by its value first: no code is below -1, none above infinity.
    below = values[max(0, bisect_right(values, (x, 1 << 40)) - 1)]
    above = values[min(len(values) - 1, bisect_left(values, (x, -1)))]
    if below == above:
        return below[0]
    (low, low_code), (high, high_code) = below, above
    inward, outward = (low, high) if abs(low) <= abs(high) else (high, low)
    # Halfway between two even or two odd codes, the one nearer zero; of -1 and +1 the positive one.
    even = low if fmt.is_even(low_code) and not fmt.is_even(high_code) else high
    if fmt.is_even(low_code) == fmt.is_even(high_code):
        even = inward if abs(low) != abs(high) else high
    straddles = low < 0 < high
    nearer = low if x - low < high - x else high
    halfway = x - low == high - x
    return {
        "nearest_even": even if halfway else nearer,
        "nearest_away": (high if straddles else outward) if halfway else nearer,
        "toward_zero": ((high if halfway else nearer) if straddles else inward),
        "up": high,
        "down": low,
        "odd": low if even == high else high,
    }[rounding]


def tried_values(fmt: Format) -> list[float]:
    """Every value, everything halfway and a third of the way between two, and their float64 neighbours."""
    values = np.array([float(value) for value, _ in values_of(fmt)])
    gaps = np.diff(values)
    tried = np.concatenate([values, values[:-1] + gaps / 2, values[:-1] + gaps / 3, values * 1.5, [1e-300, -1e-300]])
    return np.concatenate([tried, np.nextafter(tried, np.inf), np.nextafter(tried, -np.inf)]).tolist()


@pytest.mark.parametrize("rounding", DIRECTED)
@pytest.mark.parametrize("name", SMALL)
def test_every_rounding_is_what_its_definition_says(name: str, rounding: str) -> None:
    fmt = parse_format(name)
    tried = tried_values(fmt)
    expected = [float(rounded(fmt, Fraction(x), rounding)) for x in tried]
    assert decode(fmt, encode(fmt, tried, rounding)).tolist() == expected


@pytest.mark.parametrize("name", ["e2m1", "int4", "e3m2-flush", "ue3m2-flush", "bipolar3", "fp3m6", "pow4", "ternary"])
@pytest.mark.parametrize("bits", [1, 3])
def test_stochastic_rounding_carries(name: str, bits: int) -> None:
    fmt = parse_format(name)
    values = values_of(fmt)
    low, high = float(values[0][0]), float(values[-1][0])
    tried = np.linspace(low, high, 301)
    for random in range(1 << bits):
        expected = []
        for x in map(Fraction, tried.tolist()):
            below, above = rounded(fmt, x, "down"), rounded(fmt, x, "up")
            if below == above:
                expected.append(below)
                continue
            inward, outward = (below, above) if x > 0 else (above, below)
            cut = int((x - inward) / (outward - inward) * 2**bits)
            expected.append(outward if cut + random >= 2**bits else inward)
        got = encode(fmt, tried, "stochastic", random, bits)
        assert decode(fmt, got).tolist() == [float(value) for value in expected]


def test_stochastic_rounding_has_the_mean_of_its_values() -> None:
    fmt = parse_format("e2m1")
    random = np.arange(256)
    # 2.25 lies an eighth... a quarter of the way from 2 to 3, -5.5 three quarters of that from -4 to -6.
    for value in (2.25, -5.5, 0.125):
        assert decode(fmt, encode(fmt, np.full(256, value), "stochastic", random, 8)).mean() == value


@pytest.mark.parametrize("rounding", list(ROUNDINGS))
@pytest.mark.parametrize(
    "name", ["int8", "uint8", "bipolar5", "fix8.4", "e4m3fn-nan", "e5m2-inf", "e2m3-flush", "ue5m3"]
)
def test_search_and_arithmetic_agree(name: str, rounding: str) -> None:
    fmt = parse_format(name)
    values = ladder(fmt).values
    tried = np.concatenate([values, (values[1:] + values[:-1]) / 2, 1.3 * values, [1e300, -1e300, np.inf, -np.inf]])
    tried = np.concatenate([tried, np.nextafter(tried, 0), np.nextafter(tried, np.inf)])
    how = Rounding(rounding, np.arange(len(tried)) % 32, 5) if rounding == "stochastic" else Rounding(rounding)
    one, other = ladder(fmt).encode(fmt, tried, how), encode_on_grid(fmt, tried, how)
    assert np.array_equal(decode(fmt, one), decode(fmt, other), equal_nan=True)


@pytest.mark.parametrize("rounding", DIRECTED)
@pytest.mark.parametrize(
    "name", ["int8", "e4m3fn-nan", "e5m2-inf", "bf16-inf", "fp16", "int12", "e2m13", "ue8m0", "e8m3"]
)
def test_tables_hold_what_direct_encoding_makes(name: str, rounding: str) -> None:
    fmt = parse_format(name)
    table = find_table(fmt, rounding, 1 << 24)
    if table is None:
        # Only the nearest roundings have a table for formats of so many significant bits.
        assert (name, rounding.startswith("nearest")) == ("e2m13", False)
        return
    rng = np.random.default_rng(0)
    values = ladder(fmt).values
    with np.errstate(over="ignore"):
        tried = np.concatenate([values, (values[1:] + values[:-1]) / 2, rng.normal(size=5000)]).astype(np.float32)
    tried = np.concatenate([tried, np.nextafter(tried, np.float32(np.inf)), np.nextafter(tried, np.float32(-np.inf))])
    tried = tried[np.isfinite(tried)]
    out = np.empty(tried.shape, dtype=encode(fmt, 1.0).dtype)
    assert table.lookup(tried, out)
    assert np.array_equal(out, encode_directly(fmt, tried.astype(np.float64), Rounding(rounding)))
    double = tried.astype(np.float64) * (1 + 2.0**-40)
    out = np.empty(double.shape, dtype=out.dtype)
    if look_up(table, double, out):
        assert np.array_equal(out, encode_directly(fmt, double, Rounding(rounding)))


@pytest.mark.parametrize("size", [3, 200_000])
@pytest.mark.parametrize("name", ["e4m3fn-nan", "int8", "e2m13", "nf4"])
def test_few_values_and_many_encode_alike(name: str, size: int) -> None:
    fmt = parse_format(name)
    values = np.random.default_rng(size).normal(0, 3, size)
    values[:3] = [1e200, -1e-200, -0.0]
    expected = encode_directly(fmt, values, Rounding("nearest_even"))
    assert np.array_equal(encode(fmt, values), expected)
    singles = np.clip(values, -1e30, 1e30).astype(np.float32)
    expected = encode_directly(fmt, singles.astype(np.float64), Rounding("nearest_even"))
    assert np.array_equal(encode(fmt, singles), expected)


@pytest.mark.parametrize("name", WIDE)
def test_wide_formats_round_trip_and_know_their_neighbours(name: str) -> None:
    fmt = parse_format(name)
    rng = np.random.default_rng(0)
    codes = np.append(rng.integers(0, 1 << fmt.width, 500), [0, 1, (1 << fmt.width) - 1, 1 << (fmt.width - 1)])
    values = decode(fmt, codes)
    exact = [fmt.decode(int(code)) for code in codes]
    assert [Fraction(v) if np.isfinite(v) else str(v) for v in values.tolist()] == [
        v if isinstance(v, Fraction) else str(v) for v in exact
    ]
    kept = np.isfinite(values) & np.array([not fmt.is_reserved(int(code)) for code in codes])
    assert np.array_equal(encode(fmt, values[kept]), codes[kept])
    unit = Fraction(2) ** fmt.span.lsb
    steps = [int(v / unit) if isinstance(v, Fraction) else 0 for v in exact]
    assert decode_steps(fmt, codes).tolist() == steps
    inner = np.abs(values) < float(fmt.max) / 2
    up = decode(fmt, encode(fmt, np.nextafter(values[inner & kept], np.inf), "up"))
    assert np.all(up > values[inner & kept])


def test_fixed_point_beyond_float64_is_decoded_to_the_nearest() -> None:
    fmt = parse_format("fix100.30")
    codes = np.array([(1 << 99) - 1, 1 << 99, 12345], dtype=object)
    assert decode(fmt, codes).tolist() == [float(fmt.decode(code)) for code in codes]
    assert decode_steps(fmt, codes).tolist() == [(1 << 99) - 1, -(1 << 99), 12345]
    assert encode(fmt, [1.5, -1e300]).tolist() == [3 << 29, 1 << 99]


@pytest.mark.parametrize("rounding", DIRECTED)
@pytest.mark.parametrize("name", ["int6", "fix8.3", "e3m2", "ternary"])
def test_exact_steps_are_rounded_once(name: str, rounding: str) -> None:
    fmt = parse_format(name)
    steps = np.array([*range(-200, 200), 10**30, -(10**30), (1 << 70) + 1], dtype=object)
    for lsb in (-70, -5, 0, 3):
        expected = [float(rounded(fmt, step * Fraction(2) ** lsb, rounding)) for step in steps]
        assert decode(fmt, encode_steps(fmt, steps, lsb, rounding)).tolist() == expected


@given(st.lists(st.integers(-(1 << 62), (1 << 62) - 1), min_size=1, max_size=5), st.integers(0, 70))
def test_integer_shifts_round_as_fractions_do(numbers: list[int], shift: int) -> None:
    for name in DIRECTED:
        expected = []
        for number in numbers:
            low, rest = divmod(number, 1 << shift)
            half = Fraction(rest, 1 << shift)
            up = {
                "nearest_even": half > Fraction(1, 2) or (half == Fraction(1, 2) and low % 2 == 1),
                "nearest_away": half > Fraction(1, 2) or (half == Fraction(1, 2) and number > 0),
                "toward_zero": rest > 0 and number < 0,
                "up": rest > 0,
                "down": False,
                "odd": rest > 0 and low % 2 == 0,
            }[name]
            expected.append(low + up)
        assert shift_right(np.array(numbers), shift, Rounding(name)).tolist() == expected


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_sums_rounded_to_odd(x: float, y: float) -> None:
    total = float(add_odd(np.array([x]), np.array([y]))[0])
    exact = Fraction(x) + Fraction(y)
    if abs(exact) > Fraction(2) ** -900:
        inexact = Fraction(total) != exact
        assert abs(Fraction(total) - exact) < Fraction(float(np.spacing(abs(total)))) or not inexact
        assert not inexact or int(np.float64(total).view(np.int64)) & 1


@given(st.integers(-(1 << 200), 1 << 200))
def test_integers_become_floats_rounded_to_odd(number: int) -> None:
    value = float(floats_of_steps(np.array([number], dtype=object), 0)[0])
    if abs(number).bit_length() <= 53:
        assert value == number
    elif Fraction(value) != number:
        assert int(value) >> (abs(number).bit_length() - 53) & 1


@pytest.mark.parametrize("name", NAMES)
def test_encode_undoes_decode_on_every_code(name: str) -> None:
    fmt = parse_format(name)
    codes = np.arange(1 << fmt.width)
    values = decode(fmt, codes)
    back = encode(fmt, values)
    made = np.array([not fmt.is_reserved(code) for code in range(len(codes))]) & ~np.isnan(values)
    assert np.array_equal(back[made], codes[made])
    assert np.all(np.isnan(decode(fmt, back[np.isnan(values)])))
    kept = np.array([Fraction(float(v)) == fmt.value(c) for c, v in enumerate(values) if np.isfinite(v)])
    assert kept.all()


@given(saturating.filter(lambda fmt: fmt.width <= 8), st.floats(-700, 700), st.sampled_from(DIRECTED))
def test_encode_is_what_the_definition_says(fmt: Format, value: float, rounding: str) -> None:
    assert Fraction(float(decode(fmt, encode(fmt, value, rounding)))) == rounded(fmt, Fraction(value), rounding)


@given(saturating, st.floats(allow_nan=False), st.floats(allow_nan=False), st.sampled_from(DIRECTED))
def test_encode_is_monotonic_and_idempotent(fmt: Format, one: float, other: float, rounding: str) -> None:
    low, high = decode(fmt, encode(fmt, sorted([one, other]), rounding))
    assert low <= high
    assert np.array_equal(encode(fmt, [low, high], rounding), encode(fmt, [low, high]))
    assert decode(fmt, encode(fmt, low, rounding)) == low


def test_out_of_range_saturates() -> None:
    e4m3fn, e5m2, e2m1 = map(parse_format, ("e4m3fn", "e5m2", "e2m1"))
    assert encode(e4m3fn, [1e9, -1e9, np.inf]).tolist() == [0x7E, 0xFE, 0x7E]
    assert encode(e5m2, [1e9, -1e9, np.inf, -np.inf]).tolist() == [0x7B, 0xFB, 0x7C, 0xFC]
    assert encode(e2m1, [100, -100, -np.inf]).tolist() == [7, 15, 15]
    assert encode(parse_format("uint4"), [-3, 99]).tolist() == [0, 15]


def test_overflow_is_what_the_format_says() -> None:
    # Half a step above 448 is 464, a tie that rounds down to the even code; above e5m2's 57344, 61440 rounds up.
    assert encode(parse_format("e4m3fn-nan"), [464, 464.1, -1e9, np.inf]).tolist() == [0x7E, 0x7F, 0x7F, 0x7F]
    assert encode(parse_format("e5m2-inf"), [61439.9, 61440, -61440, np.nan]).tolist() == [0x7B, 0x7C, 0xFC, 0x7D]
    assert encode(parse_format("e5m2-nan"), [61440, np.inf, -np.inf]).tolist() == [0x7D, 0x7C, 0xFC]
    assert encode(parse_format("e4m3fnuz"), [1e9, -1e9, -0.0]).tolist() == [0x7F, 0xFF, 0]


def test_zeros_keep_their_sign_where_the_format_has_one() -> None:
    assert encode(parse_format("e4m3"), [0.0, -0.0, -1e-9]).tolist() == [0, 0x80, 0x80]
    assert encode(parse_format("int8"), [0.0, -0.0, -1e-9]).tolist() == [0, 0, 0]


def test_nan_needs_a_code() -> None:
    assert np.isnan(decode(parse_format("e5m2"), encode(parse_format("e5m2"), np.nan)))
    with pytest.raises(ValueError, match="values must not be NaN: e4m3 has no code for it"):
        encode(parse_format("e4m3"), [1.0, np.nan])


def test_shapes_and_types_are_kept() -> None:
    fmt = parse_format("e4m3")
    for shape in ((), (0,), (2, 3), (0, 4)):
        codes = encode(fmt, np.zeros(shape))
        assert codes.shape == decode(fmt, codes).shape == shape
        assert codes.dtype == np.uint8
    assert encode(parse_format("fp16"), 1.0).dtype == np.uint16
    strided = np.arange(16)[::3]
    assert np.array_equal(decode(fmt, strided), decode(fmt, strided.copy()))


@pytest.mark.parametrize(
    ("codes", "error", "message"),
    [
        ([256], ValueError, "codes must be codes 0..255 of e4m3, got 256"),
        ([-1, 3], ValueError, "got -1"),
        ([1.0], TypeError, "codes must be integer codes, got an array of float64"),
        ([True], TypeError, "got an array of bool"),
    ],
)
def test_what_decode_refuses(codes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        decode(parse_format("e4m3"), codes)


@pytest.mark.parametrize("values", [["3"], [None], [1j], np.array(["2020"], dtype="datetime64[Y]"), [True], [10**400]])
def test_what_encode_refuses(values) -> None:
    with pytest.raises(TypeError, match="values must be real numbers of at most 64 bits, got an array of"):
        encode(parse_format("int8"), values)


def test_a_name_is_no_format() -> None:
    for function in (encode, decode):
        with pytest.raises(TypeError, match="fmt must be a Format, got 'int8'; parse_format makes one"):
            function("int8", [0])  # type: ignore[operator]


def test_nothing_is_written_to_what_is_given() -> None:
    fmt = parse_format("e4m3fn")
    values, codes = np.linspace(-5, 5, 100_000), np.arange(256, dtype=np.uint8)
    before = values.copy()
    values.flags.writeable = codes.flags.writeable = False
    assert np.array_equal(encode(fmt, values), encode(fmt, before))
    decode(fmt, codes)
    assert np.array_equal(values, before)


def test_views_of_any_stride_and_order_are_taken() -> None:
    fmt = parse_format("int8")
    values = np.arange(-60, 60, dtype=np.float64).reshape(10, 12)
    for view in (values.T, values[::-2, ::3], values[:, 5], np.asfortranarray(values), values.astype(">f8")):
        assert np.array_equal(decode(fmt, encode(fmt, view)), view)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint16, np.int64, np.uint64])
def test_every_number_type_up_to_64_bits_is_taken(dtype: type) -> None:
    fmt = parse_format("e4m3fn")
    assert encode(fmt, np.array([0, 1, 3, 100], dtype=dtype)).tolist() == encode(fmt, [0.0, 1.0, 3.0, 100.0]).tolist()


def test_integers_beyond_53_bits_are_rounded_once() -> None:
    fmt = parse_format("fp32")
    # Halfway between two binary32 numbers, and one more: a detour over float64 would lose the one.
    tie = (1 << 62) + (1 << 38)
    assert decode(fmt, encode(fmt, np.array([tie, tie + 1]))).tolist() == [2.0**62, 2.0**62 + 2.0**39]
    huge = np.array([(1 << 63) + (1 << 39) + 1], dtype=np.uint64)
    assert decode(fmt, encode(fmt, huge)).tolist() == [2.0**63 + 2.0**40]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("even",), ValueError, "rounding must be one of nearest_even, nearest_away, .*, got 'even'"),
        ((None,), TypeError, "rounding must be a str, got None"),
        (("up", [1], 3), ValueError, "random and random_bits must be left out with rounding up"),
        (("stochastic",), ValueError, "random and random_bits must be given with rounding stochastic"),
        (("stochastic", [8], 3), ValueError, "random must be 0..7, got 8"),
        (("stochastic", [-1], 3), ValueError, "random must be 0..7, got -1"),
        (("stochastic", [0.5], 3), TypeError, "random must be integers, got an array of float64"),
        (("stochastic", [1], 25), ValueError, "random_bits must be 1..24, got 25"),
        (
            ("stochastic", [1, 2, 3], 4),
            ValueError,
            r"random must have a shape that broadcasts to the values', got \(3,\)",
        ),
    ],
)
def test_what_rounding_refuses(arguments, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        encode(parse_format("e4m3"), [1.0, 2.0], *arguments)


def test_decode_makes_float64_or_float32() -> None:
    fmt = parse_format("e4m3")
    assert decode(fmt, [0x38], np.float32).dtype == np.float32
    with pytest.raises(TypeError, match="dtype must be float64 or float32, got float16"):
        decode(fmt, [0x38], np.float16)
    assert decode(parse_format("e8m3-b300"), [1], np.float32).tolist() == [0.0]


def test_longdouble_and_complex_are_refused() -> None:
    for values in (np.array([1], dtype=np.longdouble), np.array([1j])):
        with pytest.raises(TypeError, match="values must be real numbers of at most 64 bits"):
            encode(parse_format("e4m3"), values)


def test_codebooks_round_at_the_exact_middle() -> None:
    # The middle of two float64 numbers need not be one: a sum of them in float64 decides wrongly beside it.
    tenths = [i / 10 for i in range(-20, 21)]
    for low in tenths:
        for high in (value for value in tenths if value > low):
            middle = (low + high) / 2
            for x in (middle, math.nextafter(middle, 9), math.nextafter(middle, -9)):
                to_low, to_high = Fraction(x) - Fraction(low), Fraction(high) - Fraction(x)
                if to_low != to_high:
                    assert encode(Codebook((low, high)), x) == (to_high < to_low)


@pytest.mark.parametrize(
    ("values", "x", "code"),
    [((-1e17, 1e17 + 16), 7.5, 0), ((-1e17, 1e17 + 16), 8.5, 1), ((-1.7e308, 1.7e308), -1.0, 0), ((0, 5e-324), 1.0, 1)],
)
def test_codebooks_of_far_values_round_at_the_middle_too(values: tuple[float, float], x: float, code: int) -> None:
    assert encode(Codebook(values), [x]) == code


def test_a_codebook_may_have_65536_values() -> None:
    fmt = Codebook(tuple(range(0, 131072, 2)))
    assert encode(fmt, [5.4, 131070, 1e9]).tolist() == [3, 65535, 65535]


def test_large_integers_keep_every_bit_that_the_format_has() -> None:
    wide = parse_format("fix64.0")
    for number in (2**53 + 2, -(2**53) - 4, 2**62 - 512, -(2**63)):
        assert encode(wide, np.array([number])).tolist() == [number % 2**64]
    assert encode(parse_format("fp32"), np.array([2**63], dtype=">u8")).tolist() == [0x5F000000]


@pytest.mark.parametrize(("step", "lsb"), [(1 << 20, -38), (1 << 20, -39), (1 << 20, -70), (1 << 90, -108)])
def test_stochastic_rounding_of_steps_has_room(step: int, lsb: int) -> None:
    steps = np.array([step], dtype=object)
    zero = encode_steps(parse_format("int8"), steps, lsb, "stochastic", random=0, random_bits=24)
    one = encode_steps(parse_format("int8"), steps, lsb, "stochastic", random=(1 << 24) - 1, random_bits=24)
    assert (zero[0], one[0]) == (0, (step << 24) >> -lsb > 0)


def test_fixed_point_may_be_finer_and_larger_than_float64() -> None:
    assert encode(parse_format("fix2000.1000"), [1e10, -0.5]).tolist() == [int(1e10) << 1000, (1 << 2000) - (1 << 999)]
    assert encode(parse_format("fix1500.600"), [1.5]).tolist() == [3 << 599]
    assert decode(parse_format("fix2000.1000"), np.array([2**1999 - 1], dtype=object)).tolist() == [2.0**999]
    assert encode_steps(parse_format("e4m3"), np.array([2**2000], dtype=object), -1990).tolist() == [0x7F]


def test_codes_may_be_pythons_integers() -> None:
    codes = np.array([0x38, 0xC0], dtype=object)
    assert decode(parse_format("e4m3"), codes).tolist() == [1.0, -2.0]
    with pytest.raises(TypeError, match="codes must be integer codes, got an array of objects"):
        decode(parse_format("e4m3"), np.array([1, 2.0], dtype=object))


@pytest.mark.parametrize("steps", [np.array([100], dtype=np.int8), np.array([100], dtype=np.uint64), 100, [100]])
def test_steps_of_any_integer_type_are_taken(steps) -> None:
    assert encode_steps(parse_format("int8"), steps, 0).ravel().tolist() == [100]


def test_steps_must_be_integers() -> None:
    with pytest.raises(TypeError, match="steps must be integers, got an array of float64"):
        encode_steps(parse_format("e4m3"), np.array([1.5]), 0)


def test_codes_steps_and_random_bits_may_be_of_other_libraries_integers() -> None:
    fmt, codes = parse_format("e2m1"), np.arange(16)
    assert np.array_equal(decode(fmt, codes.astype(ml_dtypes.uint4)), decode(fmt, codes))
    with pytest.raises(ValueError, match="codes must be codes 0..15 of e2m1, got -8"):
        decode(fmt, (codes - 8).astype(ml_dtypes.int4))
    with pytest.raises(TypeError, match="codes must be integer codes, got an array of float4_e2m1fn"):
        decode(fmt, np.ones(2, dtype=ml_dtypes.float4_e2m1fn))
    assert np.array_equal(encode_steps(fmt, (codes - 8).astype(ml_dtypes.int4), -1), encode_steps(fmt, codes - 8, -1))
    x = np.linspace(0, 6, 16)
    expected = encode(fmt, x, "stochastic", codes, 4)
    assert np.array_equal(encode(fmt, x, "stochastic", codes.astype(ml_dtypes.uint4), 4), expected)


def test_signalling_nans_are_nans_without_a_word() -> None:
    for x in (
        np.array([0x7F800001], np.uint32).view(np.float32),
        np.array([0x7F81], np.uint16).view(ml_dtypes.bfloat16),
    ):
        for size in (1, 1 << 17):
            assert (encode(parse_format("e4m3fn"), np.repeat(x, size)) == 0x7F).all()


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="got an array of complex32"):
        encode(parse_format("e4m3fn"), np.zeros(2, ml_dtypes.complex32))
    structured = np.zeros(2, dtype=[("a", np.float32)])
    for x in (structured, np.zeros(2, "V2"), np.zeros(2, ml_dtypes.complex32), np.zeros(2, "M8[s]"), np.zeros(2, bool)):
        with pytest.raises(TypeError, match="values must be real numbers of at most 64 bits, got an array of"):
            encode(parse_format("e4m3fn"), x)
