"""Rounded products: against rationals and other libraries; L-Mul against its formula; formats of one's own."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

import ml_dtypes
import numpy as np
import pytest

from hw.formats import ROUNDINGS, Block, Codebook, Fixed, Format, Minifloat, Span, parse_format
from sim.golden import decode, encode
from sim.golden.accumulators import Floating
from sim.golden.blocks import block_matmul, quantize
from sim.golden.matmul import exact_sums, matmul
from sim.golden.measures import relative_errors
from sim.golden.products import EDGES, PRODUCTS, SEMANTICS, LMul, Terms, multiply

INF, NAN = math.inf, math.nan


def every_pair(a: Format, b: Format):
    return np.arange(1 << a.width)[:, None], np.arange(1 << b.width)[None, :]


@cache
def made_codes(fmt: Format) -> dict[Fraction, int]:
    """The code that encoding makes of each finite value, by ascending values."""
    codes = {}
    for code in reversed(range(1 << fmt.width)):
        value = fmt.decode(code)
        if isinstance(value, Fraction) and not fmt.is_reserved(code):
            codes[value] = code
    return dict(sorted(codes.items()))


def minus_zero(fmt: Format) -> int | None:
    has = isinstance(fmt, Minifloat) and fmt.signed and fmt.convention != "fnuz"
    return 1 << (fmt.width - 1) if has else None


@cache
def ladder(fmt: Format) -> list[Fraction]:
    return list(made_codes(fmt))


@cache
def rounded(fmt: Format, x: Fraction, rounding: str, random: int = 0, bits: int = 1) -> Fraction:
    """The neighbour of x that the rounding names; beyond the ends, the end."""
    values = ladder(fmt)
    i = bisect_left(values, x)
    if i in (0, len(values)) or values[i] == x:
        return values[min(i, len(values) - 1)]
    low, high = values[i - 1], values[i]
    near, far = (low, high) if x > 0 else (high, low)
    # Without subnormals 0 and the lowest normal number are both even; then the nearer to zero counts as even.
    even, odd = (near, far) if fmt.is_even(made_codes(fmt)[near]) else (far, near)
    if rounding.startswith("nearest"):
        if 2 * x != low + high:
            return low if 2 * x < low + high else high
        return even if rounding == "nearest_even" else far
    if rounding == "stochastic":
        lost = (x - near) / (far - near)
        return far if math.floor(lost * 2**bits) + random >= 2**bits else near
    return {"toward_zero": near, "up": high, "down": low, "odd": odd}[rounding]


def code_of(fmt: Format, value: Fraction, negative: bool) -> int:
    signed = minus_zero(fmt) if value == 0 and negative else None
    return made_codes(fmt)[value] if signed is None else signed


def is_negative(fmt: Format, code: int) -> bool:
    """The sign of a finite value, that of -0 included."""
    return fmt.decode(code) < 0 or (minus_zero(fmt) is not None and code >= minus_zero(fmt))


# Operands that are all finite, and results that saturate.
TRIPLES = [
    "int4 int4 int8",
    "int4 int4 int4-sym",
    "uint4 int4 e3m2",
    "e2m1 e3m2 e4m3fn",
    "e2m1 e2m1 e2m1",
    "e2m3 e3m2 e5m2",
    "int4 e2m1 fix8.4",
    "int4 e2m1 ternary",
    "ternary int6 fix6.2",
    "nf4 int4 nf4",
    "nf4 nf4 e4m3",
    "fp3p6 e2m1 fp4m8",
    "pow4-zero e2m1 int6",
    "fix6.3 fix6.3 fix6.3",
    "e3m2 e3m2 uint4",
    "e3m2 e2m1 e3m2-flush",
    "e3m0 e1m2 ue5m3",
    "binary e2m3 e2m1fnuz",
    "bipolar4 e2m1 e3m2fnuz",
    "e2m2-b5 e3m2-flush fp16",
]


@pytest.mark.kept(
    *(f"{names}-nearest_even" for names in TRIPLES),
    *(f"{names}-{rounding}" for names in TRIPLES[3:8] for rounding in ROUNDINGS),
)
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("names", TRIPLES)
def test_every_product_is_rounded_once(names: str, rounding: str) -> None:
    a, b, result = map(parse_format, names.split())
    bits = 3
    random = np.random.default_rng(1).integers(0, 1 << bits, (1 << a.width, 1 << b.width))
    options = (random, bits) if rounding == "stochastic" else ()
    got = multiply(a, b, *every_pair(a, b), result, "exact", rounding, *options)
    expected = np.empty_like(got)
    x, y = ([(fmt.decode(code), is_negative(fmt, code)) for code in range(1 << fmt.width)] for fmt in (a, b))
    for (i, (of_a, a_negative)), (j, (of_b, b_negative)) in product(enumerate(x), enumerate(y)):
        value = rounded(result, of_a * of_b, rounding, int(random[i, j]), bits)
        expected[i, j] = code_of(result, value, a_negative != b_negative)
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("names", ["int4 e2m1 e2m1", "e2m1 e2m1 int4", "nf4 e2m1 e3m2"])
@pytest.mark.parametrize("bits", [1, 2, 4])
def test_every_random_number_rounds_as_it_says(names: str, bits: int) -> None:
    a, b, result = map(parse_format, names.split())
    x, y = every_pair(a, b)
    random = np.arange(1 << bits)
    x, y = (np.repeat(codes[..., None], 1 << bits, axis=-1) for codes in (x, y))
    got = multiply(a, b, x, y, result, rounding="stochastic", random=random, random_bits=bits)
    values = decode(result, got)
    for i, j, r in np.ndindex(got.shape):
        assert values[i, j, r] == rounded(result, a.decode(i) * b.decode(j), "stochastic", r, bits)


@pytest.mark.parametrize(("name", "kind"), [("pow4", 3), ("binary", 0), ("bipolar4", 0)])
def test_formats_without_a_zero_take_the_nearest_product(name: str, kind: int) -> None:
    """Where two are as near, even decides; -1 and 1 of powers of two are both even, and 0 becomes 1."""
    a, b, result = parse_format("e2m1"), parse_format("int4"), parse_format(name)
    got = decode(result, multiply(a, b, *every_pair(a, b), result))
    for i, j in product(range(16), repeat=2):
        x = a.decode(i) * b.decode(j)
        order = {code: (abs(v - x), not result.is_even(code), abs(v), -v) for v, code in made_codes(result).items()}
        assert got[i, j] == result.decode(min(order, key=order.__getitem__))


@pytest.mark.parametrize(
    ("name", "result", "theirs"),
    [
        ("e4m3fn", "e4m3fn-nan", ml_dtypes.float8_e4m3fn),
        ("e5m2", "e5m2-inf", ml_dtypes.float8_e5m2),
        ("e4m3fnuz", "e4m3fnuz-nan", ml_dtypes.float8_e4m3fnuz),
    ],
)
def test_fp8_products_are_those_of_ml_dtypes_on_all_pairs(name: str, result: str, theirs: type) -> None:
    fmt, into = parse_format(name), parse_format(result)
    codes = np.arange(256, dtype=np.uint8)
    with np.errstate(all="ignore"):
        values = codes.view(theirs).astype(np.float32)
        # Products of 8 or 6 significant bits are float32 numbers.
        expected = (values[:, None] * values[None, :]).astype(theirs)
    got = multiply(fmt, fmt, codes[:, None], codes[None, :], into)
    nan = np.isnan(expected.astype(np.float32))
    assert np.array_equal(np.isnan(decode(into, got)), nan)
    assert np.array_equal(got[~nan], expected.view(np.uint8)[~nan])


@pytest.mark.parametrize(
    ("name", "theirs", "code"), [("fp16-inf", np.float16, np.uint16), ("fp32-inf", np.float32, np.uint32)]
)
def test_ieee_products_are_those_of_numpy(name: str, theirs: type, code: type) -> None:
    fmt = parse_format(name)
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 1 << fmt.width, (2, 3000)).astype(code)
    # Half of the exponents are such that the product lies near one end of the range or the other.
    middle, field = 1 << (fmt.width - 2), fmt.exponent_bits
    b[::2] = (a[::2] ^ np.array(((1 << field) - 1) << fmt.mantissa_bits, dtype=code)) & code((1 << (fmt.width - 1)) - 1)
    b[::4] |= code(middle)
    with np.errstate(all="ignore"):
        expected = a.view(theirs) * b.view(theirs)
    got = multiply(fmt, fmt, a, b, fmt)
    nan = np.isnan(expected)
    assert np.array_equal(np.isnan(decode(fmt, got)), nan)
    assert np.array_equal(got[~nan], expected.view(code)[~nan])


def test_products_of_more_bits_than_float64_are_rounded_once() -> None:
    """int32 times fp32 has up to 55 bits; fp32 keeps 24 of them."""
    a, b, result = map(parse_format, ("int32", "fp32", "fp32"))
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 1 << 32, 500), rng.integers(90 << 23, 160 << 23, 500)
    # 2**30 + 2**6 - 1 times 2**23 + 1 lies just above a tie, (2**31 - 1) * (2**24 - 1) just below a power of two.
    x[:2], y[:2] = (2**30 + 2**6, 2**31 - 1), ((127 << 23) + 1, (128 << 23) - 1)
    got = decode(result, multiply(a, b, x, y, result))
    for i, j, value in zip(x.tolist(), y.tolist(), got.tolist(), strict=True):
        exact = a.decode(i) * b.decode(j)
        if exact:
            quantum = Fraction(2) ** (math.frexp(float(exact))[1] - 24)
            assert value in (round(exact / quantum) * quantum, round(exact / (2 * quantum)) * 2 * quantum)
            assert abs(value - exact) * 2 <= quantum


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(INF, 2, INF), (INF, -2, -INF), (-INF, -INF, INF), (INF, 0, NAN), (-0.0, INF, NAN), (NAN, 1, NAN), (0, NAN, NAN)],
)
def test_specials_multiply_as_ieee_754_says(a: float, b: float, expected: float) -> None:
    fmt, into = parse_format("e5m2"), parse_format("fp16")
    got = decode(into, multiply(fmt, fmt, encode(fmt, a), encode(fmt, b), into))
    assert np.array_equal(got, expected, equal_nan=True)


def test_specials_become_what_the_result_has_for_them() -> None:
    fmt = parse_format("e5m2")
    inf, one = encode(fmt, [INF, 1.0])
    # Without an infinity the end of the range, or NaN if it overflows to that.
    assert multiply(fmt, fmt, inf, one, parse_format("e4m3fn")) == 0x7E
    assert multiply(fmt, fmt, inf, one, parse_format("e4m3fn-nan")) == 0x7F
    assert multiply(fmt, fmt, inf, one | 0x80, parse_format("int8")) == 0x80
    with pytest.raises(ValueError, match="must not be NaN: int8 has no code for it"):
        multiply(fmt, fmt, [inf], [0], parse_format("int8"))


@pytest.mark.parametrize("rule", PRODUCTS)
def test_zeros_have_the_xor_of_the_signs(rule: str) -> None:
    fmt = parse_format("e4m3")
    zero, minus, one, minus_one = 0x00, 0x80, 0x38, 0xB8
    pairs = [(zero, zero), (zero, minus), (minus, minus), (zero, one), (zero, minus_one), (minus, minus_one)]
    a, b = np.array(pairs).T
    assert multiply(fmt, fmt, a, b, fmt, rule).tolist() == [zero, minus, zero, zero, minus, zero]
    assert multiply(fmt, fmt, a, b, parse_format("int8"), rule).tolist() == [0] * 6


def test_a_result_that_rounds_to_zero_keeps_its_sign() -> None:
    fmt = parse_format("e4m3")
    assert multiply(fmt, fmt, [0x01, 0x81, 0x81], [0x01, 0x01, 0x81], fmt).tolist() == [0x00, 0x80, 0x00]


def test_shapes_broadcast_and_operands_are_not_written_to() -> None:
    fmt = parse_format("e3m2")
    a, b = np.arange(12, dtype=np.uint8).reshape(4, 3)[::2, ::-1], np.arange(3, dtype=np.uint8)
    a.flags.writeable = b.flags.writeable = False
    got = multiply(fmt, fmt, a, b, fmt)
    assert got.shape == (2, 3)
    assert got.dtype == np.uint8
    assert np.array_equal(got, multiply(fmt, fmt, a.copy(), np.stack([b, b]), fmt))
    assert multiply(fmt, fmt, 3, 4, fmt).shape == ()
    assert multiply(fmt, fmt, [], [], fmt).shape == (0,)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"product": "exakt"}, ValueError, "product must be one of exact, lmul, lmul_value, mitchell, got 'exakt'"),
        ({"product": 3}, TypeError, "product must be a str or a product rule, got 3"),
        ({"rounding": "nearest"}, ValueError, "rounding must be one of nearest_even"),
        ({"rounding": "stochastic"}, ValueError, "random and random_bits must be given"),
        ({"random": [1], "random_bits": 1}, ValueError, "must be left out with rounding nearest_even"),
        ({"a": [16]}, ValueError, "codes must be codes 0..15 of e2m1, got 16"),
        ({"b": [0.5]}, TypeError, "codes must be integer codes, got an array of float64"),
        ({"result": "int8"}, TypeError, "fmt must be a Format, got 'int8'"),
    ],
)
def test_what_multiply_refuses(changes: dict, error: type[Exception], message: str) -> None:
    fmt = parse_format("e2m1")
    with pytest.raises(error, match=message):
        multiply(**{"a_format": fmt, "b_format": fmt, "a": [1], "b": [1], "result": fmt, **changes})


# L-Mul: 2410.00907's value form (1 + p + q + 2**-l) 2**(e+f), l = M up to 3 bits, 3 for 4, 4 above; its hardware
# form adds codes as integers, so a fraction's carry runs into the exponent; Mitchell's has no offset.


@cache
def lmul(fmt: Minifloat, semantics: str, edges: str, offset: int | None, x: Fraction, y: Fraction) -> Fraction:
    m, smallest = fmt.mantissa_bits, Fraction(2) ** fmt.min_exponent
    if x == 0 or y == 0 or (edges == "flush" and min(abs(x), abs(y)) < smallest):
        return Fraction(0)
    (p, e), (q, f) = map(fraction_and_exponent, (x, y))
    published = m if m <= 3 else 3 if m == 4 else 4
    o = Fraction(0) if semantics == "mitchell" else Fraction(1, 2 ** (published if offset is None else offset))
    s, exponent = p + q + o, e + f
    if semantics != "value":
        carry = math.floor(s)
        s, exponent = s - carry, exponent + carry
    magnitude = (1 + s) * Fraction(2) ** exponent
    if edges == "flush":
        magnitude = Fraction(0) if magnitude < smallest else min(magnitude, fmt.max)
    return magnitude if (x > 0) == (y > 0) else -magnitude


@cache
def fraction_and_exponent(x: Fraction) -> tuple[Fraction, int]:
    exponent = 0
    while abs(x) >= 2:
        x, exponent = x / 2, exponent + 1
    while abs(x) < 1:
        x, exponent = x * 2, exponent - 1
    return abs(x) - 1, exponent


def values_of(terms: Terms) -> list[Fraction]:
    return [int(step) * Fraction(2) ** terms.lsb for step in terms.steps.flat]


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize(
    "name", ["e2m3", "e3m2", "e4m3", "e5m2", "e4m3fn", "e2m1", "e3m0", "e2m5", "e3m4ieee-b9", "e2m1-b-10"]
)
def test_lmul_is_its_formula_on_every_pair(name: str, semantics: str, edges: str) -> None:
    fmt = parse_format(name)
    # Signs only multiply: one of `a` will do. Wide formats' codes are thinned, by a number that is not even.
    thin = 1 if fmt.width <= 6 else 29
    a = [code for code in range(0, 1 << (fmt.width - 1), thin) if math.isfinite(fmt.decode(code))]
    a += [made_codes(fmt)[fmt.max], made_codes(fmt)[-fmt.max]]
    b = [c for c in range(1 << fmt.width) if math.isfinite(fmt.decode(c))]
    rule = LMul(semantics, edges=edges)
    terms = rule(fmt, fmt, np.array(a)[:, None], np.array(b)[None, :])
    x, y = ([fmt.decode(code) for code in codes] for codes in (a, b))
    expected = [lmul(fmt, semantics, edges, None, i, j) for i in x for j in y]
    assert values_of(terms) == expected
    assert not terms.status.any()
    span = rule.span(fmt, fmt)
    assert span.lsb == terms.lsb
    assert span.lo <= min(terms.steps.flat)
    assert max(terms.steps.flat) <= span.hi


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("semantics", ["value", "integer"])
@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_lmul_takes_any_offset(offset: int, semantics: str, edges: str) -> None:
    fmt = parse_format("e2m3")
    terms = LMul(semantics, offset, edges)(fmt, fmt, *every_pair(fmt, fmt))
    values = [fmt.decode(code) for code in range(64)]
    assert values_of(terms) == [lmul(fmt, semantics, edges, offset, x, y) for x in values for y in values]


@pytest.mark.parametrize("rounding", ["toward_zero", "nearest_even", "up", "odd"])
@pytest.mark.parametrize(
    ("names", "operands"), [("int6 int4", "e3m2"), ("e2m3 int4", "e4m1"), ("fix6.4 e3m2", "e2m1"), ("nf4 int4", "e5m2")]
)
def test_lmul_rounds_operands_first(names: str, operands: str, rounding: str) -> None:
    a, b = map(parse_format, names.split())
    fmt = parse_format(operands)
    seen = [[rounded(fmt, f.decode(code), rounding) for code in range(1 << f.width)] for f in (a, b)]
    for semantics, edges in product(SEMANTICS, EDGES):
        rule = LMul(semantics, edges=edges, operands=fmt, operand_rounding=rounding)
        expected = [lmul(fmt, semantics, edges, None, x, y) for x in seen[0] for y in seen[1]]
        assert values_of(rule(a, b, *every_pair(a, b))) == expected


def test_lmul_operands_without_nan_refuse_it_and_take_infinities_as_their_ends() -> None:
    bf16, rule = parse_format("bf16"), LMul(operands=parse_format("e4m3"))
    inf, nan, one = encode(bf16, [INF, NAN, 1.0])
    terms = rule(bf16, bf16, [inf], [one])
    assert (values_of(terms), terms.status.tolist()) == (
        [lmul(rule.operands, "integer", "flush", None, rule.operands.max, Fraction(1))],
        [0],
    )
    with pytest.raises(ValueError, match="must not be NaN: e4m3 has no code for it"):
        rule(bf16, bf16, [nan], [one])


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("semantics", SEMANTICS)
def test_lmul_products_are_rounded_into_any_format(semantics: str, edges: str) -> None:
    fmt, result = parse_format("e3m2"), parse_format("e4m3fn")
    values = [fmt.decode(code) for code in range(64)]
    for rounding in ("nearest_even", "toward_zero", "up"):
        got = decode(result, multiply(fmt, fmt, *every_pair(fmt, fmt), result, LMul(semantics, edges=edges), rounding))
        expected = [rounded(result, lmul(fmt, semantics, edges, None, x, y), rounding) for x in values for y in values]
        assert got.reshape(-1).tolist() == expected


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("name", ["e8m7-b-256", "e8m7-b512"])
def test_lmul_reaches_the_ends_of_the_widest_ranges(name: str, semantics: str, edges: str) -> None:
    fmt = parse_format(name)
    codes = [fmt.max_magnitude_code, 1 << fmt.mantissa_bits, 1]
    expected = [lmul(fmt, semantics, edges, None, fmt.decode(code), fmt.decode(code)) for code in codes]
    assert values_of(LMul(semantics, edges=edges)(fmt, fmt, codes, codes)) == expected


def test_lmul_with_specials_and_subnormals_unbounded() -> None:
    """Unlike flushed ones, a normalised subnormal times infinity is infinity."""
    fmt = parse_format("e5m2")
    inf, nan, tiny, zero, one = 0x7C, 0x7F, 0x01, 0x00, 0x3C
    a, b = np.array([(inf, tiny), (inf | 0x80, tiny), (inf, zero), (nan, one), (tiny, tiny)]).T
    terms = LMul("integer", edges="unbounded")(fmt, fmt, a, b)
    assert terms.status.tolist() == [1, 2, 3, 3, 0]
    assert values_of(terms) == [0, 0, 0, 0, Fraction(2) ** -32 * Fraction(5, 4)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"semantics": "log"}, ValueError, "semantics must be one of value, integer, mitchell, got 'log'"),
        ({"semantics": 1}, TypeError, "semantics must be a str, got 1"),
        ({"edges": "wrap"}, ValueError, "edges must be one of flush, unbounded, got 'wrap'"),
        ({"offset": -1}, ValueError, "offset must be 0..31, got -1"),
        ({"offset": 1.0}, TypeError, "offset must be an int"),
        ({"semantics": "mitchell", "offset": 3}, ValueError, "offset must be None for mitchell, got 3"),
        ({"operands": "e4m3"}, TypeError, "operands must be a Minifloat, got 'e4m3'"),
    ],
)
def test_what_lmul_refuses(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        LMul(**arguments)


def test_lmul_refuses_an_operand_rounding_that_does_not_exist() -> None:
    fmt = parse_format("e4m3")
    with pytest.raises(ValueError, match="rounding must be one of nearest_even"):
        LMul(operands=fmt, operand_rounding="truncate")(fmt, fmt, [1], [1])


@pytest.mark.parametrize(
    ("rule", "names", "message"),
    [
        (LMul(offset=4), "e4m3 e4m3", "offset must be 0..3 for e4m3, got 4"),
        (LMul(), "e4m3 e5m2", "one minifloat format, got e4m3 and e5m2"),
        (LMul(), "e0m3 e0m3", "exponents and signs, got e0m3"),
        (LMul(), "ue5m3 ue5m3", "exponents and signs, got ue5m3"),
        (LMul(), "int8 int8", "one minifloat format, got int8 and int8"),
    ],
)
def test_lmul_refuses_formats(rule: LMul, names: str, message: str) -> None:
    a, b = map(parse_format, names.split())
    with pytest.raises(ValueError, match=message):
        rule(a, b, [1], [1])
    with pytest.raises(ValueError, match=message):
        rule.span(a, b)


@dataclass(frozen=True)
class NearestFloat:
    """A rule of one's own: products rounded to one more bit than the operands' M, exponents unbounded."""

    def span(self, a: Format, b: Format) -> Span:
        return a.span * b.span

    def __call__(self, a: Minifloat, b: Minifloat, x: np.ndarray, y: np.ndarray) -> Terms:
        lsb = self.span(a, b).lsb

        def steps(i: int, j: int) -> int:
            exact = a.decode(int(i)) * b.decode(int(j))
            if exact == 0:
                return 0
            quantum = Fraction(2) ** (fraction_and_exponent(exact)[1] - a.mantissa_bits)
            return int(round(exact / quantum) * quantum / Fraction(2) ** lsb)

        products = np.asarray(np.frompyfunc(steps, 2, 1)(x, y))
        return Terms(products, np.zeros(products.shape, dtype=np.uint8), lsb)


@pytest.mark.parametrize(
    ("name", "rule", "published"),
    [
        ("e5m2", LMul("value", edges="unbounded"), 0.1111),
        ("e5m2", LMul("integer", edges="unbounded"), 0.1467),
        ("e5m2", LMul("mitchell", edges="unbounded"), 0.0357),
        ("e5m2", NearestFloat(), 0.0357),
        ("e4m3", LMul("value", edges="unbounded"), 0.0689),
        ("e4m3", LMul("integer", edges="unbounded"), 0.0524),
        ("e4m3", LMul("mitchell", edges="unbounded"), 0.0378),
        ("e4m3", NearestFloat(), 0.0190),
    ],
)
def test_mean_relative_errors_are_known_to_four_digits(name: str, rule, published: float) -> None:
    """Of all pairs of normal codes: the definitions of arXiv 2410.00907, computed once elsewhere."""
    fmt = parse_format(name)
    assert round(relative_errors(fmt, fmt, rule).mean, 4) == published


def test_a_rule_of_ones_own_multiplies_and_sums() -> None:
    fmt = parse_format("e3m2")
    codes = np.arange(4, 16)
    terms = NearestFloat()(fmt, fmt, codes[:, None], codes[None, :])
    sums = exact_sums(fmt, fmt, codes[None, :], codes[:, None], NearestFloat())
    assert int(sums.steps()[0, 0]) == np.trace(terms.steps)
    assert decode(parse_format("fp32"), multiply(fmt, fmt, 5, 5, parse_format("fp32"), NearestFloat())) == 0.09375


# Formats of one's own: nothing outside the test knows them.


@dataclass(frozen=True)
class Square(Format):
    """The squares 0, 1, 4, .. 225 in four bits."""

    grammar = "square4"

    @classmethod
    def parse(cls, name: str) -> Square | None:
        return cls() if name == "square4" else None

    @property
    def name(self) -> str:
        return "square4"

    @property
    def width(self) -> int:
        return 4

    @property
    def source(self) -> str:
        return "this test"

    def value(self, code: int) -> Fraction:
        return Fraction(code**2)

    @property
    def span(self) -> Span:
        return Span(0, 225, 0)


def test_a_new_format_encodes_and_decodes() -> None:
    fmt = Square()
    assert decode(fmt, np.arange(16)).tolist() == [code**2 for code in range(16)]
    # Ties go to even codes: 0.5 to 0, 2.5 to 2, 6.5 to 2.
    assert encode(fmt, [-3, 0.5, 0.6, 2.4, 2.5, 6.5, 200, 1e9, INF]).tolist() == [0, 0, 1, 1, 2, 2, 14, 15, 15]
    assert encode(fmt, [3, 3, 0.1], "down").tolist() == [1, 1, 0]
    assert encode(fmt, [3, 4, 0.1], "up").tolist() == [2, 2, 1]
    x = np.arange(0, 240, 0.25)
    for rounding in ROUNDINGS.keys() - {"stochastic"}:
        assert decode(fmt, encode(fmt, x, rounding)).tolist() == [rounded(fmt, Fraction(v), rounding) for v in x]
    with pytest.raises(ValueError, match="must not be NaN: square4 has no code for it"):
        encode(fmt, NAN)


@pytest.mark.parametrize(("other", "result"), [("int4", "fix16.0"), ("e2m1", "fp16"), ("square4", "square4")])
def test_a_new_format_multiplies(other: str, result: str) -> None:
    fmt = Square()
    b, into = (fmt if name == "square4" else parse_format(name) for name in (other, result))
    got = decode(into, multiply(fmt, b, *every_pair(fmt, b), into))
    for i, j in product(range(16), repeat=2):
        assert got[i, j] == rounded(into, i**2 * b.decode(j), "nearest_even")


def test_a_new_format_sums() -> None:
    fmt, other = Square(), parse_format("e2m1")
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 16, (3, 7)), rng.integers(0, 16, (7, 2))
    codes, status = matmul(fmt, other, a, b)
    # 7 products of 225 * 12 half steps, either way: 18,900 has 15 bits, and a sign.
    assert codes.max() < 1 << 16
    exact = [[sum(int(x) ** 2 * other.decode(int(y)) for x, y in zip(r, c, strict=True)) for c in b.T] for r in a]
    assert decode(Fixed(16, 1), codes).tolist() == exact
    assert not status.any()
    floats, _ = matmul(fmt, other, a, b, accumulator=Floating(parse_format("fp32")))
    assert decode(parse_format("fp32"), floats).tolist() == exact
    squares, _ = matmul(fmt, fmt, [[1, 1, 1]], [[1], [2], [1]], accumulator=Floating(fmt))
    assert squares == 2  # 1, then 5 is nearest to 4, then again


def test_a_new_format_is_a_blocks_element_and_its_scale() -> None:
    fmt = Square()
    block = Block(fmt, parse_format("ue8m0"), 4)
    # floor(log2(225)) = 7; 1000's exponent is 9: a scale of 4, and 1000 / 4 is beyond 225.
    q = quantize(block, [[1000.0, 4, 63, 0, 225]])
    assert q.scale_values().tolist() == [[4.0, 1.0]]
    assert q.elements.tolist() == [[15, 1, 4, 0, 15]]
    assert q.values().tolist() == [[900.0, 4, 64, 0, 225]]
    sums, _ = block_matmul(q, q, Floating(parse_format("fp32")))
    assert decode(parse_format("fp32"), sums).tolist() == [[900**2 + 4**2 + 64**2 + 225**2]]
    scaled = quantize(Block(parse_format("int4-sym"), fmt, 2, "nearest"), [7.0 * 9, 9, 7, -1])
    assert scaled.scales.tolist() == [3, 1]
    assert scaled.elements.tolist() == [7, 1, 7, 15]


def test_a_new_format_that_is_registered_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hw.formats.FAMILIES", [Square])
    assert parse_format("square4") == Square()
    with pytest.raises(ValueError, match="unknown format 'square5'; `macsmith formats` lists them"):
        parse_format("square5")


def test_a_codebook_of_ones_own_works_throughout() -> None:
    fmt = Codebook((0, 1, 3, Fraction(-5, 2)))
    assert parse_format("cb[0,1,3,-2.5]") == fmt
    assert str(fmt) == "cb[0,1,3,-2.5]"
    assert encode(fmt, [0.4, 2, 2.1, -1, -9]).tolist() == [0, 2, 2, 0, 3]
    assert decode(fmt, multiply(fmt, fmt, *every_pair(fmt, fmt), fmt)).tolist() == [
        [rounded(fmt, x * y, "nearest_even") for y in fmt.values] for x in fmt.values
    ]
    codes, _ = matmul(fmt, parse_format("int4"), [[1, 2, 3]], [[1], [2], [3]])
    assert codes[0, 0] & 0xFF == int(2 * (1 + 6 - 7.5)) & 0xFF
    q = quantize(parse_format("3*cb[0,1,3,-2.5]@ue8m0"), [6.0, -5, 2, 3])
    assert q.values().tolist() == [6.0, -5, 2, 3]


def test_a_codebook_of_float64s_extremes_multiplies_and_sums() -> None:
    """A codebook takes any float64 numbers; that their products pass float64's range is no reason to fail."""
    fmt, int4, fp32 = Codebook((Fraction(2) ** -900, Fraction(2) ** 900)), parse_format("int4"), parse_format("fp32")
    sums = exact_sums(fmt, int4, [[0, 1]], [[1], [1]])
    assert int(sums.steps()[0, 0]) * Fraction(2) ** sums.lsb == Fraction(2) ** -900 + Fraction(2) ** 900
    assert sums.values().tolist() == [[2.0**900]]
    assert decode(fp32, multiply(fmt, int4, [0, 1], [1, 15], fp32)).tolist() == [0, -float(fp32.max)]
    squares = exact_sums(fmt, fmt, [[0, 1]], [[0], [1]])
    assert int(squares.steps()[0, 0]) * Fraction(2) ** squares.lsb == Fraction(2) ** -1800 + Fraction(2) ** 1800
