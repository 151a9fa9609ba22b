"""Accumulators beside bare loops: every row is one or the other, and each kind is there."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

import hw
from dse.studies.loops import Loops, Row, line, page, read
from dse.studies.text import Flows

DOCS = Path(__file__).parents[3] / "docs"
COST = {"lut": 115, "ff": 205, "fmax": 319.6, "flow": "synth", "versions": {"pyosys": "1"}}


def row(name: str) -> Row:
    spec = hw.parse(name)
    return Row(spec.accumulator_format.width, spec)  # type: ignore[attr-defined, arg-type]


def test_below_each_bare_loop_are_accumulators_of_its_width() -> None:
    rows, targets = read(files("dse.studies").joinpath("loops.toml").read_text())
    assert [target.name for target in targets] == ["ecp5", "ice40"]
    exact = [row for row in rows if row.spec is None or "e4m3" not in row.name]
    bare = [row.bits for row in rows if row.spec is None]
    assert bare == [16, 24, 32, 48] == list(dict.fromkeys(row.bits for row in exact))
    for bits in bare:
        kinds = " ".join(row.name for row in exact if row.bits == bits and row.spec)
        assert re.search(r"kulisch\d+/", kinds) and ":seg" in kinds and "carrysave" in kinds


def test_a_bare_loop_is_two_lines_of_verilog() -> None:
    design = Row(16).design
    assert (design.name, design.manifest["ports"][-1]) == (
        "bare16",
        {"name": "acc", "direction": "output", "width": 16},
    )
    assert "input [15:0] s, output reg [15:0] acc" in design.verilog


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[row]]\nbits = 0", "loops.toml, row 1: bits must be 1..1024, got 0"),
        ('[[row]]\nbits = 8\nspec = "mac/int8xint8"', "row 1: it must have either bits or a spec"),
        ('[[row]]\nspec = "mul/int8xint8"', "row 1: spec must be a MAC's, got mul/int8xint8/exact/exact/p0"),
        ("[[row]]\nwidth = 8", "row 1: unknown key width"),
    ],
)
def test_a_wrong_row_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_line_says_what_was_measured() -> None:
    flows = Flows()
    assert line(Row(32), [COST], flows) == ["32", "the bare loop", "", "115 a", "205", "320"]
    name = "mac/int8xint8/exact/kulisch131071:seg8/p4"
    assert line(row(name), [COST, COST], flows)[:3] == ["32", f"`{name}`", "8"]


def test_the_page_has_its_tools_and_flows() -> None:
    target = hw.parse_target("ecp5")
    text = page([(Row(32), {("ecp5",): COST})], [target])
    assert "Measured with pyosys 1." in text
    assert "| bits | accumulator | latency | Lattice ECP5: LUT | Lattice ECP5: FF | Lattice ECP5: MHz |" in text
    assert text.endswith("Flow: that of those tried with the fewest LUTs, a `synth`.\n")


def test_every_row_was_measured() -> None:
    text = (DOCS / Loops.page).read_text()
    for row in Loops.load().rows:
        assert f"`{row.name}`" in text if row.spec else f"| {row.bits} | the bare loop |" in text
