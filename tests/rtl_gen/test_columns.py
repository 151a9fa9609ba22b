"""Text in columns."""

from __future__ import annotations

from rtl_gen.columns import LEAST, markdown, table, wrapped

HEADS, LINES = ("point", "hit", "holes"), [["a", "10", "one x two, three"], ["bcd", "9", ""]]


def test_numbers_stand_below_each_other() -> None:
    assert table(HEADS[:2], [line[:2] for line in LINES]).splitlines() == ["point  hit", "a       10", "bcd      9"]


def test_a_long_last_column_goes_on_below() -> None:
    long = "bin, " * 30
    lines = wrapped(HEADS, [["a", "10", long.strip()], ["b", "9", ""]], 50).splitlines()
    assert max(map(len, lines)) <= 50
    assert lines[0] == "point  hit  holes" and lines[1].startswith("a       10  bin, bin,")
    assert all(line.startswith(" " * 12 + "bin") for line in lines[2:-1]) and lines[-1] == "b        9"
    assert " ".join(line[12:] for line in lines[1:-1]).split() == long.split()


def test_however_narrow_a_terminal_is_there_is_something_in_a_line() -> None:
    lines = wrapped(HEADS, [["a" * 40, "1", "word " * 20]], 10).splitlines()
    assert max(map(len, lines)) <= 40 + 2 + 3 + 2 + LEAST


def test_a_table_of_a_page() -> None:
    assert markdown(HEADS, LINES, ["hit"]).splitlines()[1:3] == [
        "| --- | ---: | --- |",
        "| a | 10 | one x two, three |",
    ]
