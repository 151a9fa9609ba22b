"""Designs by template: what a group gives, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from dse.groups import Group


def test_a_group_is_all_combinations_and_a_word_is_the_same_wherever_it_stands() -> None:
    group = Group("mac/{a}x{a}/{product}", {"a": ["int4", "e4m3"], "product": "exact"})
    assert len(group) == 2
    assert [group.parse(choice).name for choice in group.choices()] == [
        "mac/int4xint4/exact/kulisch1024/p1",
        "mac/e4m3xe4m3/exact/kulisch1024/p3",
    ]


def test_sizes_are_axes_of_their_own_where_the_spec_calls_them_so() -> None:
    group = Group("array/{a}x{a}/{rows}x{columns}/ws", {"a": "int8", "rows": "2..8 by 3", "columns": [1, "4", 4]})
    assert (group.sized, group.shaping) == (["rows", "columns"], ["a"])
    assert group.sizes().tolist() == [[2, 1], [2, 4], [5, 1], [5, 4], [8, 1], [8, 4]]
    assert group.name({"a": "int8"}, [5, 4]) == "array/int8xint8/5x4/ws"
    assert len(group) == 6


def test_a_group_without_words_is_one_design() -> None:
    group = Group("mac/int8xint8/exact/kulisch16/p2")
    assert (len(group), list(group.choices()), group.sizes().shape) == (1, [{}], (1, 0))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("mac/int8xint8", False),
        ("mac/int8xint8/exact/kulisch1024/p2", True),
        ("mac/{a}x{a}/exact/exact/p{b}", True),
    ],
)
def test_whether_a_name_says_its_depth(spec: str, says: bool) -> None:
    assert Group(spec, {word: [1] for word in "ab" if f"{{{word}}}" in spec}).says_depth is says


@pytest.mark.parametrize(
    ("spec", "axes", "error", "message"),
    [
        (3, {}, TypeError, "spec must be a str, got 3"),
        ("max/{a}x{a}", {"a": "int8"}, ValueError, r"spec must begin with a unit \(mac, .*\), got 'max/{a}x{a}'"),
        ("mac/{a}x{b}", {"a": "int8"}, ValueError, r"spec 'mac/{a}x{b}' needs values for {b}"),
        ("mac/{a}x{a}", {"a": "int8", "aa": 1}, ValueError, r"has no {aa}: its words are a; did you mean a\?"),
        ("mac/int8xint8", {"a": "int8"}, ValueError, r"has no {a}: it has no words in braces"),
        ("mac/{a}x{a", {"a": "int8"}, ValueError, r"spec must have braces in pairs around words, got { alone in"),
        ("mac/{{a}}xint8", {"a": "int8"}, ValueError, r"braces in pairs"),
        ("mac/{a}x{a}", {"a": []}, ValueError, "a must have one value or more, got none"),
        ("mac/{a}x{a}", {"a": [1.5]}, TypeError, "a must have values that are texts or whole numbers, got 1.5"),
        ("mac/{a}x{a}", {"a": True}, TypeError, "a must have values that are texts or whole numbers, got True"),
        ("mac/{a}x{a}", {"a": "8..4"}, ValueError, "a must be a range that goes up, got '8..4'"),
        ("mac/{a}x{a}", {"a": "0..99999"}, ValueError, "a must be a range of at most 65536 numbers, got '0..99999'"),
        ("mac/{a}x{a}", {"a": "1..4 by 0"}, ValueError, "a must be a range that goes up, got '1..4 by 0'"),
        ("mac/{a}x{a}", 3, TypeError, "axes must map words to values, got 3"),
    ],
)
def test_what_a_group_refuses(spec: Any, axes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Group(spec, axes)
