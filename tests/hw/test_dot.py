"""The dot product's spec, ports, widths and pipelines; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.arith.align import Shift, split
from hw.datapath.counted import TwoValues
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.dot import DotSpec
from hw.units.dot import Dot
from rtl_gen import emit

INT8 = parse_format("int8")


def parse(name: str) -> DotSpec:
    spec = hw.parse(name)
    assert isinstance(spec, DotSpec)
    return spec


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("dot/int8xint8/n4", "dot/int8xint8/n4/exact/exact/p2"),
        ("dot/int8xfix8.4/n4/exact/bf16/fused/p1", "dot/int8xfix8.4/n4/exact/bf16/p1"),
        ("dot/e4m3xe4m3/n32/lmul/fp16:up/rounded", "dot/e4m3xe4m3/n32/lmul/fp16:up/rounded/p38"),
        ("dot/e4m3xe4m3/n32/exact/fp16/rounded/p2/fast", "dot/e4m3xe4m3/n32/exact/fp16/rounded/p2/fast"),
    ],
)
def test_names_lead_back(short: str, name: str) -> None:
    spec = hw.parse(short)
    assert spec.name == name
    assert hw.parse(name) == spec
    assert hw.spec.from_json(spec.to_json()) == spec
    assert hw.spec.from_toml(spec.to_toml()) == spec


@pytest.mark.parametrize(
    ("name", "result", "payload"),
    [
        # 4 * (-128)**2 is 2**16, which takes 18 bits with its sign.
        ("dot/int8xint8/n4", "fix18.0", 18),
        ("dot/uint8xuint8/n4", "ufix18.0", 18),
        # A status of two bits.
        ("dot/e4m3fnxe4m3fn/n32", "fix42.18", 44),
        ("dot/e2m1xe2m1/n32/exact/e4m3", "e4m3", 8),
    ],
)
def test_results_are_as_wide_as_the_sums_need(name: str, result: str, payload: int) -> None:
    spec = parse(name)
    assert spec.result.name == result
    ports = {port["name"]: port["width"] for port in emit(spec).manifest["ports"]}
    assert ports["m_axis_sum_tdata"] == -(-payload // 8) * 8
    assert ports["s_axis_a_tdata"] == -(-spec.a.width * spec.lanes // 8) * 8


def test_cycles_are_a_formula_for_numbers_and_arrays() -> None:
    spec = parse("dot/int8xint8/n4/exact/exact/p3")
    assert spec.cycles(1) == 4
    assert spec.cycles(np.array([1, 2, 100])).tolist() == [4, 5, 103]


def test_the_shift_left_to_a_row_takes_no_more_than_a_lut() -> None:
    # Of the 5 bits that e4m3's exponents add up to three go first; of e2m1's three bits two.
    assert split(Shift(8, False, 2, 31, 2, 36)) == 3
    assert split(Shift(4, False, 2, 7, 2, 8)) == 2
    # A sign fills what is above the number, so more places have it.
    assert (split(Shift(8, False, 1, 31, 1, 36)), split(Shift(8, True, 1, 31, 1, 36))) == (3, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hw.parse("dot/int8xint8"), ValueError, "nLANES is missing"),
        (
            lambda: hw.parse("dot/int8xint8/n2/exact/fp16/rounded/p0/fast/x"),
            ValueError,
            "nothing may follow the form, got 'x'",
        ),
        (
            lambda: hw.parse("dot/int8xint8/n4/g2"),
            ValueError,
            "groups must be written gLANES.BITS, like g8.2, got 'g2'",
        ),
        (lambda: hw.parse("dot/int8xint8/n4/g3.2"), ValueError, "group must divide the 4 lanes, got 3"),
        (lambda: hw.parse("dot/int8xint8/n4/g2.7"), ValueError, "shift_bits must be 1..6, got 7"),
        (
            lambda: hw.parse("dot/e2m1xe2m1/n4/g2.2/exact/fp16/rounded"),
            ValueError,
            "sums must be fused where groups have scales, got 'rounded'",
        ),
        (
            lambda: hw.parse("dot/int8xint8/8"),
            ValueError,
            "lanes must be written n and a number from 1 to 9999999, like n32, got '8'",
        ),
        (lambda: hw.parse("dot/int8xint8/n1025"), ValueError, "lanes must be 1..1024, got 1025"),
        (lambda: hw.parse("dot/int8xint8/n2/lmul"), ValueError, "product lmul takes minifloats, got int8 and int8"),
        (lambda: hw.parse("dot/int8xint8/n2/exact/int8"), ValueError, "result must be exact or a float with exponent"),
        (lambda: hw.parse("dot/int8xint8/n2/exact/exact/rounded"), ValueError, "sums must be fused for an exact"),
        (lambda: hw.parse("dot/int8xint8/n2/exact/exact/late"), ValueError, "pipeline must be written pSTAGES, "),
        (
            lambda: hw.parse("dot/mxfp4xmxint8/n2"),
            ValueError,
            "format 'mxfp4' is a block format, .* units that take blocks are",
        ),
        (lambda: hw.parse("dot/int8xint8/n0"), ValueError, "lanes must be written n and a number from 1 to 9999999, l"),
        (lambda: hw.parse("dot/e5m2xe5m2/n2/exact/e4m3"), ValueError, "result must have a NaN, for e5m2 and e5m2"),
        (lambda: DotSpec(INT8, INT8, 2.0), TypeError, "lanes must be an int, got 2.0"),  # type: ignore[arg-type]
        (lambda: DotSpec(INT8, INT8, 2, sums="late"), ValueError, "sums must be one of fused, rounded, got 'late'"),
        (lambda: DotSpec(INT8, "int8", 2), TypeError, "b must be a Format, got 'int8'"),  # type: ignore[arg-type]
        (lambda: Dot(hw.parse("mul/int8xint8")), TypeError, "spec must be a DotSpec, got "),  # type: ignore[arg-type]
        (
            lambda: hw.build(parse("dot/int4xint4/n2/exact/exact/p0/dsp"), hw.parse_target("ice40")),
            ValueError,
            "form must be small or fast for Lattice iCE40, which has no multiplier blocks",
        ),
        (
            lambda: emit(parse("dot/uint1xuint1/n1/exact/exact/p4")),
            ValueError,
            "dot/uint1xuint1/n1/exact/exact/p4: pipeline must be at most 2 for so little logic, got 4",
        ),
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("formats", "values"),
    [
        ("binary binary", TwoValues(-1, 1, 0b1001)),
        ("uint1 uint1", TwoValues(0, 1, 0b1000)),
        ("int1 uint1", TwoValues(-1, 0, 0b0111)),
        ("binary uint1", None),
        ("int2 uint1", None),
    ],
)
def test_products_of_bits_that_are_one_of_two_numbers_are_counted(formats: str, values: TwoValues | None) -> None:
    a, b = map(parse_format, formats.split())
    assert TwoValues.of(a, b) == values
    if values is not None:
        found = [values.product(code & 1, code >> 1) for code in range(4)]
        assert [values.high if high else values.low for high in found] == [
            a.value(code & 1) * b.value(code >> 1) for code in range(4)
        ]


def test_groups_have_shifts_beside_their_operands() -> None:
    spec = hw.parse("dot/int8xint4/n8/g4.2")
    assert spec.name == "dot/int8xint4/n8/g4.2/exact/exact/p2"
    assert from_json(spec.to_json()) == spec
    assert (spec.inputs["b"]["shift"].lanes, spec.inputs["b"]["shift"].format.width) == (2, 2)
    # Two sums of four, each at most 8 times as large.
    assert spec.span.hi == 2 * 8 * 4 * 128 * 8
