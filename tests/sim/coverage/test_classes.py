"""Classes of codes: known ones, each present where the format has it, and dealt evenly."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.coverage.classes import classes, crossed, deal, examples, labels, members, operand, present


@pytest.mark.parametrize(
    ("name", "code", "label"),
    [
        *(("e4m3fn", 0x00, "0"), ("e4m3fn", 0x80, "-0"), ("e4m3fn", 0x7F, "NaN"), ("e4m3fn", 0x7E, "highest")),
        *(("e4m3fn", 0xFE, "lowest"), ("e4m3fn", 0x01, "least above 0"), ("e4m3fn", 0x81, "least below 0")),
        *(
            ("e4m3fn", 0x38, "1"),
            ("e4m3fn", 0xB8, "-1"),
            ("e4m3fn", 0x03, "+subnormal"),
            ("e4m3fn", 0x83, "-subnormal"),
        ),
        *(("e5m2", 0x7C, "+inf"), ("e5m2", 0xFC, "-inf"), ("e5m2", 0x40, "+power of two"), ("e5m2", 0xC3, "-odd")),
        *(
            ("int8", 0x00, "0"),
            ("int8", 0x01, "least above 0"),
            ("int8", 0xFF, "least below 0"),
            ("int8", 0x7F, "highest"),
        ),
        *(("int8", 0x80, "lowest"), ("int8", 0x40, "+power of two"), ("int8", 0x06, "+even"), ("int8", 0xFB, "-odd")),
        *(
            ("fp32", 0x7F800000, "+inf"),
            ("fp32", 0x7FC00000, "NaN"),
            ("fp32", 0x3F800000, "1"),
            ("fp32", 0x1, "least above 0"),
        ),
        *(("bf16-flush", 0x0080, "least above 0"), ("uint8", 0xFF, "highest"), ("ternary", 0b11, "0x3")),
    ],
)
def test_codes_are_of_known_classes(name: str, code: int, label: str) -> None:
    fmt = hw.parse_format(name)
    assert labels(fmt)[int(classes(fmt, np.array([code]))[0])] == label


@pytest.mark.parametrize("bits", [63, 80])
def test_ends_of_wide_fixed_point_are_told_from_their_neighbours(bits: int) -> None:
    fmt = hw.parse_format(f"fix{bits}.0")
    high, low = (1 << bits - 1) - 1, 1 << bits - 1
    codes = np.array([high, high - 2, low, low + 2, 0, 1, (1 << bits) - 1], dtype=object)
    found = [labels(fmt)[number] for number in classes(fmt, codes)]
    assert found == ["highest", "+odd", "lowest", "-even", "0", "least above 0", "least below 0"]


def test_a_format_has_only_the_classes_of_its_codes() -> None:
    has = {
        name: {labels(hw.parse_format(name))[n] for n in present(hw.parse_format(name))} for name in ("e4m3", "int8")
    }
    assert not has["e4m3"] & {"+inf", "-inf", "NaN"}
    assert not has["int8"] & {"-0", "+subnormal", "1"}
    assert {"0", "highest", "lowest", "+odd", "-even"} <= has["int8"]


@pytest.mark.parametrize("name", ["e4m3fn", "fp16", "fp32", "fix40.0", "nf4", "uint3"])
def test_members_and_examples_are_of_every_class(name: str) -> None:
    fmt = hw.parse_format(name)
    for number, codes in members(fmt).items():
        assert set(classes(fmt, codes).tolist()) == {number}
    assert set(classes(fmt, examples(fmt)).tolist()) == set(present(fmt))


def test_dealt_cards_are_as_many_of_each() -> None:
    dealt = deal(np.arange(5), 12, np.random.default_rng(1))
    assert len(dealt) == 12
    assert set(np.bincount(dealt).tolist()) == {2, 3}


def test_crossed_codes_are_of_every_class_with_every_other() -> None:
    a, b = hw.parse_format("e4m3fn"), hw.parse_format("int4")
    x, y = crossed([a, b], len(present(a)) * len(present(b)), np.random.default_rng(1))
    pairs = set(zip(classes(a, x).tolist(), classes(b, y).tolist(), strict=True))
    assert pairs == {(i, j) for i in present(a) for j in present(b)}


def test_classes_that_must_not_come_are_not_declared() -> None:
    fmt = hw.parse_format("e5m2")
    point = operand("c.x", fmt, without=("NaN", "+inf"))
    assert {labels(fmt)[n] for n in present(fmt)} - {point.bins[n] for n in point.possible} == {"NaN", "+inf"}
