"""The codec against gfloat, which describes formats by parameters: minifloats of up to 8 bits and some wider."""

from __future__ import annotations

from dataclasses import replace

import gfloat
import gfloat.formats
import numpy as np
import pytest
from gfloat import Domain, FormatInfo, RoundMode, Signedness
from numpy.typing import NDArray

from hw.formats import Format, Minifloat, PowerOfTwo, parse_format
from hw.formats.minifloat import CONVENTIONS
from sim.golden import decode, encode

MODES = {
    "nearest_even": RoundMode.TiesToEven,
    "nearest_away": RoundMode.TiesToAway,
    "toward_zero": RoundMode.TowardZero,
    "up": RoundMode.TowardPositive,
    "down": RoundMode.TowardNegative,
}


def described(fmt: Format) -> FormatInfo:
    """The format in gfloat's terms."""
    if isinstance(fmt, Minifloat):
        high_nans = {"finite": 0, "ieee": (1 << fmt.mantissa_bits) - 1, "fn": 1, "fnuz": 0}[fmt.convention]
        precision, bias = fmt.mantissa_bits + 1, fmt.bias
        negative_zero = fmt.signed and fmt.convention != "fnuz"
    elif isinstance(fmt, PowerOfTwo):
        high_nans, precision, bias, negative_zero = int(fmt.nan), 1, fmt.bias, fmt.signed
    else:
        high_nans, precision, bias, negative_zero = 0, fmt.width, 2 - fmt.width - fmt.span.lsb, False
    return FormatInfo(
        str(fmt),
        fmt.width,
        precision,
        bias=bias,
        is_signed=fmt.span.signed,
        domain=Domain.Extended if isinstance(fmt, Minifloat) and fmt.convention == "ieee" else Domain.Finite,
        has_nz=negative_zero,
        num_high_nans=high_nans,
        has_subnormals=not isinstance(fmt, PowerOfTwo),
        is_twos_complement=not isinstance(fmt, Minifloat | PowerOfTwo),
    )


def draft(bits: int, precision: int, signedness: Signedness, domain: Domain = Domain.Finite) -> FormatInfo:
    return gfloat.formats.format_info_p3109(bits, precision, signedness, domain)


PUBLISHED = {
    "e5m2": gfloat.formats.format_info_ocp_e5m2,
    "e4m3fn": gfloat.formats.format_info_ocp_e4m3,
    "e2m3": gfloat.formats.format_info_ocp_e2m3,
    "e3m2": gfloat.formats.format_info_ocp_e3m2,
    "e2m1": gfloat.formats.format_info_ocp_e2m1,
    "ue8m0": gfloat.formats.format_info_ocp_e8m0,
    "fix8.6": gfloat.formats.format_info_ocp_int8,
    "fp16": gfloat.formats.format_info_binary16,
    "bf16": gfloat.formats.format_info_bfloat16,
    "fp32": gfloat.formats.format_info_binary32,
    "e1m1fnuz": draft(3, 2, Signedness.Signed),
    "e2m1fnuz": draft(4, 2, Signedness.Signed),
    "e3m2fnuz": draft(6, 3, Signedness.Signed),
    "e2m3fnuz": draft(6, 4, Signedness.Signed),
    "e5m2fnuz": draft(8, 3, Signedness.Signed),
    "e4m3fnuz": draft(8, 4, Signedness.Signed),
    "e1m6fnuz": draft(8, 7, Signedness.Signed),
    "ue6m2fn-b32": draft(8, 3, Signedness.Unsigned),
    "ue5m3-b16": draft(8, 4, Signedness.Unsigned),
    "ue1m7fn-b1": draft(8, 8, Signedness.Unsigned),
    "ue7m1ieee-b64": draft(8, 2, Signedness.Unsigned, Domain.Extended),
}


def small_minifloats() -> list[Minifloat]:
    found = []
    for exponent_bits in range(8):
        for mantissa_bits in range(8 - exponent_bits):
            for convention in CONVENTIONS:
                for signed in (True, False):
                    try:
                        found.append(Minifloat(exponent_bits, mantissa_bits, convention, signed=signed))
                    except ValueError:
                        continue
    # Where one exponent bit leaves subnormals only, gfloat 0.5.2 takes the highest of them for normal.
    return [f for f in found if (f.exponent_bits, f.convention) != (1, "ieee")]


BIASED = ["e4m3fn-b8", "e4m3fnuz-b11", "e3m2-b-4", "e3m4ieee-b20", "e2m1-b40", "ue4m4-b0", "ue8m7ieee", "e5m0-b100"]
WIDER = ["e3m8fn", "e6m7", "e8m5fnuz", "e0m11", "tf32", "e8m23", "e5m20fn", "e4m27fnuz", "ue8m23ieee", "e0m31"]
FIXED = ["fix8.8", "fix4.-3", "fix12.5", "fix2.0", "fix8.0", "fix20.10"]
POWERS = ["ue8m0", "pow4", "upow4", "pow6-b10-nan", "upow5-b-3"]

MINIFLOATS = sorted({*map(str, small_minifloats()), *BIASED, *WIDER} | {n for n in PUBLISHED if n not in POWERS})


def sampled_codes(fmt: Format) -> NDArray[np.int64]:
    """Every code up to 16 bits; of wider formats the ends of all exponents and random ones, each with the next."""
    if fmt.width <= 16:
        return np.arange(1 << fmt.width)
    step = fmt.mantissa_bits if isinstance(fmt, Minifloat) else fmt.width - 1
    ends = (np.arange((1 << (fmt.width - step)) + 1) << step) - 1
    drawn = np.random.default_rng(1).integers(0, 1 << fmt.width, 3000)
    codes = np.concatenate([np.add.outer(np.arange(4), ends).reshape(-1), drawn, drawn + 1])
    return np.unique(codes[(codes >= 0) & (codes < 1 << fmt.width)])


def gaps(fmt: Format) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values, and above each the next: above the highest what would be next if there were more exponents."""
    values = np.unique(decode(fmt, sampled_codes(fmt)))
    values = values[np.isfinite(values)]
    step = np.ldexp(1.0, int(np.frexp(values[-1])[1]) - described(fmt).precision)
    return values, np.append(values[1:], values[-1] + max(step, 2.0**fmt.span.lsb))


def tried(fmt: Format) -> NDArray[np.float64]:
    """Every value, tie and end, and the next numbers of float64; not below 1e-300, which gfloat would scale to 0."""
    lower, upper = gaps(fmt)
    ends = lower[-1] * np.array([1.01, 1.25, 1.5, 1.75, 2, 3, 4, 1000])
    marks = np.concatenate([lower, (lower + upper) / 2, upper[-1:], ends, [1.001e-300, 1e300]])
    marks = np.concatenate([marks, np.nextafter(marks, np.inf), np.nextafter(marks, -np.inf)])
    marks = np.append(marks[np.abs(marks) > 1e-300], 0.0)
    return np.concatenate([marks, -marks]) if fmt.span.signed else np.append(marks[marks >= 0], -0.0)


def assert_same(fmt: Format, codes: NDArray[np.integer], theirs: NDArray[np.floating], info: FormatInfo) -> None:
    expected = gfloat.encode_ndarray(info, theirs)
    nan = np.isnan(theirs)
    assert np.array_equal(np.isnan(decode(fmt, codes)), nan)
    assert np.array_equal(codes[~nan], expected[~nan])


def test_no_published_format_is_left_out() -> None:
    """But float64, which has more bits than ours; tests of blocks have the block formats."""
    known = {name for name in dir(gfloat.formats) if isinstance(getattr(gfloat.formats, name), FormatInfo)}
    ours = {name for name in known if any(info == getattr(gfloat.formats, name) for info in PUBLISHED.values())}
    assert known - ours == {"format_info_binary64"}
    offered = {mode for mode in RoundMode if "Stochastic" not in mode.name}
    assert set(MODES.values()) == offered


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_formats_have_our_parameters(name: str) -> None:
    info = described(parse_format(name))
    info.name = PUBLISHED[name].name
    assert info == PUBLISHED[name]


@pytest.mark.parametrize("name", [*MINIFLOATS, *FIXED, *POWERS])
def test_every_code_has_the_value_that_gfloat_gives_it(name: str) -> None:
    fmt = parse_format(name)
    codes = sampled_codes(fmt)
    got, expected = decode(fmt, codes), gfloat.decode_ndarray(described(fmt), codes)
    assert np.array_equal(got, expected, equal_nan=True)
    numbers = ~np.isnan(expected)
    assert np.array_equal(np.signbit(got[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize("name", [*MINIFLOATS, *FIXED])
def test_saturating_encoding_agrees_around_every_value_tie_and_end(name: str) -> None:
    """gfloat saturates infinities too; ours stays one if the format has it, so it is left out there."""
    fmt = parse_format(name)
    info, x = described(fmt), tried(fmt)
    if fmt.code_of(np.inf) is None:
        x = np.concatenate([x, [np.inf, -np.inf] if fmt.span.signed else [np.inf]])
    if fmt.has_special:
        x = np.append(x, np.nan)
    for rounding, mode in MODES.items():
        assert_same(fmt, encode(fmt, x, rounding), gfloat.round_ndarray(info, x, mode, sat=True), info)


@pytest.mark.parametrize("name", [name for name in MINIFLOATS if parse_format(name).has_special])
def test_overflowing_encoding_agrees_around_every_value_tie_and_end(name: str) -> None:
    plain = parse_format(name)
    fmt = replace(plain, overflow="inf" if plain.convention == "ieee" else "nan")
    info, x = described(fmt), tried(fmt)
    x = np.concatenate([x, [np.inf, np.nan], [-np.inf] if fmt.signed else []])
    for rounding, mode in MODES.items():
        assert_same(fmt, encode(fmt, x, rounding), gfloat.round_ndarray(info, x, mode, sat=False), info)


@pytest.mark.parametrize("name", POWERS)
def test_powers_of_two_agree_from_the_lowest_on(name: str) -> None:
    """Below the lowest power gfloat rounds to lower ones, which the format does not hold."""
    fmt = parse_format(name)
    info, x = described(fmt), tried(fmt)
    x = x[np.abs(x) >= abs(float(fmt.value(0)))]
    x = np.concatenate([x, [np.inf], [-np.inf] if fmt.signed else [], [np.nan] if fmt.has_special else []])
    for rounding, mode in MODES.items():
        assert_same(fmt, encode(fmt, x, rounding), gfloat.round_ndarray(info, x, mode, sat=True), info)


STOCHASTIC = [str(f) for f in small_minifloats() if f.width <= 5]
STOCHASTIC += ["e2m3", "e3m2", "e4m3fn", "e5m2", "e4m3fnuz", "e5m0-b100", "ue5m3", "fix8.6", "fix4.-3"]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_rounding_agrees_for_every_random_number_in_every_gap(name: str) -> None:
    """The steps around each fraction are 2**-40 of a gap: gfloat adds the random number in float64, inexactly below."""
    fmt = parse_format(name)
    if isinstance(fmt, Minifloat) and fmt.has_special:
        fmt = replace(fmt, overflow="inf" if fmt.convention == "ieee" else "nan")
    info, bits = described(fmt), 5
    lower, upper = gaps(fmt)
    lower, upper = lower[lower >= 0], upper[lower >= 0]
    fractions = np.add.outer(np.arange(1 << bits) / (1 << bits), [0, 2**-40, 2**-5 - 2**-40]).reshape(-1)
    x = (lower + np.multiply.outer(fractions, upper - lower)).reshape(-1)
    if fmt.span.signed:
        x = np.concatenate([x, -x])
    x, random = np.repeat(x, 1 << bits), np.tile(np.arange(1 << bits), x.size)
    for mode, *ours in (
        (RoundMode.StochasticFastest, random, bits),
        (RoundMode.StochasticFast, 2 * random + 1, bits + 1),
    ):
        expected = gfloat.round_ndarray(info, x, mode, sat=fmt.overflow == "sat", srbits=random, srnumbits=bits)
        assert_same(fmt, encode(fmt, x, "stochastic", *ours), expected, info)
