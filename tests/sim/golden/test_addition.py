"""Sums that are rounded without codes, against encoding and decoding; with numpy, and compiled."""

from __future__ import annotations

import importlib.util
from itertools import chain, repeat

import numpy as np
import pytest

from hw.formats import Format, Integer, parse_format
from sim.golden import compiled, decode, encode
from sim.golden.accumulators import Accumulator, Chunked, Floating, Interleaved, Wide
from sim.golden.addition import add_into, add_products, codes_of, grid_of
from sim.golden.matmul import matmul
from sim.golden.products import PRODUCTS, SEMANTICS, LMul, Outer, Rule
from sim.golden.rounding import add_odd
from sim.golden.terms import find_products, find_terms, terms_of_rule

ROUNDINGS = ["nearest_even", "nearest_away", "toward_zero", "up", "down", "odd"]
SMALL = [
    *("e4m3", "e5m2", "e4m3fn-nan", "e5m2-inf", "e4m3fnuz", "e4m3fnuz-nan", "e3m4-flush", "e2m1", "e1m6", "e0m7"),
    *(
        "ue5m3",
        "ue4m3fn-nan",
        "ue4m3ieee-inf",
        "e4m1fn-nan",
        "e5m2-b40",
        "e5m0",
        "int8",
        "uint8",
        "fix8.5",
        "fix8.-2-sym",
    ),
    *("nf4", "fp4p5", "bipolar4", "ternary"),
]


WAYS = ["numpy", "compiled"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to add."""
    if request.param == "numpy":
        monkeypatch.setattr(compiled, "has_numba", lambda: False)
    elif importlib.util.find_spec("numba") is None:
        pytest.skip("numba of extra fast is not installed")
    monkeypatch.setattr(compiled, "COMPILED_FROM", 0)
    return str(request.param)


def by_codes(fmt: Format, rounding: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return decode(fmt, encode(fmt, add_odd(x, y), rounding))


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    """As numbers, with their zeros' signs."""
    np.testing.assert_array_equal(ours, theirs)
    assert np.array_equal(np.signbit(ours)[ours == 0], np.signbit(theirs)[theirs == 0])


def values_of(fmt: Format) -> np.ndarray:
    """All that encoding makes."""
    every = decode(fmt, np.arange(1 << fmt.width))
    return every[[not fmt.is_reserved(code) for code in range(len(every))]]


def addends(fmt: Format, count: int) -> np.ndarray:
    """Products of two 8-bit floats, parts of the format's values, a bit more and less; specials if it has NaN."""
    rng = np.random.default_rng(count)
    e4m3 = decode(parse_format("e4m3"), np.arange(256))
    near = np.multiply.outer(values_of(fmt), [0.25, 0.5, 0.75, 1, 1.5]).ravel()
    numbers = np.unique(np.concatenate([np.multiply.outer(e4m3, e4m3).ravel(), near[np.isfinite(near)]]))
    numbers = rng.choice(numbers, min(count, len(numbers)), replace=False)
    odd = np.concatenate([np.nextafter(numbers[:40], np.inf), numbers[:40] * (1 + 2.0**-30), [2.0**-200, -(2.0**-200)]])
    special = [0.0, -0.0, np.inf, -np.inf, np.nan] if fmt.code_of(np.nan) is not None else [0.0, -0.0, 2.0**300]
    return np.concatenate([numbers, odd, special])


@pytest.mark.kept(
    *(f"{way}-{name}-nearest_even" for way in WAYS for name in SMALL),
    *(
        f"{way}-{name}-{rounding}"
        for way in WAYS
        for name in ("e4m3fn-nan", "e5m2-inf", "fix8.5", "nf4")
        for rounding in ROUNDINGS[1:]
    ),
)
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", SMALL)
def test_every_sum_of_a_small_format(name: str, rounding: str, way: str) -> None:
    fmt = parse_format(name)
    assert (grid_of(fmt) is None) == (name in ("e5m0", "nf4", "fp4p5", "bipolar4", "ternary"))
    terms = addends(fmt, 300)
    x, y = (part.ravel() for part in np.meshgrid(values_of(fmt), terms))
    assert_same(add_into(fmt, rounding, x.copy(), y), by_codes(fmt, rounding, x, y))


@pytest.mark.parametrize("name", [*SMALL, "fp16", "bf16-inf", "tf32", "fp32", "e6m9-b100-flush", "e8m23-b-200"])
def test_values_of_a_format_have_their_codes(name: str) -> None:
    fmt = parse_format(name)
    rng, field = np.random.default_rng(0), getattr(fmt, "mantissa_bits", 0)
    wide = np.concatenate([rng.integers(0, 1 << fmt.width, 1 << 16), rng.integers(0, 2 << field, 1000), [0, 0]])
    values = decode(fmt, np.arange(1 << fmt.width) if fmt.width <= 16 else wide)
    for some in (values, values[np.isfinite(values)], values.reshape(-1, 2)[:, 1], values[:0]):
        assert codes_of(fmt, some).tolist() == encode(fmt, some).tolist()


@pytest.mark.parametrize("name", ["e4m3", "e5m2", "e5m2-inf"])
def test_every_sum_with_every_product(name: str, way: str) -> None:
    fmt = parse_format(name)
    sums, factors = values_of(fmt), values_of(parse_format("e4m3"))
    theirs = np.unique(np.multiply.outer(factors, factors))
    x, y = (part.ravel() for part in np.meshgrid(sums, theirs))
    assert_same(add_into(fmt, "nearest_even", x.copy(), y), by_codes(fmt, "nearest_even", x, y))


@pytest.mark.kept(*(f"{way}-{name}" for way in WAYS for name in ("fp16", "bf16-inf", "fp32", "fix40.20")))
@pytest.mark.parametrize(
    "name", ["fp16", "fp16-inf", "bf16", "bf16-inf", "tf32", "fp32", "fp32-inf", "e6m9-flush", "fix40.20"]
)
def test_a_million_sums_of_a_wide_format(name: str, way: str) -> None:
    fmt, rng = parse_format(name), np.random.default_rng(1)
    for n, rounding in enumerate(chain(["nearest_even"] * 3, ROUNDINGS[1:])):
        count = 1 << 18 if rounding == "nearest_even" else 1 << 16
        x = decode(fmt, rng.integers(0, 1 << fmt.width, count))
        if fmt.code_of(np.nan) is None:
            x = np.where(np.isfinite(x), x, 0.0)
        # Terms of about the sum's size, and terms that lead to ties or just not.
        scale = np.ldexp(1.0, rng.integers(-30, 6, count))
        y = np.where(np.isfinite(x), x, 1.0) * scale * [1.0, rng.normal(size=count), rng.integers(-8, 8, count)][n % 3]
        y = np.where(rng.integers(0, 2, count), y, y * (1 + 2.0**-28))
        assert_same(add_into(fmt, rounding, x.copy(), y), by_codes(fmt, rounding, x, y))


@pytest.mark.parametrize("name", ["bf16", "fp32"])
def test_a_million_sums_of_numbers_of_any_size(name: str, way: str) -> None:
    fmt, rng = parse_format(name), np.random.default_rng(2)
    x, y = (decode(fmt, rng.integers(0, 1 << fmt.width, 1 << 20)) for _ in "xy")
    y = np.where(rng.integers(0, 2, y.size), y, y * decode(fmt, rng.integers(0, 1 << fmt.width, y.size)) + 0.0)
    assert_same(add_into(fmt, "nearest_even", x.copy(), y), by_codes(fmt, "nearest_even", x, y))


def operands(names: str, n: int, k: int, m: int, specials: bool) -> tuple[Format, Format, np.ndarray, np.ndarray]:
    """Codes of likely and of any finite numbers; of specials some in each eighth row of a and column of b."""
    a, b = map(parse_format, names.split())
    rng = np.random.default_rng(k)
    codes = []
    for fmt, shape in ((a, (n, k)), (b, (m, k))):
        likely = encode(fmt, rng.normal(0, 1, shape))
        mixed = np.where(rng.random(shape) < 0.3, rng.integers(0, 1 << fmt.width, shape), likely)
        mixed = np.where(np.isfinite(decode(fmt, mixed)), mixed, likely)
        some = [code for code in map(fmt.code_of, (np.inf, -np.inf, np.nan)) if code is not None]
        if specials and some:
            mixed[3::8, :2] = rng.choice(some, mixed[3::8, :2].shape)
        codes.append(mixed)
    return a, b, codes[0], codes[1].T


def one_by_one(accumulator: Accumulator, rule: Rule, a: Format, b: Format, x: np.ndarray, y: np.ndarray) -> tuple:
    """The rule's own terms, added one after the other."""
    state, flags = accumulator.start((len(x), y.shape[1])), np.zeros((len(x), y.shape[1]), dtype=np.uint8)
    for terms in terms_of_rule(rule, a, b, x, y).of(slice(None)):
        state = accumulator.add(state, terms)  # type: ignore[arg-type]
        flags |= terms.status
    return accumulator.finish(state), flags


FP16, FP32 = Floating(parse_format("fp16")), Floating(parse_format("fp32"))


@pytest.mark.parametrize("specials", [False, True], ids=["finite", "specials"])
@pytest.mark.parametrize("product", ["exact", "lmul", "lmul_value"])
@pytest.mark.parametrize("names", ["e4m3 e4m3", "e5m2 e5m2", "e4m3fn e4m3fn", "bf16 bf16"])
@pytest.mark.parametrize(
    "accumulator",
    [
        FP16,
        FP32,
        Floating(parse_format("e4m3fn-nan")),
        Floating(parse_format("fp16-inf"), rounding="toward_zero"),
        Floating(parse_format("bf16"), "tree"),
        Floating(parse_format("bf16"), round_products=True),
        Floating(parse_format("e3m4ieee"), "tree", "odd", True),
        Interleaved(FP16, 4),
        Interleaved(Floating(parse_format("e5m2"), rounding="down"), 2),
        Chunked(FP16, FP32, 5),
        Chunked(Floating(parse_format("e5m2"), "tree"), Floating(parse_format("bf16")), 3),
    ],
    ids=lambda accumulator: f"{type(accumulator).__name__}-{accumulator.format}",
)
def test_products_enter_as_they_would_one_by_one(
    accumulator: Accumulator, names: str, product: str, specials: bool, way: str
) -> None:
    a, b, x, y = operands(names, 9, 23, 11, specials)
    codes, flags = matmul(a, b, x, y, product, accumulator)
    expected, status = one_by_one(accumulator, PRODUCTS[product], a, b, x, y)
    assert np.array_equal(codes, expected)
    assert np.array_equal(flags, status)
    assert flags.any() == (specials and a.has_special)


@pytest.mark.parametrize("product", ["exact", "lmul"])
def test_a_product_of_zero_has_no_sign_of_its_own(product: str, way: str) -> None:
    bf16 = parse_format("bf16")
    a, b = encode(bf16, [[-(2.0**-40), -1.0]]), encode(bf16, [[1.0], [0.0]])
    # What is too small for fp16 leaves a -0, and -0 with 0 added is 0.
    assert matmul(bf16, bf16, a[:, :1], b[:1], product, FP16)[0] == 0x8000
    assert matmul(bf16, bf16, a, b, product, FP16)[0] == 0x0000
    assert one_by_one(FP16, PRODUCTS[product], bf16, bf16, a, b)[0] == 0x0000


WHOLE = [
    *(Wide(Integer(bits), True) for bits in (14, 20, 21)),
    Wide(Integer(18)),
    Chunked(Wide(Integer(16), True), FP32, 4),
]


@pytest.mark.parametrize("accumulator", WHOLE)
def test_integers_enter_as_they_would_one_by_one(accumulator: Accumulator) -> None:
    a, b, x, y = operands("int8 int8", 40, 50, 30, False)
    codes, _ = matmul(a, b, x, y, "exact", accumulator)
    assert np.array_equal(codes, one_by_one(accumulator, PRODUCTS["exact"], a, b, x, y)[0])


@pytest.mark.parametrize(("symmetric", "depth", "exact"), [(False, 31, True), (False, 32, False), (True, 31, True)])
def test_a_sum_saturates_just_where_it_may_leave_the_range(symmetric: bool, depth: int, exact: bool) -> None:
    int8, accumulator = parse_format("int8"), Wide(Integer(20, symmetric=symmetric), True)
    assert accumulator.is_exact(PRODUCTS["exact"].span(int8, int8).accumulate(depth)) == exact
    a, b = np.full((1, depth), 0x80), np.full((depth, 1), 0x80)
    assert matmul(int8, int8, a, b, "exact", accumulator)[0] == min(depth << 14, (1 << 19) - 1)


@pytest.mark.parametrize("names", ["e4m3 int8", "int32 e4m3", "int31 int8", "e8m2-b0 int8"])
def test_a_wide_saturating_sum_takes_any_terms(names: str) -> None:
    fmt = parse_format("fix30.10")
    a, b, x, y = operands(names, 5, 30, 6, False)
    codes, _ = matmul(a, b, x, y, "exact", Wide(fmt, True))
    for i, j in np.ndindex(5, 6):
        total = 0
        for p, q in zip(x[i], y[:, j], strict=True):
            total = max(fmt.span.lo, min(fmt.span.hi, total + int(a.decode(int(p)) * b.decode(int(q)) * 2**10)))
        assert fmt.decode(int(codes[i, j])) * 2**10 == total
    assert np.array_equal(codes, one_by_one(Wide(fmt, True), PRODUCTS["exact"], a, b, x, y)[0])


@pytest.mark.parametrize("edges", ["flush", "unbounded"])
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize(("name", "offset"), [("fp16", None), ("bf16", None), ("e5m6-flush", 0), ("tf32", 1)])
def test_l_mul_by_fractions_is_l_mul(name: str, offset: int | None, semantics: str, edges: str) -> None:
    fmt, rule = parse_format(name), LMul(semantics, None if semantics == "mitchell" else offset, edges)
    a, b, x, y = operands(f"{name} {name}", 50, 4, 60, False)
    fast = find_terms(rule, a, b, x, y).of(slice(None))
    for ours, theirs in zip(fast, terms_of_rule(rule, fmt, fmt, x, y).of(slice(None)), strict=True):
        assert ours.in_steps().steps.tolist() == theirs.steps.tolist()  # type: ignore[union-attr]
        assert not np.signbit(ours.values[ours.values == 0]).any()  # type: ignore[union-attr]


def test_products_of_codes_are_the_rules() -> None:
    for names in ("e5m2 e5m2", "int32 int32", "fp16 bf16"):
        a, b, x, y = operands(names, 20, 1, 30, True)
        ours, theirs = find_products(PRODUCTS["exact"], a, b, x, y), PRODUCTS["exact"](a, b, x, y)
        assert ours.status.tolist() == theirs.status.tolist()
        steps = ours.steps if hasattr(ours, "steps") else ours.in_steps().steps
        assert steps.tolist() == theirs.steps.tolist()


def test_a_sum_that_is_nan_needs_a_nan(way: str) -> None:
    e4m3 = parse_format("e4m3")
    with pytest.raises(ValueError, match="values must not be NaN: e4m3 has no code for it"):
        add_into(e4m3, "nearest_even", np.array([1.0, np.inf]), np.array([1.0, -np.inf]))
    outer = Outer(np.ones((2, 1)), np.array([[1.0], [np.nan]]), 0)
    with pytest.raises(ValueError, match="values must not be NaN: e4m3 has no code for it"):
        add_products(e4m3, "nearest_even", np.zeros((1, 1)), outer)


def test_sums_of_any_layout_are_not_written_to_if_they_cannot_be(way: str) -> None:
    fmt, x = parse_format("fp16"), np.arange(24.0).reshape(4, 6)
    for sums in (x[:, ::2], x.T[:3], np.broadcast_to(1.0, (3, 2)), np.zeros((0, 3)), np.array(3.0)):
        total = add_into(fmt, "nearest_even", sums.copy() if sums.flags.writeable else sums, sums)
        assert total.tolist() == (2 * sums).tolist()
    assert x.tolist() == np.arange(24.0).reshape(4, 6).tolist()


def test_numba_is_used_after_so_many_additions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_added", 0)
    monkeypatch.setattr(compiled, "has_numba", lambda: True)
    monkeypatch.setattr(compiled, "compile_adder", lambda rounding: repeat(rounding))
    assert compiled.adder("odd", compiled.COMPILED_FROM - 1) is None
    assert compiled.adder("odd", 1) is not None
    monkeypatch.setattr(compiled, "has_numba", lambda: False)
    assert compiled.adder("odd", 1) is None
