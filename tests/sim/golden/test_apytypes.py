"""The codec against apytypes: floats and two's complement, rounding to odd among the modes."""

from __future__ import annotations

import numpy as np
import pytest
from apytypes import APyFixedArray, APyFloatArray, OverflowMode, QuantizationMode
from numpy.typing import NDArray

from hw.formats import Format, Minifloat, parse_format
from hw.formats.minifloat import CONVENTIONS
from sim.golden import decode, encode

MODES = {
    "nearest_even": QuantizationMode.TIES_EVEN,
    "nearest_away": QuantizationMode.TIES_AWAY,
    "toward_zero": QuantizationMode.TO_ZERO,
    "up": QuantizationMode.TO_POS,
    "down": QuantizationMode.TO_NEG,
    "odd": QuantizationMode.JAM_UNBIASED,
}

IEEE = ["e5m2-inf", "e4m3ieee-inf", "e3m4ieee-inf", "e2m5ieee-inf", "e1m6ieee-inf", "e6m1ieee-inf", "e4m3ieee-b2-inf"]
IEEE += ["bf16-inf", "fp16-inf", "tf32-inf", "fp32-inf", "e5m20ieee-inf", "e8m1ieee-b200-inf"]

INTEGERS = ["int1", "int2", "int4", "int8", "int8-sym", "int16", "int32", "uint1", "uint4", "uint8", "uint16", "uint32"]
FIXED = [
    "fix8.6",
    "fix8.4",
    "fix4.9",
    "fix6.-3",
    "fix12.5-sym",
    "fix1.0",
    "fix40.20",
    "fix64.30",
    "ufix8.8",
    "ufix5.-2",
]


def small_minifloats() -> list[str]:
    found = []
    for exponent_bits in range(8):
        for mantissa_bits in range(8 - exponent_bits):
            for convention in CONVENTIONS:
                for signed in (True, False):
                    try:
                        found.append(str(Minifloat(exponent_bits, mantissa_bits, convention, signed=signed)))
                    except ValueError:
                        continue
    return found


WIDER = ["bf16", "fp16", "e3m8fn", "e6m7", "e0m11", "tf32", "e8m23", "e5m20fn", "ue8m23ieee", "e4m11fnuz", "ue5m9-b40"]


def sampled_codes(fmt: Format) -> NDArray[np.uint64]:
    """Every code up to 12 bits; of wider formats those around each quarter of them and random ones."""
    count = 1 << fmt.width
    if fmt.width <= 12:
        return np.arange(count, dtype=np.uint64)
    drawn = np.random.default_rng(2).integers(0, count, 3000, dtype=np.uint64, endpoint=False)
    ends = np.array([quarter * count // 4 + i for quarter in range(5) for i in range(-9, 9)], dtype=object) % count
    return np.unique(np.concatenate([drawn, drawn ^ np.uint64(1), ends.astype(np.uint64)]))


def tried(fmt: Format) -> NDArray[np.float64]:
    """Values, ties and ends, and the next numbers of float64."""
    values = np.unique(decode(fmt, sampled_codes(fmt)))
    values = values[np.isfinite(values)]
    step = max(values[-1] - values[-2], 2.0**fmt.span.lsb)
    ends = np.concatenate([values[-1] + step * np.array([0.25, 0.5, 0.75, 1, 1.5, 2]), values[-1] * np.array([2, 9])])
    marks = np.concatenate([values, (values[1:] + values[:-1]) / 2, ends, [1e-300, 1e300, 0.0]])
    marks = np.concatenate([marks, np.nextafter(marks, np.inf), np.nextafter(marks, -np.inf)])
    return np.concatenate([marks, -marks])


def float_codes(x: NDArray[np.float64], fmt: Minifloat, mode: QuantizationMode, wider: int = 0) -> NDArray[np.int64]:
    exact = APyFloatArray.from_array(x, exp_bits=11, man_bits=52)
    cast = exact.cast(fmt.exponent_bits + wider, fmt.mantissa_bits, fmt.bias, mode)
    return cast.to_bits(numpy=True).astype(np.int64)


@pytest.mark.parametrize("name", IEEE)
def test_every_code_of_an_ieee_float_has_the_value_that_apytypes_gives_it(name: str) -> None:
    fmt = parse_format(name)
    codes = sampled_codes(fmt)
    expected = APyFloatArray.from_bits(codes.tolist(), fmt.exponent_bits, fmt.mantissa_bits, fmt.bias).to_numpy()
    got = decode(fmt, codes)
    assert np.array_equal(got, expected, equal_nan=True)
    numbers = ~np.isnan(expected)
    assert np.array_equal(np.signbit(got[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize("name", IEEE)
def test_encoding_ieee_floats_agrees_in_every_rounding(name: str) -> None:
    fmt = parse_format(name)
    x = np.concatenate([tried(fmt), [np.inf, -np.inf]])
    for rounding, mode in MODES.items():
        assert np.array_equal(encode(fmt, x, rounding), float_codes(x, fmt, mode)), rounding
        assert np.isnan(decode(fmt, float_codes(np.array([np.nan]), fmt, mode)))


@pytest.mark.parametrize("name", [*small_minifloats(), *WIDER])
def test_saturating_floats_agree_with_wider_ones_cut_to_the_range(name: str) -> None:
    """With one exponent bit more, apytypes' IEEE float holds every finite value; the rest is cut here.

    Without mantissa bits it has no parity: it takes every value for even. Ours has that of the code.
    """
    fmt, x = parse_format(name), tried(parse_format(name))
    sign = np.int64(1) << (fmt.exponent_bits + fmt.mantissa_bits)
    for rounding, mode in MODES.items():
        if fmt.mantissa_bits == 0 and rounding in ("nearest_even", "odd"):
            continue
        theirs = float_codes(x, fmt, mode, wider=1)
        negative, magnitude = theirs >= 2 * sign, np.minimum(theirs % (2 * sign), fmt.max_magnitude_code)
        expected = np.where(negative, magnitude | sign if fmt.signed else 0, magnitude)
        if fmt.convention == "fnuz":
            expected[magnitude == 0] = 0
        assert np.array_equal(encode(fmt, x, rounding), expected), rounding


@pytest.mark.parametrize("name", [name for name in [*INTEGERS, *FIXED] if parse_format(name).width <= 53])
def test_every_code_of_a_fixed_point_number_has_the_value_that_apytypes_gives_it(name: str) -> None:
    """apytypes has a sign always: unsigned codes get a zero in front. More than 53 bits it does not round to even."""
    fmt = parse_format(name)
    codes = sampled_codes(fmt)
    signed = APyFixedArray(codes.tolist(), bits=fmt.width + (not fmt.span.signed), frac_bits=-fmt.span.lsb)
    assert np.array_equal(decode(fmt, codes), signed.to_numpy())


@pytest.mark.parametrize("name", [*INTEGERS, *FIXED])
def test_encoding_fixed_point_agrees_in_every_rounding(name: str) -> None:
    """apytypes has a sign always, and no symmetric range: negative or lowest results are moved up here."""
    fmt, x = parse_format(name), tried(parse_format(name))
    bits = fmt.width + (not fmt.span.signed)
    exact = APyFixedArray.from_array(x, int_bits=1030, frac_bits=1080)
    lowest = int(fmt.min / 2**fmt.span.lsb) if fmt.span.lsb >= 0 else int(fmt.min * 2**-fmt.span.lsb)
    for rounding, mode in MODES.items():
        cast = exact.cast(bits=bits, frac_bits=-fmt.span.lsb, quantization=mode, overflow=OverflowMode.SAT)
        numbers = np.array([code - (code >> (bits - 1) << bits) for code in cast.to_bits()], dtype=object)
        expected = np.maximum(numbers, lowest) % (1 << fmt.width)
        assert np.array_equal(encode(fmt, x, rounding).astype(object), expected), rounding
