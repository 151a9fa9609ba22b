"""Accumulators against the same additions on rationals, and against numpy's float32."""

from __future__ import annotations

import math
from bisect import bisect_left
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from hw.formats import Fixed, Format, Integer, Minifloat, parse_format
from sim.golden import decode, encode
from sim.golden.accumulators import ORDERS, Chunked, Floating, Interleaved, Wide
from sim.golden.matmul import exact_accumulator, matmul
from sim.golden.products import Terms

INF, NAN = math.inf, math.nan


@cache
def ladder(fmt: Format) -> tuple[list[Fraction], dict[Fraction, bool]]:
    """The values ascending, and whether ties go to them."""
    even = {}
    for code in reversed(range(1 << fmt.width)):
        value = fmt.decode(code)
        if isinstance(value, Fraction) and not fmt.is_reserved(code):
            even[value] = fmt.is_even(code)
    return sorted(even), even


def rounded(fmt: Format, x: Fraction, rounding: str = "nearest_even") -> Fraction:
    """The neighbour of x that the rounding names, by search among all values; beyond the ends, the end."""
    if fmt.width > 16:
        assert isinstance(fmt, Minifloat)
        assert rounding == "nearest_even"
        if x == 0:
            return x
        exponent = x.numerator.bit_length() - x.denominator.bit_length()
        exponent -= abs(x) < Fraction(2) ** exponent
        quantum = Fraction(2) ** (max(exponent, fmt.min_exponent) - fmt.mantissa_bits)
        return max(-fmt.max, min(fmt.max, round(x / quantum) * quantum))
    values, is_even = ladder(fmt)
    i = bisect_left(values, x)
    if i in (0, len(values)) or values[i] == x:
        return values[min(i, len(values) - 1)]
    low, high = values[i - 1], values[i]
    near, far = (low, high) if x > 0 else (high, low)
    even, odd = (low, high) if is_even[low] else (high, low)
    if rounding.startswith("nearest"):
        if 2 * x != low + high:
            return low if 2 * x < low + high else high
        return even if rounding == "nearest_even" else far
    return {"toward_zero": near, "up": high, "down": low, "odd": odd}[rounding]


def summed(fmt: Format, terms: list[Fraction], order: str, rounding: str, round_products: bool) -> Fraction:
    """As a person would add on paper."""
    if round_products:
        terms = [rounded(fmt, term, rounding) for term in terms]
    if order == "sequential":
        total = Fraction(0)
        for term in terms:
            total = rounded(fmt, total + term, rounding)
        return total
    while len(terms) > 1:
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [rounded(fmt, sum(pair), rounding) if len(pair) == 2 else pair[0] for pair in pairs]
    return rounded(fmt, terms[0], rounding) if terms else Fraction(0)


def drawn(fmt: Format, shape: tuple[int, int], seed: int, scale: float = 1.0) -> np.ndarray:
    return encode(fmt, np.random.default_rng(seed).normal(0, scale, shape))


def products(a_format: Format, b_format: Format, a: np.ndarray, b: np.ndarray) -> list[list[list[Fraction]]]:
    """The terms of every sum."""
    return [
        [
            [a_format.decode(int(x)) * b_format.decode(int(y)) for x, y in zip(row, column, strict=True)]
            for column in b.T
        ]
        for row in a
    ]


def exactly(fmt: Format, codes: np.ndarray) -> list[list[Fraction]]:
    return [[fmt.decode(int(code)) for code in row] for row in codes]


@pytest.mark.parametrize("round_products", [False, True], ids=["fused", "rounded"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("names", "into"),
    [
        ("e4m3 e4m3", "e5m2"),
        ("e2m1 int4", "e4m3"),
        ("e4m3fn e5m2", "fp16"),
        ("int8 int8", "fp16"),
        ("fp16 fp16", "bf16"),
        ("bf16 bf16", "bf16"),
        ("nf4 int8", "e5m10-flush"),
        ("fp16 bf16", "fp32"),
        ("fp32 tf32", "fp32"),
        ("int8 e4m3", "tf32"),
        ("e2m1 e2m1", "int6"),
        ("e3m2 nf4", "fix8.4"),
        ("int4 int4", "fp4p5"),
        ("ternary e2m1", "e2m1"),
    ],
)
def test_every_addition_is_rounded_once(names: str, into: str, order: str, round_products: bool) -> None:
    a_format, b_format = map(parse_format, names.split())
    fmt = parse_format(into)
    for k in (0, 1, 2, 3, 5, 8, 13, 22):
        a, b = drawn(a_format, (3, k), k, 3.0), drawn(b_format, (k, 4), 100 + k, 3.0)
        accumulator = Floating(fmt, order, round_products=round_products)
        codes, flags = matmul(a_format, b_format, a, b, accumulator=accumulator)
        expected = [
            [summed(fmt, t, order, "nearest_even", round_products) for t in row]
            for row in products(a_format, b_format, a, b)
        ]
        assert exactly(fmt, codes) == expected
        assert not flags.any()


@pytest.mark.parametrize("rounding", ["nearest_away", "toward_zero", "up", "down", "odd"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("into", ["e5m2", "e4m3", "bf16", "int8"])
def test_additions_round_as_they_are_told(into: str, order: str, rounding: str) -> None:
    a_format, b_format, fmt = parse_format("e4m3"), parse_format("int4"), parse_format(into)
    a, b = drawn(a_format, (4, 11), 1, 2.0), drawn(b_format, (11, 4), 2, 3.0)
    for round_products in (False, True):
        accumulator = Floating(fmt, order, rounding, round_products)
        codes, _ = matmul(a_format, b_format, a, b, accumulator=accumulator)
        expected = [
            [summed(fmt, t, order, rounding, round_products) for t in row] for row in products(a_format, b_format, a, b)
        ]
        assert exactly(fmt, codes) == expected


def test_orders_and_product_rounding_differ_where_they_should() -> None:
    fmt, int4 = parse_format("e3m1"), parse_format("int4")
    # e3m1 has 1, 1.5, 2, 3, 4, 6, 8, 12. One by one each 8 + 1 is 8; neighbours give 8, 2, 2, 2, then 8 (a tie), 4: 12.
    results = {
        order: matmul(int4, int4, [[2] + [1] * 7], [[4]] + [[1]] * 7, accumulator=Floating(fmt, order))[0]
        for order in ORDERS
    }
    assert exactly(fmt, results["sequential"]) == [[8]]
    assert exactly(fmt, results["tree"]) == [[12]]
    # 5 * 1 rounds to 4 before it is added to 1 (a tie between 4 and 6, and 4 is even); exactly, 6 is held.
    for round_products, expected in ((False, 6), (True, 4)):
        accumulator = Floating(fmt, round_products=round_products)
        codes, _ = matmul(int4, int4, [[1, 5]], [[1], [1]], accumulator=accumulator)
        assert exactly(fmt, codes) == [[expected]]


@pytest.mark.parametrize("seed", range(3))
def test_float32_additions_are_those_of_numpy(seed: int) -> None:
    fp32, bf16 = parse_format("fp32"), parse_format("bf16")
    rng = np.random.default_rng(seed)
    x, y = (rng.normal(size=shape).astype(np.float32) for shape in ((7, 50), (50, 6)))
    if seed == 1:
        x *= np.float32(1e-22)  # products are subnormal
        y *= np.float32(1e-20)
    a, b = (z.view(np.uint32) for z in (x, y))
    total = np.zeros((7, 6), dtype=np.float32)
    for k in range(50):
        total = total + x[:, k, None] * y[None, k]
    codes, _ = matmul(fp32, fp32, a, b, accumulator=Floating(fp32, round_products=True))
    assert np.array_equal(codes.view(np.float32), total)
    # bf16's products are float32 numbers, so there it is one whether they are rounded; neighbours by halves:
    a, b = encode(bf16, x[:, :32] * 1e3), encode(bf16, y[:32])
    terms = (decode(bf16, a)[:, :, None] * decode(bf16, b)[None]).astype(np.float32)
    while terms.shape[1] > 1:
        terms = terms[:, ::2] + terms[:, 1::2]
    if seed != 1:
        codes, _ = matmul(bf16, bf16, a, b, accumulator=Floating(fp32, "tree"))
        assert np.array_equal(codes.view(np.float32), terms[:, 0])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("into", "end"), [("fp32-inf", INF), ("fp32", float(2**128 - 2**104))])
def test_float32_overflow_is_infinity_or_the_end(into: str, end: float, order: str) -> None:
    fmt, codes = parse_format(into), np.array([[3e38, 3e38, -3e38, 1.0]], dtype=np.float32).view(np.uint32)
    one = np.ones((4, 1), dtype=np.float32).view(np.uint32)
    result, flags = matmul(parse_format("fp32"), parse_format("fp32"), codes, one, accumulator=Floating(fmt, order))
    # inf - 3e38 stays infinity; the saturated end less 3e38 does not.
    high, low = np.float32(end), np.float32(3e38)
    expected = high - low if order == "sequential" else high + (np.float32(1) - low)
    assert decode(fmt, result) == expected
    assert flags == 0


@pytest.mark.parametrize("round_products", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_specials_go_through_floating_sums(order: str, round_products: bool) -> None:
    e5m2, fp16 = parse_format("e5m2"), parse_format("fp16")
    rows = [[INF, 1, 2], [-INF, 1, 2], [INF, 1, -INF], [NAN, 1, 2], [1, 2, 3]]
    a, b = encode(e5m2, rows), encode(e5m2, [[1.0], [1.0], [1.0]])
    codes, flags = matmul(e5m2, e5m2, a, b, accumulator=Floating(fp16, order, round_products=round_products))
    assert np.array_equal(decode(fp16, codes)[:, 0], [INF, -INF, NAN, NAN, 6], equal_nan=True)
    assert flags[:, 0].tolist() == [1, 2, 3, 3, 0]


def test_a_special_term_in_a_format_without_one_is_refused_or_ends() -> None:
    e5m2, e4m3 = parse_format("e5m2"), parse_format("e4m3")
    inf, nan, one = encode(e5m2, [INF, NAN, 1.0])
    codes, flags = matmul(e5m2, e5m2, [[inf]], [[one]], accumulator=Floating(e4m3))
    assert (exactly(e4m3, codes), flags) == ([[480]], 1)
    with pytest.raises(ValueError, match="must not be NaN: e4m3 has no code for it"):
        matmul(e5m2, e5m2, [[nan]], [[one]], accumulator=Floating(e4m3))


def test_terms_of_more_bits_than_float64_enter_exactly() -> None:
    int32, fp32 = parse_format("int32"), parse_format("fp32")
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 1 << 32, (3, 9)), rng.normal(size=(9, 2)).astype(np.float32).view(np.uint32)
    for fmt in (fp32, parse_format("bf16")):
        codes, _ = matmul(int32, fp32, a, b, accumulator=Floating(fmt))
        terms = products(int32, fp32, a, b)
        assert exactly(fmt, codes) == [
            [summed(fmt, t, "sequential", "nearest_even", False) for t in row] for row in terms
        ]
        codes, _ = matmul(int32, fp32, a, b, accumulator=Floating(fmt, "tree", round_products=True))
        assert exactly(fmt, codes) == [[summed(fmt, t, "tree", "nearest_even", True) for t in row] for row in terms]
    with pytest.raises(
        ValueError, match="order must be sequential for terms of more than 53 significant bits, got tree"
    ):
        matmul(int32, fp32, a, b, accumulator=Floating(fp32, "tree"))


def test_floating_sums_in_fixed_point_of_52_bits_are_exact() -> None:
    int32, fmt = parse_format("int32"), Fixed(52)
    a = np.array([[(1 << 31) - 1] * 4 + [3]])
    b = np.array([[(1 << 18) - 1] * 4 + [1]]).T
    codes, _ = matmul(int32, int32, a, b, accumulator=Floating(fmt))
    assert exactly(fmt, codes) == [[sum(products(int32, int32, a, b)[0][0])]]


@pytest.mark.parametrize("bits", [53, 60, 70])
def test_floating_refuses_formats_that_float64_would_round_twice(bits: int) -> None:
    # 2**52 - 3 and a quarter lies below the tie, which float64 has no bit left to tell.
    with pytest.raises(ValueError, match=rf"format must have at most 51 significant bits, got fix{bits}.0; Wide takes"):
        Floating(Fixed(bits))


# Fixed point.


def wrapped(steps: int, fmt: Fixed | Integer) -> int:
    low = fmt.span.lo
    return (steps - low) % (1 << fmt.width) + low


def in_fixed_point(fmt: Fixed | Integer, terms: list[Fraction], saturate: bool) -> Fraction:
    unit, total = Fraction(2) ** fmt.span.lsb, 0
    for term in terms:
        steps = term / unit
        assert steps.denominator == 1
        total += int(steps)
        total = max(int(fmt.min / unit), min(int(fmt.max / unit), total)) if saturate else wrapped(total, fmt)
    return total * unit


# Wrapping may make the code that a symmetric format reserves, so there only saturation is tried.
WIDE = [
    ("int8 int8", "int12"),
    ("int8 int8", "uint16"),
    ("int8 int8", "fix20.3"),
    ("uint4 int4", "fix7.0"),
    ("e4m3 e4m3", "fix24.18"),
    ("e4m3 e4m3", "fix40.20"),
    ("e5m2 int8", "fix62.18"),
    ("e5m2 e5m2", "fix63.32"),
    ("e5m2 e5m2", "fix80.40"),
    ("bf16 bf16", "fix20.266"),
    ("bf16 bf16", "fix20.270"),
    ("bf16 bf16", "fix300.266"),
    ("int32 int32", "fix62.0"),
    ("int32 uint32", "fix64.0"),
]
WIDE_CASES = [(*case, saturate) for case in WIDE for saturate in (False, True)] + [("int8 int8", "int14-sym", True)]


@pytest.mark.parametrize(("names", "into", "saturate"), WIDE_CASES)
def test_fixed_point_wraps_or_saturates_at_every_addition(names: str, into: str, saturate: bool) -> None:
    a_format, b_format = map(parse_format, names.split())
    fmt = parse_format(into)
    rng = np.random.default_rng(6)
    a, b = (rng.integers(0, 1 << f.width, shape) for f, shape in ((a_format, (4, 17)), (b_format, (17, 5))))
    a, b = (np.where(np.isfinite(decode(f, c)), c, 0) for f, c in ((a_format, a), (b_format, b)))
    codes, flags = matmul(a_format, b_format, a, b, accumulator=Wide(fmt, saturate))
    terms = products(a_format, b_format, a, b)
    assert exactly(fmt, codes) == [[in_fixed_point(fmt, t, saturate) for t in row] for row in terms]
    assert not flags.any()


def test_saturation_depends_on_the_order_and_wrapping_does_not() -> None:
    int8, fmt = parse_format("int8"), parse_format("int8")
    one = np.ones((3, 1), dtype=int)
    for codes, saturated, wrapping in (([100, 100, 156], 27, 100), ([100, 156, 100], 100, 100)):
        assert exactly(fmt, matmul(int8, int8, [codes], one, accumulator=Wide(fmt, True))[0]) == [[saturated]]
        assert exactly(fmt, matmul(int8, int8, [codes], one, accumulator=Wide(fmt))[0]) == [[wrapping]]


def test_specials_count_as_zero_in_fixed_point() -> None:
    e5m2, fmt = parse_format("e5m2"), parse_format("fix40.32")
    a = encode(e5m2, [[INF, 3.0], [NAN, -2.0]])
    codes, flags = matmul(e5m2, e5m2, a, encode(e5m2, [[1.0], [1.0]]), accumulator=Wide(fmt))
    assert exactly(fmt, codes) == [[3], [-2]]
    assert flags.tolist() == [[1], [3]]


def test_fixed_point_must_have_fine_enough_steps() -> None:
    e4m3 = parse_format("e4m3")
    with pytest.raises(ValueError, match=r"format must have steps of 2\^-18 or finer, got fix20.17"):
        matmul(e4m3, e4m3, [[1]], [[1]], accumulator=Wide(parse_format("fix20.17")))


@pytest.mark.parametrize("product", ["lmul", "lmul_value", "mitchell"])
def test_accumulators_take_any_rules_products(product: str) -> None:
    fmt, fp16 = parse_format("e4m3"), parse_format("fp16")
    a, b = drawn(fmt, (3, 12), 7), drawn(fmt, (12, 2), 8)
    exact = exact_accumulator(fmt, fmt, 1, product).format
    terms = [
        [
            [exact.decode(int(matmul(fmt, fmt, [[x]], [[y]], product)[0][0, 0])) for x, y in zip(r, c, strict=True)]
            for c in b.T
        ]
        for r in a
    ]
    codes, _ = matmul(fmt, fmt, a, b, product, Floating(fp16))
    assert exactly(fp16, codes) == [
        [summed(fp16, t, "sequential", "nearest_even", False) for t in row] for row in terms
    ]
    codes, _ = matmul(fmt, fmt, a, b, product, Wide(exact, saturate=True))
    assert exactly(exact, codes) == [[in_fixed_point(exact, t, True) for t in row] for row in terms]


# Chunks.


@pytest.mark.parametrize("size", [1, 3, 4, 7, 100])
@pytest.mark.parametrize(("inner", "outer"), [("e5m2", "fp32"), ("fp16", "bf16"), ("e4m3", "e5m10-flush")])
def test_chunks_of_floating_sums_enter_the_outer_one(inner: str, outer: str, size: int) -> None:
    fmt, narrow, wide = map(parse_format, ("e4m3", inner, outer))
    a, b = drawn(fmt, (3, 13), 9), drawn(fmt, (13, 2), 10)
    accumulator = Chunked(Floating(narrow), Floating(wide, "tree"), size)
    assert accumulator.format == wide
    codes, _ = matmul(fmt, fmt, a, b, accumulator=accumulator)
    for i, row in enumerate(products(fmt, fmt, a, b)):
        for j, terms in enumerate(row):
            chunks = [terms[start : start + size] for start in range(0, 13, size)]
            spilled = [summed(narrow, chunk, "sequential", "nearest_even", False) for chunk in chunks]
            assert wide.decode(int(codes[i, j])) == summed(wide, spilled, "tree", "nearest_even", False)


def test_chunks_of_saturating_sums_enter_a_wide_one() -> None:
    int8, narrow, wide = map(parse_format, ("int8", "int12", "int24"))
    rng = np.random.default_rng(11)
    a, b = rng.integers(0, 256, (4, 21)), rng.integers(0, 256, (21, 3))
    codes, _ = matmul(int8, int8, a, b, accumulator=Chunked(Wide(narrow, True), Wide(wide), 4))
    for i, row in enumerate(products(int8, int8, a, b)):
        for j, terms in enumerate(row):
            chunks = [in_fixed_point(narrow, terms[start : start + 4], True) for start in range(0, 21, 4)]
            assert wide.decode(int(codes[i, j])) == sum(chunks)


def test_chunks_of_nothing_and_of_specials() -> None:
    e5m2, fp16 = parse_format("e5m2"), parse_format("fp16")
    accumulator = Chunked(Floating(e5m2), Floating(fp16), 2)
    codes, _ = matmul(e5m2, e5m2, np.zeros((2, 0), int), np.zeros((0, 2), int), accumulator=accumulator)
    assert codes.tolist() == [[0, 0], [0, 0]]
    a = encode(e5m2, [[1, INF, 1], [1, 1, -INF], [INF, 1, -INF]])
    codes, flags = matmul(e5m2, e5m2, a, encode(e5m2, np.ones((3, 1))), accumulator=accumulator)
    assert np.array_equal(decode(fp16, codes)[:, 0], [INF, -INF, NAN], equal_nan=True)
    assert flags[:, 0].tolist() == [1, 2, 3]


def test_chunks_within_chunks() -> None:
    int8 = parse_format("int8")
    accumulator = Chunked(
        Chunked(Wide(parse_format("int10"), True), Wide(parse_format("int20")), 2), Wide(parse_format("int32")), 3
    )
    # 127 * 4 = 508, twice 511; of three: 511 and 508; and so on.
    codes, _ = matmul(int8, int8, np.full((1, 7), 127), np.full((7, 1), 4), accumulator=accumulator)
    assert codes == 2 * (511 + 508) + 508


def test_terms_are_not_written_to() -> None:
    steps = np.arange(6).reshape(2, 3)
    steps.flags.writeable = False
    terms = Terms(steps, np.zeros((2, 3), dtype=np.uint8), 0)
    for accumulator in (
        Wide(parse_format("int8")),
        Floating(parse_format("fp16")),
        Floating(parse_format("fp16"), "tree"),
        Interleaved(Floating(parse_format("fp16")), 4),
    ):
        state = accumulator.start((2, 3))
        for _ in range(3):
            state = accumulator.add(state, terms)
        assert decode(accumulator.format, accumulator.finish(state)).tolist() == (3 * steps).tolist()


FP16 = parse_format("fp16")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Wide(FP16), TypeError, "format must be Fixed or Integer"),
        (lambda: Wide("fix8.0"), TypeError, "format must be Fixed or Integer, got 'fix8.0'"),
        (lambda: Floating("fp16"), TypeError, "format must be a Format, got 'fp16'"),
        (lambda: Floating(FP16, "random"), ValueError, "order must be one of sequential, tree, got 'random'"),
        (lambda: Floating(FP16, 3), TypeError, "order must be a str, got 3"),
        (lambda: Floating(FP16, rounding="nearest"), ValueError, "rounding must be one of nearest_even"),
        (lambda: Floating(FP16, rounding="stochastic"), ValueError, "rounding must not be stochastic here"),
        (lambda: Floating(FP16, round_products=1), TypeError, "round_products must be a bool, got 1"),
        (lambda: Interleaved(Wide(parse_format("int8")), 4), TypeError, "sums must be Floating, got "),
        (lambda: Interleaved(Floating(FP16, "tree"), 4), ValueError, "sums must be sequential, got tree"),
        (lambda: Interleaved(Floating(FP16), 1), ValueError, "lanes must be 2, 4 or 8, got 1"),
        (lambda: Interleaved(Floating(FP16), 3), ValueError, "lanes must be 2, 4 or 8, got 3"),
        (lambda: Interleaved(Floating(FP16), "4"), TypeError, "lanes must be an int, got '4'"),
        (lambda: Chunked(FP16, Floating(FP16), 4), TypeError, "inner must be an Accumulator"),
        (lambda: Chunked(Floating(FP16), None, 4), TypeError, "outer must be an Accumulator, got None"),
        (lambda: Chunked(Floating(FP16), Floating(FP16), 0), ValueError, "size must be 1..1048576, got 0"),
        (lambda: Chunked(Floating(FP16), Floating(FP16), 2.0), TypeError, "size must be an int"),
    ],
)
def test_what_accumulators_refuse(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
