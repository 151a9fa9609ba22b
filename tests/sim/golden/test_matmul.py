"""Exact sums of products, against rationals added one by one."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.formats import Fixed, Format, Minifloat, parse_format
from sim.golden import decode, encode
from sim.golden.matmul import exact_accumulator, exact_sums, matmul
from sim.golden.products import EDGES, SEMANTICS, LMul
from sim.golden.sums import Sums

INF, NAN = math.inf, math.nan

PAIRS = [
    "int4 e2m1",
    "ternary int8",
    "bf16 bf16",
    "bf16 int8",
    "fp16 fp16",
    "e5m2 e5m2",
    "e5m2 e4m3fn",
    "nf4 int8",
    "nf4 nf4",
    "pow4 e3m2",
    "pow4-zero int16",
    "binary binary",
    "binary e4m3",
    "bipolar4 uint8",
    "fp32 tf32",
    "fp32 fp32",
    "int32 int32",
    "int32 fp32",
    "ue8m0 ue8m0",
    "dynamic8 e5m2",
    "fix20.30 e3m4",
    "e4m3fnuz fp16",
    "fix80.20 fix70.-3",
]
SHAPES = [(1, 1, 1), (3, 5, 2), (2, 13, 7), (4, 64, 3), (2, 0, 3), (0, 4, 3), (3, 4, 0), (0, 0, 0)]


def drawn(fmt: Format, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Random codes of finite values."""
    rng = np.random.default_rng(seed)
    if fmt.width > 62:
        codes = [int.from_bytes(rng.bytes(16)) & ((1 << fmt.width) - 1) for _ in range(math.prod(shape))]
        return np.array(codes, dtype=object).reshape(shape)
    codes = rng.integers(0, 1 << fmt.width, shape)
    return np.where(np.isfinite(decode(fmt, codes)), codes, 0)


def value(fmt: Format, code: int) -> Fraction:
    return Fraction(fmt.decode(int(code)))


def dots(a_format: Format, b_format: Format, a: np.ndarray, b: np.ndarray) -> list[list[Fraction]]:
    """Rows times columns, term by term."""
    x = [[value(a_format, code) for code in row] for row in a]
    y = [[value(b_format, code) for code in column] for column in b.T]
    return [[sum((p * q for p, q in zip(row, column, strict=True)), Fraction(0)) for column in y] for row in x]


def exactly(sums: Sums) -> list[list[Fraction]]:
    return [[int(step) * Fraction(2) ** sums.lsb for step in row] for row in sums.steps()]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("names", PAIRS)
def test_sums_are_exact(names: str, shape: tuple[int, int, int]) -> None:
    a_format, b_format = map(parse_format, names.split())
    n, k, m = shape
    a, b = drawn(a_format, (n, k), 1), drawn(b_format, (k, m), 2)
    expected = dots(a_format, b_format, a, b)
    sums = exact_sums(a_format, b_format, a, b)
    assert sums.steps().shape == sums.status.shape == sums.values().shape == (n, m)
    assert exactly(sums) == expected
    # Python divides integers with one rounding to the nearest.
    assert sums.values().tolist() == [[float(total) for total in row] for row in expected]
    assert not sums.status.any()


@pytest.mark.parametrize("names", PAIRS)
def test_matmul_gives_codes_of_the_narrowest_accumulator(names: str) -> None:
    a_format, b_format = map(parse_format, names.split())
    a, b = drawn(a_format, (3, 11), 3), drawn(b_format, (11, 2), 4)
    fmt = exact_accumulator(a_format, b_format, 11).format
    span = a_format.span * b_format.span
    top = 11 * max(abs(span.lo), abs(span.hi))
    # A bit for the sign, and as many as the largest sum has, which may be a power of two below zero.
    assert fmt.span.lsb == span.lsb
    assert fmt.width in (top.bit_length() + 1, (top - 1).bit_length() + 1) if fmt.signed else top.bit_length()
    codes, status = matmul(a_format, b_format, a, b)
    assert [[fmt.decode(int(code)) for code in row] for row in codes] == dots(a_format, b_format, a, b)
    assert status.dtype == np.uint8
    assert not status.any()


@pytest.mark.parametrize("names", ["int8 int8", "uint8 int8", "uint4 uint4", "e4m3 e4m3", "bf16 bf16"])
@pytest.mark.parametrize("width", [1, 7, 16, 33, 64, 90])
def test_codes_of_any_width_are_the_sums_modulo_its_power(names: str, width: int) -> None:
    a_format, b_format = map(parse_format, names.split())
    sums = exact_sums(a_format, b_format, drawn(a_format, (3, 50), 5), drawn(b_format, (50, 4), 6))
    fmt = Fixed(width, -sums.lsb)
    expected = [[int(step) % (1 << width) for step in row] for row in sums.steps()]
    assert sums.codes(fmt).tolist() == expected


def test_the_highest_magnitudes_do_not_overflow() -> None:
    """Sums of 62 bits and more: every operand at its end, of one sign."""
    for name, code, magnitude in (("int32", 1 << 31, 2**31), ("uint32", (1 << 32) - 1, 2**32 - 1)):
        fmt = parse_format(name)
        for depth in (1, 2, 3, 5):
            codes = np.full((1, depth), code)
            assert exactly(exact_sums(fmt, fmt, codes, codes.T)) == [[depth * magnitude**2]]


@pytest.mark.parametrize("name", ["bf16", "fp32", "e8m7-b200", "e8m7-b-200", "e8m7-b512", "e8m7-b-256"])
def test_the_whole_range_of_a_format_at_once_is_exact(name: str) -> None:
    """The lowest and the highest numbers beside each other need several cuts, and more bits than float64 has."""
    fmt = parse_format(name)
    low, high, one = 1, fmt.max_magnitude_code, fmt.max_magnitude_code // 2
    minus = 1 << (fmt.width - 1)
    a = np.array([[low, high, one, high], [high, minus | high, low, one], [low, low, low, low]])
    b = np.array([[low, high, one], [high, high, low], [one, low, high], [minus | high, one, low + 2]])
    assert exactly(exact_sums(fmt, fmt, a, b)) == dots(fmt, fmt, a, b)


def test_cancellation_leaves_the_smallest_term() -> None:
    fmt = parse_format("fp32")
    big, minus_big, tiny, one = encode(fmt, [3e38, -3e38, 1e-45, 1.0])
    sums = exact_sums(fmt, fmt, [[big, tiny, minus_big]], [[big], [tiny], [big]])
    assert exactly(sums) == [[Fraction(2) ** -298]]
    assert exact_sums(fmt, fmt, [[big, tiny, minus_big]], [[one]] * 3).values() == 2.0**-149


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["e5m2 bf16", "int8 nf4", "fp32 fp32", "e4m3 e4m3"]), st.integers(1, 40), st.randoms())
def test_the_order_of_terms_does_not_count(names: str, k: int, random) -> None:
    a_format, b_format = map(parse_format, names.split())
    a, b = drawn(a_format, (2, k), random.randrange(99)), drawn(b_format, (k, 3), random.randrange(99))
    order = random.sample(range(k), k)
    product = LMul("integer") if names == "e4m3 e4m3" else "exact"
    one, other = (exact_sums(a_format, b_format, x, y, product) for x, y in ((a, b), (a[:, order], b[order])))
    assert one.steps().tolist() == other.steps().tolist()


@pytest.mark.parametrize("product", ["exact", "lmul", "lmul_value", "mitchell"])
def test_any_layout_will_do_and_nothing_is_written(product: str) -> None:
    fmt = parse_format("e4m3")
    a, b = drawn(fmt, (9, 14), 7).astype(np.uint8), drawn(fmt, (12, 7), 8).astype(np.uint8)
    views = [(a[::2, ::2], b.T[:, ::3].T[:, ::-1][:, :5]), (a.T[:7].T, np.asfortranarray(drawn(fmt, (7, 4), 9)))]
    views[0] = (a[::2, :12:3], b[::3])
    for x, y in views:
        copies = x.copy(), y.copy()
        x.flags.writeable = y.flags.writeable = False
        codes, _ = matmul(fmt, fmt, x, y, product)
        again, _ = matmul(fmt, fmt, *(np.ascontiguousarray(z.astype(np.int64)) for z in copies), product)
        assert np.array_equal(codes, again)
        assert np.array_equal(x, copies[0])
        assert np.array_equal(y, copies[1])


def test_the_sums_are_not_changed_by_looking_at_them() -> None:
    fmt = parse_format("fp32")
    sums = exact_sums(fmt, fmt, drawn(fmt, (2, 9), 1), drawn(fmt, (9, 2), 2))
    first = sums.steps().tolist(), sums.values().tolist(), sums.codes(Fixed(700, 298)).tolist()
    assert (sums.steps().tolist(), sums.values().tolist(), sums.codes(Fixed(700, 298)).tolist()) == first


@pytest.mark.parametrize("product", ["exact", "lmul", "lmul_value", "mitchell"])
def test_status_tells_which_specials_are_among_the_terms(product: str) -> None:
    """Bit 0 for +infinity, bit 1 for -infinity, both for NaN or both."""
    fmt = parse_format("e5m2")
    rows = [[INF, 1], [-INF, 1], [INF, INF], [INF, -INF], [NAN, 1], [1, 2], [0, INF]]
    columns = [[1, 2], [-1, 1], [1, -1], [0, 1], [INF, 2]]
    a, b = encode(fmt, rows), encode(fmt, np.transpose(columns))
    expected = []
    for row in rows:
        found = [[x * y for x, y in zip(row, column, strict=True)] for column in columns]
        expected.append([status(terms) for terms in found])
    codes, flags = matmul(fmt, fmt, a, b, product)
    assert flags.tolist() == expected
    sums = exact_sums(fmt, fmt, a, b, product)
    assert sums.status.tolist() == expected
    # A special counts as 0: what remains of [inf, 1] . [1, 2] is 1 * 2.
    one, two = encode(fmt, [1.0, 2.0])
    assert sums.steps()[0, 0] == exact_sums(fmt, fmt, [[one]], [[two]], product).steps()[0, 0]
    assert codes[0, 0] == matmul(fmt, fmt, [[0, one]], [[0], [two]], product)[0][0, 0]


def status(terms: list[float]) -> int:
    if any(math.isnan(term) for term in terms):
        return 3
    return (INF in terms) + 2 * (-INF in terms)


# Sums of L-Mul products: the products are checked one by one elsewhere (test_multiply.py), by the same formula.


def lmul(fmt: Minifloat, semantics: str, edges: str, x: Fraction, y: Fraction) -> Fraction:
    m, smallest = fmt.mantissa_bits, Fraction(2) ** fmt.min_exponent
    if x == 0 or y == 0 or (edges == "flush" and min(abs(x), abs(y)) < smallest):
        return Fraction(0)
    e, f = (math.frexp(float(v))[1] - 1 for v in (x, y))
    offset = Fraction(0) if semantics == "mitchell" else Fraction(1, 2 ** (m if m <= 3 else 3 if m == 4 else 4))
    s = abs(x) / Fraction(2) ** e - 1 + abs(y) / Fraction(2) ** f - 1 + offset
    carry = 0 if semantics == "value" else math.floor(s)
    magnitude = (1 + s - carry) * Fraction(2) ** (e + f + carry)
    if edges == "flush":
        magnitude = Fraction(0) if magnitude < smallest else min(magnitude, fmt.max)
    return magnitude if (x > 0) == (y > 0) else -magnitude


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("name", ["e4m3", "e5m2", "e4m3fn", "e2m3", "e3m2", "e2m5", "bf16", "e8m4", "fp32"])
def test_sums_of_lmul_are_those_of_its_products(name: str, semantics: str, edges: str) -> None:
    fmt = parse_format(name)
    for n, k, m in ((1, 1, 1), (3, 17, 5), (2, 0, 2), (2, 130, 3)):
        a, b = drawn(fmt, (n, k), 11), drawn(fmt, (k, m), 12)
        x, y = ([[value(fmt, c) for c in row] for row in codes] for codes in (a, b.T))
        expected = [
            [sum((lmul(fmt, semantics, edges, p, q) for p, q in zip(r, c, strict=True)), Fraction(0)) for c in y]
            for r in x
        ]
        rule = LMul(semantics, edges=edges)
        assert exactly(exact_sums(fmt, fmt, a, b, rule)) == expected
        accumulator = exact_accumulator(fmt, fmt, max(1, k), rule).format
        codes, flags = matmul(fmt, fmt, a, b, rule)
        assert [[accumulator.decode(int(code)) for code in row] for row in codes] == expected
        assert not flags.any()


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("semantics", SEMANTICS)
def test_sums_of_lmul_of_operands_of_other_formats(semantics: str, edges: str) -> None:
    """Operands are truncated to e4m3: int8 keeps its four leading bits, bf16 likewise and ends at 480."""
    fmt, a_format, b_format = map(parse_format, ("e4m3", "int8", "bf16"))
    a, b = drawn(a_format, (4, 21), 13), encode(b_format, np.random.default_rng(14).normal(0, 30, (21, 3)))
    expected = [[Fraction(0)] * 3 for _ in range(4)]
    for i, k, j in np.ndindex(4, 21, 3):
        x, y = truncated(value(a_format, a[i, k])), truncated(value(b_format, b[k, j]))
        expected[i][j] += lmul(fmt, semantics, edges, x, y)
    rule = LMul(semantics, edges=edges, operands=fmt)
    assert exactly(exact_sums(a_format, b_format, a, b, rule)) == expected


def truncated(x: Fraction) -> Fraction:
    """Toward zero in e4m3, whose finest step is 2**-9 and whose highest value is 480."""
    quantum = Fraction(2) ** max(math.frexp(float(x))[1] - 4, -9)
    return max(-480, min(480, int(x / quantum) * quantum)) + Fraction(0)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"a": [[1, 2]]}, ValueError, r"shapes \(n, k\) and \(k, m\), got \(1, 2\) and \(1, 1\)"),
        ({"a": [1]}, ValueError, r"shapes \(n, k\) and \(k, m\), got \(1,\) and \(1, 1\)"),
        ({"b": 1}, ValueError, r"got \(1, 1\) and \(\)"),
        ({"a": [[[1]]]}, ValueError, r"got \(1, 1, 1\) and \(1, 1\)"),
        ({"a": [[256]]}, ValueError, "a must be codes 0..255 of int8, got 256"),
        ({"b": [[-1]]}, ValueError, "b must be codes 0..15 of e2m1, got -1"),
        ({"b": [[1.0]]}, TypeError, "b must be integer codes, got an array of float64"),
        ({"a": [[True]]}, TypeError, "a must be integer codes, got an array of bool"),
        ({"a": [["1"]]}, TypeError, "a must be integer codes"),
        ({"product": "sum"}, ValueError, "product must be one of exact"),
        ({"product": None}, TypeError, "product must be a str or a product rule, got None"),
        ({"product": "lmul"}, ValueError, "one minifloat format, got int8 and e2m1"),
        ({"accumulator": "fp32"}, TypeError, "accumulator must be an Accumulator, got 'fp32'"),
    ],
)
def test_what_matmul_refuses(changes: dict, error: type[Exception], message: str) -> None:
    arguments = {"a_format": parse_format("int8"), "b_format": parse_format("e2m1"), "a": [[1]], "b": [[1]]}
    with pytest.raises(error, match=message):
        matmul(**arguments | changes)
    if "accumulator" not in changes:
        with pytest.raises(error, match=message):
            exact_sums(**arguments | changes)


def test_sums_become_codes_only_of_fixed_point_with_their_step() -> None:
    e2m1 = parse_format("e2m1")
    sums = exact_sums(e2m1, e2m1, [[7]], [[7]])
    with pytest.raises(TypeError, match="fmt must be Fixed or Integer, got"):
        sums.codes(parse_format("fp16"))
    with pytest.raises(ValueError, match=r"fmt must have steps of 2\^-2 or finer, got int8"):
        sums.codes(parse_format("int8"))


def test_products_beyond_float64_are_summed_as_integers() -> None:
    for name in ("cb[0,1e200]", "fix8.1000"):
        fmt = parse_format(name)
        sums = exact_sums(fmt, fmt, [[1]], [[1]])
        assert int(sums.steps()[0, 0]) * Fraction(2) ** sums.lsb == fmt.value(1) ** 2


@pytest.mark.parametrize("wrong", ["int8", parse_format("mxfp4"), parse_format("roots4")])
def test_only_scalar_formats_are_taken(wrong) -> None:
    with pytest.raises(TypeError, match="fmt must be a Format, got"):
        matmul(wrong, parse_format("int8"), [[1]], [[1]])


def test_sums_that_no_fixed_point_holds_are_named() -> None:
    fmt = parse_format("e8m7-b512")
    with pytest.raises(ValueError, match="no fixed point holds sums of e8m7-b512 x e8m7-b512 products"):
        matmul(fmt, fmt, [[1]], [[1]])
