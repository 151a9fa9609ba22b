"""What a person takes away: files, pictures, and the table in the terminal."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas
import pytest
from rich.console import Console

from dse.objectives import Objective, objectives
from dse.reporting import Comparison, compare, frontier_table, write_report
from dse.reporting.page import page
from dse.reporting.picture import pareto


def test_all_files_and_the_same_ones_again(table: pandas.DataFrame, asked: list[Objective], tmp_path: Path) -> None:
    few = table[table["device"] == "ecp5-25k"].iloc[:60]
    written = write_report(few, asked, tmp_path / "one", "Which?")
    assert [path.name for path in written] == ["report.html", "pareto-ecp5-25k.png", "pareto-ecp5-25k.svg"]
    again = write_report(few, asked, tmp_path / "two", "Which?")
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]


def test_a_picture_says_what_it_shows(compared: Comparison, tmp_path: Path) -> None:
    drawn = compared.drawn(999, 999, 1)
    png, svg = pareto(compared, 1, 0, 0, drawn, tmp_path / "plot")
    assert png.read_bytes().startswith(b"\x89PNG")
    texts = [
        "".join(node.itertext()).strip() for node in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert {"loss, points  (↓ better)", "LUT  (← better)", "frontier of these two"} <= set(texts)
    assert any(text.startswith("on the frontier, measured (") for text in texts)
    assert any(text.startswith("on the frontier, estimated (") for text in texts)
    names = sum(bool(re.search(r" p[123]$", text)) for text in texts)
    assert names == len(compared.line(1, 0, 0))


def test_a_name_may_hold_what_is_mathematics_to_others(tmp_path: Path) -> None:
    table = pandas.DataFrame({"spec": ["$a_{", "b$^"], "frontier": [True, True], "loss": [1, 2], "lut": [2, 1]})
    compared = compare(table, objectives(["loss", "lut"]))
    _, svg = pareto(compared, 1, 0, 0, compared.drawn(9, 9, 1), tmp_path / "plot")
    assert "$a_{" in svg.read_text()


def test_where_nothing_is_known_there_is_no_picture(compared: Comparison, tmp_path: Path) -> None:
    assert pareto(compared, 2, 1, 1, compared.drawn(999, 999, 1), tmp_path / "plot") == []
    assert not list(tmp_path.iterdir())


def test_the_page_asks_for_nothing(compared: Comparison) -> None:
    text = page(compared, compared.drawn(99, 99, 1), "a <b> & {{data}}")
    assert "<title>a &lt;b&gt; &amp; {{data}}</title>" in text
    assert not re.search(r"(src|href)=\"(?!data:,)", text)
    assert len(text) < 10**6


def test_a_hundred_thousand_rows_make_a_small_page(table: pandas.DataFrame, asked: list[Objective]) -> None:
    times = -(-100_000 // len(table))
    many = pandas.concat([table] * times, ignore_index=True)
    many["lut_estimated"] += np.repeat(np.arange(times), len(table))
    many[["frontier", "band"]] &= (np.arange(len(many)) < len(table))[:, None]
    compared = compare(many, asked)
    drawn = compared.drawn(3000, 2000, 1)
    assert len(many) >= 100_000 and 2000 < len(drawn) < 6000
    assert len(page(compared, drawn, "many")) < 6 * 10**6


def shown(compared: Comparison, place: int, **how: int) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(frontier_table(compared, place, **how))
    return out.getvalue()


def test_the_terminal_shows_the_frontier(compared: Comparison, table: pandas.DataFrame) -> None:
    here = table[(table["device"] == "ecp5-25k") & table["frontier"]]
    text = shown(compared, 0)
    assert "frontier of loss and LUT on ecp5-25k" in text and all(spec in text for spec in here["spec"])
    assert re.search(r"│ +≈ \d+ \(\d+\.\.\d+\) +│", text) and re.search(r"│ +\d+ +│", text)
    assert f"{len(here)} of 318 designs in the table are on the frontier, the first 2 of them here" in shown(
        compared, 0, most=2
    )
    assert " - " in shown(compared, 1)


def test_a_spec_in_brackets_is_no_markup(asked: list[Objective]) -> None:
    spec = "mac/cb[0,1]x[bold]/exact"
    table = pandas.DataFrame({"spec": [spec], "frontier": [True], "loss": [0.0], "lut": [1]})
    assert spec in shown(compare(table, objectives(["loss", "lut"])), 0)


def test_what_is_refused(table: pandas.DataFrame, asked: list[Objective], tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="folder must be a Path, got 'here'"):
        write_report(table, asked, "here", "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="title must be a str, got 3"):
        write_report(table, asked, tmp_path, 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"band must be 0..1000000, got -1"):
        write_report(table, asked, tmp_path, "x", band=-1)
    with pytest.raises(ValueError, match="table must have a row, got none"):
        write_report(table.iloc[:0], asked, tmp_path, "x")
    assert not list(tmp_path.iterdir())
