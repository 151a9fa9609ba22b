"""Blocks against the rules of OCP MX 1.0 and arXiv 2510.25602, written down for rationals, and against gfloat."""

from __future__ import annotations

import math
from bisect import bisect_left
from fractions import Fraction
from functools import cache

import gfloat
import gfloat.formats
import numpy as np
import pytest

from hw.formats import Block, Codebook, Fixed, Format, parse_format
from hw.formats.block import STANDARD
from sim.golden import decode
from sim.golden.accumulators import Floating, Wide
from sim.golden.blocks import OVERFLOWS, Quantized, block_matmul, block_sums, quantize
from sim.golden.measures import crest_factor, sqnr

INF, NAN = math.inf, math.nan
MX = [name for name in STANDARD if name.startswith("mx")]


@cache
def ladder(fmt: Format) -> dict[Fraction, bool]:
    """The values that encoding makes, ascending, and whether ties go to them."""
    even = {}
    for code in reversed(range(1 << fmt.width)):
        value = fmt.decode(code)
        if isinstance(value, Fraction) and not fmt.is_reserved(code):
            even[value] = fmt.is_even(code)
    return dict(sorted(even.items()))


def nearest(fmt: Format, x: Fraction) -> Fraction:
    """To nearest, ties to even, saturating: by search."""
    values = list(ladder(fmt))
    i = bisect_left(values, x)
    if i in (0, len(values)) or values[i] == x:
        return values[min(i, len(values) - 1)]
    low, high = values[i - 1], values[i]
    if 2 * x != low + high:
        return low if 2 * x < low + high else high
    return low if ladder(fmt)[low] else high


def floor_log2(x: Fraction) -> int:
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    return exponent - (x < Fraction(2) ** exponent)


# The largest power of two that an element holds, from OCP MX 1.0, tables 1 to 5: emax.
EMAX = {"e4m3fn": 8, "e5m2": 15, "e3m2": 4, "e2m3": 2, "e2m1": 2, "fix8.6-sym": 0, "fix6.4-sym": 0, "fix4.2-sym": 0}
# The largest element, from the same, and from arXiv 2510.25602 for integers (127, 31 and 7 steps).
QMAX = {
    "e4m3fn": 448,
    "e5m2": 57344,
    "e3m2": 28,
    "e2m3": Fraction(15, 2),
    "e2m1": 6,
    "fix8.6-sym": Fraction(127, 64),
    "fix6.4-sym": Fraction(31, 16),
    "fix4.2-sym": Fraction(7, 4),
    "int4-sym": 7,
}


def scale_of(fmt: Block, absmax: Fraction) -> Fraction:
    """The rules, for UE8M0 (2**-127 .. 2**127) and others."""
    element = fmt.element.name
    if fmt.rule == "nearest":
        return nearest(fmt.scale, absmax / QMAX[element])
    if absmax == 0:
        return Fraction(2) ** -127
    if fmt.rule == "floor":
        exponent = floor_log2(absmax) - EMAX[element]
    else:
        exponent = floor_log2(absmax / QMAX[element])
        exponent += absmax / QMAX[element] > Fraction(2) ** exponent
    return Fraction(2) ** max(-127, min(127, exponent))


def blocks_of(fmt: Block, row: list[Fraction]) -> list[list[Fraction]]:
    return [row[i : i + fmt.size] for i in range(0, len(row), fmt.size)]


def quantized(fmt: Block, row: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """Scales and elements of a row."""
    scales, elements = [], []
    for block in blocks_of(fmt, row):
        scale = scale_of(fmt, max(map(abs, block)))
        scales.append(scale)
        elements += [nearest(fmt.element, x / scale) if scale else Fraction(0) for x in block]
    return scales, elements


def fp32(x: Fraction) -> Fraction:
    if x == 0:
        return x
    quantum = Fraction(2) ** max(floor_log2(x) - 23, -149)
    return min(round(x / quantum) * quantum, Fraction(2**128 - 2**104))


def exact(array: np.ndarray) -> list:
    return [[Fraction(x) for x in row] for row in array.tolist()]


def data(name: str, width: int = 70) -> np.ndarray:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, width))
    if name == "wide":
        return x * 2.0 ** rng.integers(-30, 30, x.shape)
    if name == "large":
        return x * 2.0**126 * 10
    if name == "tiny":
        return x * 2.0**-133
    if name == "sparse":
        x[rng.random(x.shape) < 0.7] = 0
        x[1, :40] = 0  # blocks of zeros
        x[2] = -0.0
        return x
    if name == "edges":  # powers of two, and what is just below and above them and the elements' maxima
        tops = [1, 448, 57344, 28, 7.5, 6, 127 / 64, 31 / 16, 7 / 4, 7, 480, 1.5, 2 - 2**-52]
        marks = np.array(tops)[:, None] * 2.0 ** np.arange(-3, 4)
        marks = np.concatenate([marks, np.nextafter(marks, 0), np.nextafter(marks, INF)]).reshape(-1, 1)
        # One mark a row, the largest of its block, beside ties and small numbers.
        return np.concatenate([marks, -marks / 2, marks * 0.3125, marks * 2.0**-40, np.zeros_like(marks)], axis=1)
    return x


KINDS = ["normal", "wide", "large", "tiny", "sparse", "edges"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", ["floor", "ceil"])
@pytest.mark.parametrize("name", MX)
def test_mx_blocks_follow_the_published_rules(name: str, rule: str, kind: str) -> None:
    fmt = parse_format(name if rule == "floor" else f"{name}-{rule}")
    assert (fmt.size, fmt.rule, fmt.scale.name) == (32, rule, "ue8m0")
    x = data(kind)
    q = quantize(fmt, x)
    assert q.scales.shape == (len(x), -(-x.shape[1] // 32))
    elements, scales, values = decode(fmt.element, q.elements), q.scale_values(), q.values()
    for i, row in enumerate(exact(x)):
        expected_scales, expected = quantized(fmt, row)
        assert scales[i].tolist() == expected_scales
        assert elements[i].tolist() == expected
        assert values[i].tolist() == [s * e for s, e in zip(np.repeat(expected_scales, 32), expected, strict=False)]
    if rule == "ceil" and kind not in ("large", "tiny"):
        # Nothing clips: no error is more than half of the highest step.
        assert np.all(np.abs(x) <= float(fmt.element.max) * np.repeat(scales, 32, axis=1)[:, : x.shape[1]])
    assert np.array_equal(np.signbit(values[values != 0]), np.signbit(x[values != 0]))


@pytest.mark.parametrize("kind", ["normal", "wide", "sparse", "edges"])
@pytest.mark.parametrize("name", ["nvfp4", "nvint4"])
def test_a_second_scale_brings_the_largest_block_to_the_scales_maximum(name: str, kind: str) -> None:
    """arXiv 2510.25602: E4M3 for 16 elements, to nearest, and one FP32 for all, absmax / (Qmax * 448)."""
    fmt = parse_format(name)
    assert (fmt.size, fmt.scale.name, fmt.tensor.name) == (16, "e4m3fn", "fp32")
    x = data(kind)
    q = quantize(fmt, x)
    tensor = fp32(Fraction(np.abs(x).max()) / (QMAX[fmt.element.name] * 448))
    assert q.tensor_value() == tensor
    elements, scales = decode(fmt.element, q.elements), q.scale_values()
    assert scales.max() == 448
    for i, row in enumerate(exact(x)):
        expected_scales, expected = quantized(fmt, [value / tensor for value in row])
        assert scales[i].tolist() == expected_scales
        # An element of a block whose scale is 0 is lost, whatever it is.
        kept = np.repeat(scales[i] > 0, 16)[: len(row)]
        assert elements[i][kept].tolist() == [e for e, k in zip(expected, kept, strict=True) if k]
        spread = np.repeat(expected_scales, 16)[: len(row)]
        assert q.values()[i].tolist() == [float(s * e * tensor) for s, e in zip(spread, expected, strict=True)]


def test_a_tensor_of_zeros_has_a_scale_too() -> None:
    q = quantize(parse_format("nvfp4"), np.zeros((2, 20)))
    assert q.tensor_value() == 1
    assert not q.values().any()
    with pytest.raises(ValueError, match="values must not be so small that the tensor's scale in fp32 is 0"):
        quantize(parse_format("nvfp4"), [1e-310])


GFLOAT = {
    "mxfp8e4m3": gfloat.formats.format_info_mxfp8_e4m3,
    "mxfp8e5m2": gfloat.formats.format_info_mxfp8_e5m2,
    "mxfp6e2m3": gfloat.formats.format_info_mxfp6_e2m3,
    "mxfp6e3m2": gfloat.formats.format_info_mxfp6_e3m2,
    "mxfp4": gfloat.formats.format_info_mxfp4_e2m1,
    # gfloat's INT8 has its lowest value.
    "32*fix8.6@ue8m0": gfloat.formats.format_info_mxint8,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GFLOAT)
def test_gfloat_makes_the_same_mx_blocks(name: str, kind: str) -> None:
    fmt, info = parse_format(name), GFLOAT[name]
    x = data(kind, 64)
    x = x[:12, : x.shape[1] // 32 * 32 or x.shape[1]]
    if kind == "edges":
        # gfloat's logarithm in float64 rounds numbers just below a power of two up to it.
        x = x.astype(np.float32).astype(np.float64)
    got = quantize(fmt, x).values()
    for i, row in enumerate(x):
        for start in range(0, len(row), 32):
            block = slice(start, start + 32)
            expected = gfloat.quantize_block(info, row[block], gfloat.compute_scale_amax)
            assert got[i, block].tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["dfx8", "0*e2m1@ue8m0", "0*int4-sym@e4m3fn@fp32"])
def test_size_0_is_one_scale_for_all(name: str) -> None:
    fmt = parse_format(name)
    x = data("wide").reshape(2, 2, 70)
    q = quantize(fmt, x)
    assert q.scales.shape == ()
    assert q.values().shape == x.shape
    if fmt.tensor is None:
        one = quantize(Block(fmt.element, fmt.scale, 280, fmt.rule), x.reshape(1, -1))
        assert np.array_equal(q.values().ravel(), one.values().ravel())
    else:
        assert q.scale_values() == 448


def test_block_floating_point_by_hand() -> None:
    """bfp4-2: of 5 and 1 the exponent is 2, so a step is 2**(2 - 2): 5 and 1; of 0.3 and 0.2 it is -2: 1/16."""
    q = quantize(parse_format("bfp4-2"), [5, 1, 0.3, 0.2, -7.6])
    assert q.scale_values().tolist() == [4, 0.25, 4]
    assert q.elements.tolist() == [5, 1, 5, 3, 9]
    assert q.values().tolist() == [5, 1, 0.3125, 0.1875, -7]


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 5), (1,), (2, 3, 33)], ids=str)
@pytest.mark.parametrize("name", ["mxfp4", "nvfp4", "dfx8", "bfp8-16"])
def test_any_shape_will_do(name: str, shape: tuple[int, ...]) -> None:
    fmt = parse_format(name)
    q = quantize(fmt, np.ones(shape))
    assert q.elements.shape == q.values().shape == shape
    assert q.scales.shape == (() if fmt.size == 0 else (*shape[:-1], -(-shape[-1] // fmt.size)))
    assert np.allclose(q.values(), 1, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint16, np.int64])
def test_any_type_and_layout_will_do_and_nothing_is_written(dtype: type) -> None:
    x = (np.arange(240).reshape(3, 80) % 100).astype(dtype)[::-1, ::2]
    x.flags.writeable = False
    copy = x.copy()
    q = quantize(parse_format("mxfp8e4m3"), x)
    again = quantize(parse_format("mxfp8e4m3"), np.ascontiguousarray(x, dtype=np.float64))
    assert np.array_equal(q.elements, again.elements)
    assert np.array_equal(q.scales, again.scales)
    assert np.array_equal(x, copy)


def test_elements_round_as_they_are_told() -> None:
    fmt, x = parse_format("mxint8"), [1.0, 1 / 128, -1 / 128, 3 / 128, 0.7 / 64]
    steps = {
        "nearest_even": [64, 0, 0, 2, 1],
        "nearest_away": [64, 1, -1, 2, 1],
        "toward_zero": [64, 0, 0, 1, 0],
        "up": [64, 1, 0, 2, 1],
        "down": [64, 0, -1, 1, 0],
        "odd": [64, 1, -1, 1, 1],
    }
    for rounding, expected in steps.items():
        assert (64 * quantize(fmt, x, rounding).values()).tolist() == expected


@pytest.mark.parametrize("tiny", [1e-30, 1e-290, 5e-324])
def test_directed_rounding_sees_numbers_too_small_for_a_quotient(tiny: float) -> None:
    """1e38's scale is 2**124; upward the tiny one becomes the lowest element, half of that."""
    assert quantize(parse_format("mxfp4"), [1e38, tiny], "up").values().tolist()[1] == 2.0**123


@pytest.mark.parametrize("name", ["mxfp4", "mxint8", "mxfp6e3m2", "nvfp4", "mxfp8e4m3", "mxfp8e5m2"])
def test_nan_stays_in_its_element_or_takes_its_block(name: str) -> None:
    fmt = parse_format(name)
    x = np.full(3 * fmt.size, 2.0**-30)
    x[fmt.size + 1] = NAN
    values = quantize(fmt, x).values()
    nan = np.isnan(values)
    lost = range(fmt.size + 1, fmt.size + 2) if fmt.element.has_special else range(fmt.size, 2 * fmt.size)
    assert np.flatnonzero(nan).tolist() == list(lost)
    assert np.allclose(values[~nan], 2.0**-30, rtol=1e-6, atol=0)


def test_nan_without_a_code_is_refused() -> None:
    with pytest.raises(ValueError, match="values must not be NaN: 4\\*int8@e4m3 has no code for it"):
        quantize(parse_format("4*int8@e4m3"), [NAN])


# Infinities. Blocks of four, or of the format's own size, one a row.


def in_blocks(fmt: Block, *blocks: list[float]) -> np.ndarray:
    """One block a row, filled up with the last number."""
    size = fmt.size or 4
    return np.array([(block + [block[-1]] * size)[:size] for block in blocks])


SPOILT = [
    *(name for name in STANDARD if name != "mxfp8e5m2"),
    "mxfp4-ceil",
    "bfp8-16",
    "dfx8",
    "4*e2m1@fp16",
    "4*cb[0,1,-1,2]@bf16",
]


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("block", [[INF], [-INF], [INF, 1.0], [0.0, -INF, 2.0], [INF, NAN, 1.0], [INF, -INF, 0.0]])
def test_an_infinity_makes_a_nan_of_its_block(name: str, block: list[float]) -> None:
    """By the scale's NaN; whatever else is in the block, and nothing in other blocks."""
    fmt = parse_format(name)
    x = in_blocks(fmt, block, [1.0, -2.0, 0.5])
    if fmt.size == 0:
        q = quantize(fmt, x)
        assert q.scales == fmt.scale.code_of(NAN) and np.isnan(q.values()).all()
        return
    q = quantize(fmt, x)
    assert np.isnan(q.values()[0]).all()
    assert q.scales[0, 0] == fmt.scale.code_of(NAN)
    finite = quantize(fmt, np.where(np.isfinite(x), x, 0.0))
    assert (q.scales[1], q.tensor) == (finite.scales[1], finite.tensor)
    assert np.array_equal(q.elements[1], finite.elements[1])


@pytest.mark.parametrize("name", ["4*e4m3fn@e4m3", "4*e4m3fn-nan@pow4", "4*e5m2fnuz@ufix8.2", "4*e4m3fn@e4m3@fp32"])
def test_an_infinity_makes_nans_of_elements_where_the_scale_has_none(name: str) -> None:
    fmt = parse_format(name)
    q = quantize(fmt, in_blocks(fmt, [INF, 1.0], [1.0, -2.0]))
    assert np.isnan(q.values()[0]).all()
    assert set(q.elements[0].tolist()) == {fmt.element.code_of(NAN)}
    assert np.isfinite(q.values()[1]).all()


@pytest.mark.parametrize(
    "name", ["mxfp8e5m2", "mxfp8e5m2-ceil", "4*e5m2@e4m3fn", "4*bf16@ufix8.2", "4*e5m2@e4m3fn@fp32", "4*e5m2@ue5m3"]
)
def test_elements_that_have_infinities_keep_them(name: str) -> None:
    """As they keep NaN; also under a scale of which zero is a value, for zero times infinity would be NaN."""
    fmt = parse_format(name)
    x = in_blocks(fmt, [INF], [0.0, -INF, 0.0], [INF, 1.0, -INF, 1.0], [1e-9, -INF, NAN], [NAN, 0.0], [1.0])
    got = quantize(fmt, x).values()
    assert np.array_equal(got[~np.isfinite(x)], x[~np.isfinite(x)], equal_nan=True)
    assert np.isfinite(got[np.isfinite(x)]).all()
    # The infinity does not set the scale.
    assert got[2, 1] == pytest.approx(1.0, rel=0.2)


def test_an_unsigned_element_has_no_negative_infinity() -> None:
    fmt = parse_format("2*ue5m2ieee@ue8m0")
    got = quantize(fmt, [[INF, 1.0], [-INF, 1.0]]).values()
    assert np.array_equal(got, [[INF, 1.0], [NAN, NAN]], equal_nan=True)


@pytest.mark.parametrize("name", ["4*int8@e4m3", "4*e2m1@pow4", "4*int4-sym@fix8.2", "bfp4-4", "0*e2m1@ufix8.4"])
def test_blocks_without_a_nan_saturate(name: str) -> None:
    fmt = parse_format(name)
    options = {} if fmt.scale.code_of(NAN) is None else {"overflow": "saturate"}
    top = float(fmt.scale.max * fmt.element.max)
    assert quantize(fmt, in_blocks(fmt, [INF]), **options).values().tolist() == [[top] * 4]
    low, beside = quantize(fmt, in_blocks(fmt, [-INF, 1.0]), **options).values()[0, :2]
    # As large a number would: what is beside it is lost.
    assert (low, beside) == (float(fmt.scale.max * fmt.element.min), 0)


@pytest.mark.parametrize("rounding", ["nearest_even", "toward_zero", "up", "odd"])
@pytest.mark.parametrize(
    "name", [*MX, "mxfp4-nearest", "4*e4m3fn-nan@fp16-inf", "4*e5m2-inf@e4m3fn-nan", "dfx8", "bfp8-16"]
)
def test_saturating_an_infinity_is_a_number_larger_than_all(name: str, rounding: str) -> None:
    fmt = parse_format(name)
    low, top = (float(fmt.scale.max * end) for end in (nearest(fmt.element, Fraction(-(10**99))), fmt.element.max))
    x = in_blocks(fmt, [INF], [-INF], [0.0, -INF, 1.0], [1e300, INF], [-INF, INF])
    got = quantize(fmt, x, rounding, "saturate").values()
    assert (got[x == INF] == top).all()
    assert (got[x == -INF] == low).all()
    assert np.isfinite(got).all()
    assert got[3, 0] == top
    # Without infinities it changes nothing, but where the formats themselves say that they overflow.
    x = in_blocks(fmt, [3.0, 1.0, -2.0], [1e300, -1.0])
    rest, again = (quantize(fmt, x, rounding, overflow).values() for overflow in OVERFLOWS)
    same = slice(2 if fmt.element.overflow == fmt.scale.overflow == "sat" else 0)
    assert np.array_equal(rest[same], again[same])


@pytest.mark.parametrize("name", GFLOAT)
def test_gfloat_saturates_infinities_the_same(name: str) -> None:
    fmt = parse_format(name)
    x = in_blocks(fmt, [INF], [-INF], [INF, 1.0, -3.0], [1e30, -INF, 0.0])
    with np.errstate(all="ignore"):
        expected = [gfloat.quantize_block(GFLOAT[name], row, gfloat.compute_scale_amax) for row in x]
    assert np.array_equal(quantize(fmt, x, overflow="saturate").values(), expected)


@pytest.mark.parametrize("name", ["nvfp4", "nvint4", "16*int4-sym@e4m3@fp32"])
def test_a_tensors_scale_is_that_of_the_finite_numbers(name: str) -> None:
    """So one infinity costs one block, and saturates at what its block can hold under that scale."""
    fmt = parse_format(name)
    x = in_blocks(fmt, [INF, 0.5], [2.0, -1.0], [-INF], [1.5])
    finite = quantize(fmt, np.where(np.isinf(x), 0.0, x))
    saturated = quantize(fmt, x, overflow="saturate")
    assert saturated.tensor == finite.tensor
    assert np.array_equal(saturated.values()[[1, 3]], finite.values()[[1, 3]])
    top = float(fmt.scale.max * fmt.element.max) * finite.tensor_value()
    assert saturated.values()[0, 0] == top
    assert saturated.values()[2].tolist() == [-top] * 16
    # Where there is nothing finite, or zeros, the tensor's scale saturates too.
    for row in ([INF], [0.0, INF]):
        lone = quantize(fmt, in_blocks(fmt, row), overflow="saturate")
        assert lone.tensor_value() == float(fmt.tensor.max)
        assert lone.values()[0, 1] == float(fmt.scale.max * fmt.element.max) * float(fmt.tensor.max)
    alone = quantize(fmt, in_blocks(fmt, [INF])).values()
    assert np.isnan(alone).all() if name.startswith("nv") else np.isfinite(alone).all()


def test_finite_numbers_beyond_a_scale_saturate_unless_its_format_overflows() -> None:
    """OCP MX 1.0, 6.3: what is beyond the elements' range becomes its end. The scale's range is treated alike."""
    x = [[1e300, 1.0, -1e300, 0.0], [1.0, 1.0, -1.0, 0.0]]
    top = 6 * 2.0**127
    assert quantize(parse_format("4*e2m1@ue8m0"), x).values().tolist() == [[top, 0, -top, 0], x[1]]
    for name in ("4*e2m1@fp16-inf-nearest", "4*e2m1@fp16-nan", "4*e2m1@e4m3fn-nan"):
        fmt = parse_format(name)
        got = quantize(fmt, x)
        assert np.isnan(got.values()[0]).all()
        assert np.isfinite(got.values()[1]).all()
        assert got.scales[0, 0] == fmt.scale.code_of(NAN)
        top = 6 * float(fmt.scale.max)
        assert quantize(fmt, x, overflow="saturate").values()[0].tolist() == [top, 0, -top, 0]


def test_a_tensors_scale_must_be_a_number() -> None:
    fmt = parse_format("16*e2m1@e4m3fn@fp16-inf")
    with pytest.raises(ValueError, match="values must not be so large that the tensor's scale in fp16-inf is inf, got"):
        quantize(fmt, [1e30])
    assert quantize(fmt, [1e30], overflow="saturate").values().tolist() == [6 * 448 * 65504]
    with pytest.raises(ValueError, match="so large that the tensor's scale in e4m3fn-nan is nan, got"):
        quantize(parse_format("16*e2m1@e4m3fn@e4m3fn-nan"), [1e30])


@pytest.mark.parametrize("overflow", ["nan", "saturate"])
def test_nan_wins_over_what_saturates(overflow: str) -> None:
    got = quantize(parse_format("mxfp4"), [NAN, INF, 1.0], overflow=overflow)
    assert np.isnan(got.values()).all()
    with pytest.raises(ValueError, match="values must not be NaN: 4\\*int8@e4m3 has no code for it"):
        quantize(parse_format("4*int8@e4m3"), [NAN, INF], overflow=overflow)
    # An element that has a NaN keeps it to itself, also under a scale of zero.
    alone = quantize(parse_format("mxfp8e4m3"), [NAN, INF, 1.0], overflow="saturate").values()
    assert np.array_equal(alone, [NAN, 448 * 2.0**127, 0.0], equal_nan=True)
    assert np.isnan(quantize(parse_format("4*e4m3fn@e4m3fn"), [0.0, NAN], overflow=overflow).values()[1])


@pytest.mark.parametrize(
    "names", ["mxfp4 mxfp8e5m2", "mxfp8e4m3 mxint8", "nvfp4 nvint4", "bfp8-32 mxfp6e3m2", "dfx8 dfx8"]
)
def test_nan_blocks_reach_every_sum_that_they_are_in(names: str) -> None:
    """In the sums of float64's own rules, and in both products of blocks."""
    a, b = (parse_format(name) for name in names.split())
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(4, 64)), rng.normal(size=(3, 64))
    x[0, 40], x[1, 3], y[2, 63] = INF, -INF, INF
    p, q = quantize(a, x), quantize(b, y)
    with np.errstate(invalid="ignore"):
        expected = p.block_values() @ q.block_values().T
    flags = np.select([np.isnan(expected), expected == INF, expected == -INF], [3, 1, 2], 0)
    assert flags.any() and (a.size == 0 or not flags.all())
    assert np.array_equal(block_sums(p, q).status, flags)
    if a.size == b.size:
        codes, status = block_matmul(p, q, Floating(parse_format("fp32")))
        assert np.array_equal(status, flags)
        assert np.array_equal(np.isnan(decode(parse_format("fp32"), codes)), flags == 3)


@pytest.mark.parametrize("name", ["4*int8@pow4", "4*int8@pow4-ceil", "4*int8@pow4-nearest", "2*e2m1@cb[-1,1,-2,2]"])
def test_scales_are_never_below_zero(name: str) -> None:
    """Of a block of zeros the scale is the lowest that is not below zero; so it is of values that are too small."""
    fmt = parse_format(name)
    for x in ([0.0, 0.0], [0.01, -0.02]):
        assert quantize(fmt, x).scale_values().tolist() == [1]


def test_elements_far_below_one_do_not_overflow_the_scale() -> None:
    fmt = Block(Codebook((0, 2.0**-100)), parse_format("ue8m0"), 4)
    assert quantize(fmt, [1e308, 1.0]).values().tolist() == [2.0**27, 0]


def test_bits_for_each_number_are_as_published() -> None:
    bits = {"mxfp8e4m3": 8.25, "mxfp6e3m2": 6.25, "mxfp4": 4.25, "nvfp4": 4.5, "mxint8": 8.25, "dfx8": 8}
    assert {name: parse_format(name).bits_per_number for name in bits} == bits


# Sums.


def block_dots(a: Quantized, b: Quantized) -> list[list[list[Fraction]]]:
    """OCP MX 1.0's DotGeneral: of each pair of blocks Dot = X(A) * X(B) * sum(a * b)."""
    size = a.format.size or a.elements.shape[1]
    found = []
    for i in range(len(a.elements)):
        found.append([])
        for j in range(len(b.elements)):
            terms = []
            for block, start in enumerate(range(0, a.elements.shape[1], size)):
                scales = [
                    q.format.scale.decode(int(q.scales[r, block] if q.scales.ndim else q.scales))
                    for q, r in ((a, i), (b, j))
                ]
                pairs = zip(a.elements[i, start : start + size], b.elements[j, start : start + size], strict=True)
                dot = sum(a.format.element.decode(int(x)) * b.format.element.decode(int(y)) for x, y in pairs)
                terms.append(scales[0] * scales[1] * dot)
            found[-1].append(terms)
    return found


PAIRS = [
    "mxfp8e4m3 mxfp8e4m3",
    "mxfp8e5m2 mxfp4",
    "mxint8 mxint8",
    "mxfp6e3m2 mxfp6e2m3",
    "nvfp4 nvfp4",
    "nvint4 nvfp4",
    "bfp8-16 nvfp4",
    "dfx8 dfx8",
    "7*nf4@fp16 7*int8@bf16",
]


@pytest.mark.parametrize("kind", ["normal", "wide", "large", "sparse"])
@pytest.mark.parametrize("names", PAIRS)
def test_sums_of_blocks_are_exact(names: str, kind: str) -> None:
    a, b = (
        quantize(parse_format(name), x) for name, x in zip(names.split(), (data(kind), data("wide")[:3]), strict=True)
    )
    expected = [[sum(terms) for terms in row] for row in block_dots(a, b)]
    sums = block_sums(a, b)
    assert [[int(s) * Fraction(2) ** sums.lsb for s in row] for row in sums.steps()] == expected
    assert not sums.status.any()
    # Enough for a scale of 2**127 and 2**-127 each, and what is left is exact.
    fmt = Fixed(900, -sums.lsb)
    codes, status = block_matmul(a, b, Wide(fmt))
    assert [[fmt.decode(int(c)) for c in row] for row in codes] == expected
    assert not status.any()


@pytest.mark.parametrize("order", ["sequential", "tree"])
@pytest.mark.parametrize("names", PAIRS)
def test_terms_of_blocks_enter_a_float_sum_one_by_one(names: str, order: str) -> None:
    a, b = (
        quantize(parse_format(name), x) for name, x in zip(names.split(), (data("normal"), data("sparse")), strict=True)
    )
    codes, status = block_matmul(a, b, Floating(parse_format("fp32"), order))
    got = decode(parse_format("fp32"), codes)
    for i, row in enumerate(block_dots(a, b)):
        for j, terms in enumerate(row):
            assert got[i, j] == in_float32(terms, order)
    assert not status.any()


def in_float32(terms: list[Fraction], order: str) -> Fraction:
    def add(x: Fraction, y: Fraction) -> Fraction:
        return fp32(x + y) if x + y >= 0 else -fp32(-x - y)

    if order == "sequential":
        total = Fraction(0)
        for term in terms:
            total = add(total, term)
        return total
    while len(terms) > 1:
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [add(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return add(terms[0], Fraction(0))


def test_specials_in_blocks_reach_the_status() -> None:
    fmt = parse_format("2*e5m2@ue8m0")
    inf, nan, one, zero = 0x7C, 0x7E, 0x3C, 0x00
    rows = np.array([[one, inf, one], [one, one, nan], [one, one, one], [inf, inf | 0x80, one]])
    a = Quantized(fmt, rows, np.full((4, 2), 127))
    b = Quantized(fmt, np.array([[one, one, one], [one, zero, one]]), np.array([[127, 128], [127, 255]]))
    # The second row of b has a NaN as its last scale.
    expected = [[1, 3], [3, 3], [0, 3], [3, 3]]
    assert block_sums(a, b).status.tolist() == expected
    codes, status = block_matmul(a, b, Floating(parse_format("fp32")))
    assert status.tolist() == expected
    values = decode(parse_format("fp32"), codes)
    assert np.array_equal(values, [[INF, NAN], [NAN, NAN], [4, NAN], [NAN, NAN]], equal_nan=True)


@pytest.mark.parametrize("name", ["mxfp4", "dfx8", "nvfp4"])
@pytest.mark.parametrize(("n", "k", "m"), [(2, 0, 3), (0, 5, 2), (2, 5, 0)])
def test_nothing_sums_to_nothing(name: str, n: int, k: int, m: int) -> None:
    a, b = (quantize(parse_format(name), np.ones(shape)) for shape in ((n, k), (m, k)))
    assert block_sums(a, b).values().tolist() == [[0] * m] * n
    assert block_matmul(a, b, Floating(parse_format("fp32")))[0].tolist() == [[0] * m] * n


# Claims of arXiv 2510.25602.


def test_mxint8_beats_mxfp8_on_gaussian_data_and_fp8_stays_below_its_ceiling() -> None:
    x = np.random.default_rng(3).normal(size=(2000, 32))
    db = {name: sqnr(x, quantize(parse_format(f"{name}-ceil"), x).values()) for name in MX}
    assert db["mxint8"] > db["mxfp8e4m3"] + 5
    # 13.80 + 6.02 M for M = 3, 2 and 1.
    for name, ceiling in (("mxfp8e4m3", 31.86), ("mxfp6e2m3", 31.86), ("mxfp8e5m2", 25.84), ("mxfp4", 19.82)):
        assert db[name] < ceiling + 0.2
    assert db["mxfp8e4m3"] > 31
    # 4.78 + 6.02 b - 20 log10(rho) - 20 log10(kappa), rho about 1.5.
    kappa = crest_factor(x, axis=1).mean()
    for name, bits in (("mxint8", 8), ("mxint6", 6)):
        assert db[name] == pytest.approx(4.78 + 6.02 * bits - 20 * math.log10(1.5 * kappa), abs=1.5)


# What is refused.

MXFP4, NVFP4, FP32 = map(parse_format, ("mxfp4", "nvfp4", "fp32"))
ELEMENTS = np.zeros((2, 40), dtype=int)
SCALES = np.zeros((2, 2), dtype=int)
ROW = quantize(MXFP4, np.ones((2, 40)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: quantize("mxfp4", [1.0]), TypeError, "fmt must be a Block, got 'mxfp4'"),
        (lambda: quantize(FP32, [1.0]), TypeError, "fmt must be a Block"),
        (lambda: quantize(MXFP4, 1.0), ValueError, "values must have an axis for blocks to lie along"),
        (lambda: quantize(MXFP4, ["1"]), TypeError, "values must be real numbers of at most 64 bits"),
        (lambda: quantize(MXFP4, [1j]), TypeError, "values must be real numbers of at most 64 bits"),
        (
            lambda: quantize(MXFP4, [1.0], overflow="sat"),
            ValueError,
            "overflow must be one of nan, saturate, got 'sat'",
        ),
        (lambda: quantize(MXFP4, [1.0], overflow=None), TypeError, "overflow must be a str, got None"),
        (lambda: quantize(MXFP4, [1.0], "nearest"), ValueError, "rounding must be one of nearest_even"),
        (lambda: quantize(MXFP4, [1.0], "stochastic"), ValueError, "rounding must not be stochastic here"),
        (lambda: Quantized(MXFP4, ELEMENTS + 16, SCALES), ValueError, "elements must be codes 0..15 of e2m1, got 16"),
        (lambda: Quantized(MXFP4, ELEMENTS, SCALES + 256), ValueError, "scales must be codes 0..255 of ue8m0, got 256"),
        (
            lambda: Quantized(MXFP4, ELEMENTS, SCALES[:1]),
            ValueError,
            r"scales must have shape \(2, 2\) for elements of",
        ),
        (lambda: Quantized(MXFP4, ELEMENTS, SCALES, 0), ValueError, "tensor must be left out for mxfp4"),
        (lambda: Quantized(NVFP4, ELEMENTS, np.zeros((2, 3), int)), ValueError, "tensor must be given for nvfp4"),
        (lambda: Quantized(NVFP4, ELEMENTS, np.zeros((2, 3), int), -1), ValueError, "tensor must be codes"),
        (lambda: Quantized(parse_format("dfx8"), ELEMENTS, SCALES), ValueError, r"scales must have shape \(\)"),
        (lambda: block_sums(ROW, np.ones((2, 40))), TypeError, "b must be Quantized"),
        (lambda: block_sums(quantize(MXFP4, np.ones(40)), ROW), ValueError, "a must have two axes, got 1"),
        (lambda: block_sums(ROW, quantize(MXFP4, np.ones((2, 41)))), ValueError, "rows of one length"),
        (lambda: block_matmul(ROW, quantize(NVFP4, np.ones((2, 40))), Floating(FP32)), ValueError, "one block size"),
        (lambda: block_matmul(ROW, ROW, "fp32"), TypeError, "accumulator must be an Accumulator, got 'fp32'"),
    ],
)
def test_what_blocks_refuse(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
