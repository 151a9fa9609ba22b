"""The layer normalisation's spec: names, widths, cycles, checks."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.layernorm import LayernormSpec

INT8 = parse_format("int8")


@pytest.mark.parametrize(
    "name",
    [
        "layernorm/int8/n4/r256/isqrt/p4",
        "layernorm/uint4/n1/r5/newton/t1/w16/p0/fast",
        "layernorm/int16/n2/r16384/l1/w8/p3",
        "layernorm/int8/n1/r8/isqrt/t16/p2/tmr",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_widths_hold_what_they_must() -> None:
    spec = LayernormSpec(INT8, 4, 256)
    assert (spec.difference.lo, spec.difference.hi) == (-255, 255)
    assert spec.norm_bits == (256 * 255 * 255).bit_length() == 24
    assert spec.root_bits == 12 and spec.result.name == "fix31.30"
    # 2**16, halved, and as much again of 2**24 / 2**16.
    assert LayernormSpec(INT8, 4, 256, "newton").root_bits == 17
    weighted = LayernormSpec(INT8, 4, 256, "isqrt", 16, 8)
    assert weighted.bias.name == "fix25.16" and weighted.result.name == "fix26.16"


def test_a_row_takes_three_passes_two_divisions_and_a_root() -> None:
    exact, newton, l1 = (LayernormSpec(INT8, 4, 256, norm, 30, 0, 4) for norm in ("isqrt", "newton", "l1"))
    assert exact.cycles(128, 2) - exact.cycles(64, 1) == 3 * 64 + 2 * (4 + 5) + 2 * 31 + 12 + 1
    assert newton.solving[1] - l1.solving[1] == 10 * 32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", 4, 8), TypeError, "input must be a Format, got 'int8'"),
        ((parse_format("fix8.4"), 4, 8), ValueError, "input must be an integer of at most 16 bits, got fix8.4"),
        ((INT8, 4, 6), ValueError, "row must be a multiple of 4, the lanes, got 6"),
        ((INT8, 4, 8, "l2"), ValueError, "norm must be one of isqrt, newton, l1, got 'l2'"),
        ((INT8, 4, 8, "l1", 31), ValueError, "places must be 1..30, got 31"),
        ((INT8, 4, 8, "l1", 30, None), TypeError, "weight must be .*got None"),
        ((INT8, 4, 8, "l1", 30, 17), ValueError, "weight must be 0..16, got 17"),
        ((INT8, 4, 8, "l1", 30, 0, 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_none_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        LayernormSpec(*arguments)  # type: ignore[arg-type]
