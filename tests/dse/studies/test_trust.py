"""The table of what is known of each unit: what it makes of the pages that it reads, and where it goes."""

from __future__ import annotations

import pytest

import hw
from dse.studies.trust import BEGIN, COLUMNS, END, summary, tables, with_table

PAGES = {
    "coverage": "| unit | designs | points | bins | hit | holes |\n| --- | ---: | ---: | ---: | ---: | ---: |\n"
    "| `mac` | 2 | 3 | 4,000 | 3,999 | 1 |\n\n| design | bins |\n| --- | --- |\n| `mac/int4xint4` | 9 |\n",
    "levels": "| design | Verilog in Verilator | in Icarus | netlist of ecp5 | netlist of xc7 | netlist of ice40 |\n"
    "| --- | --- | --- | --- | --- | --- |\n"
    "| `mac/int4xint4` | passed, 12 | failed | passed | not run | - |\n"
    "| `mac/int8xint8` | passed, 12 | passed | without block RAM | failed | passed |\n",
    "mutants": "| unit | mutants | score |\n| --- | ---: | ---: |\n| mac | 60 | 99.0 % |\n",
    "proofs": "| design | stable | sums |\n| --- | --- | --- |\n| `mac/int4xint4` | - | proved by induction at 1 |\n"
    "| `mac/int8xint8` | - | holds to depth 20 |\n",
    "upsets": "| design | masked |\n| --- | ---: |\n| `mac/int4xint4` | 1.0 |\n| `mac/int8xint8` | 31.2 |\n\n"
    "| design | structure | masked |\n| --- | --- | ---: |\n| `mac/int4xint4` | control | 90.0 |\n",
}


def test_a_unit_s_line_has_what_each_page_says_of_it() -> None:
    (table,) = tables(summary(PAGES))
    assert [line["unit"].strip("`") for line in table] == [*hw.UNITS, "made by"]
    assert [*table[0].values()] == [
        *("`mac`", "3,999 of 4,000", "3 of 4", "3 of 5", "99.0 % of 60", "1 of 2", "1 to 31 %"),
    ]
    assert set([*table[1].values()][1:]) == {"-"}
    assert [*table[-1].values()][1:] == [f"`{column.command}`" for column in COLUMNS]


def test_it_takes_the_place_of_the_one_before() -> None:
    page = with_table(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert page == f"before\n{BEGIN}\n\nnew\n{END}\nafter\n"
    assert with_table(page, "new") == page
    with pytest.raises(ValueError, match=r"verification.md must have a line"):
        with_table("before\nafter\n", "new")
