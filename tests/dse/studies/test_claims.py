"""Claims: every row compares what can be compared, says why, and is on the page with numbers from runs."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import hw
from costmodel.published import finn_luts
from dse.studies.claims import Claims
from dse.studies.claims.measures import MEASURES
from dse.studies.claims.page import line
from dse.studies.claims.rows import Formula, Measured, Published, Row, read
from dse.studies.text import Flows

DOCS = Path(__file__).parents[3] / "docs"
ROW = """
[[row]]
section = "FP8"
claim = "FP8 against INT8"
source = "a paper"
why = "they differ"
measure = "lut"
on = ["ecp5"]
of = "dot/e4m3xe4m3/n4"
against = "mac/int8xint8"
"""


def rows() -> list[Row]:
    return read(files("dse.studies.claims").joinpath("claims.toml").read_text())[0]


def one(change: str = "", wrong: str = "") -> Row:
    (row,), _ = read('targets = ["ecp5", "xcup"]\n' + (ROW.replace(change, wrong) if change else ROW))
    return row


def test_every_claim_that_is_asked_about_has_rows() -> None:
    text = " ".join(f"{row.claim} {row.source} {row.measure}" for row in rows())
    for part in (
        "95 % less energy",
        "80 % less energy",
        "element in silicon",
        "array in silicon",
        "Carry-save",
        "1.27",
    ):
        assert part in text
    for part in ("64 rows", "256 rows", "1024 rows", "G = 2", "G = 4", "MXINT8", "NVFP4", "NVINT4", "FINN", "FP32 sum"):
        assert part in text
    splits = re.findall(r"E(\d)M(\d) MAC against INT(\d)", text)
    assert all(1 + int(e) + int(m) == int(bits) for e, m, bits in splits)
    assert {bits for *_, bits in splits} == {"4", "6", "8"}


def test_reasons_have_no_numbers_that_can_go_stale() -> None:
    for row in rows():
        assert not re.search(r"(?<![A-Za-z0-9-])\d+([.,]\d+)?(?![A-Za-z0-9])", row.why), row.why
        assert row.why.endswith(".")


def test_both_sides_are_divided_by_their_products() -> None:
    row = one()
    costs: Any = {("ecp5", "of"): {"lut": 840, "flow": "one"}, ("ecp5", "against"): {"lut": 105, "flow": "two"}}
    cells = line(row, hw.parse_target("ecp5"), costs, Flows())
    assert cells[5:8] == ["LUTs, Lattice ECP5", "210 a / 105 b", "2.00"]
    assert cells[2] == "-"


def test_a_run_has_its_filling() -> None:
    side = '{ spec = "tellme/int8/g3/t4/q4/half/lutram/exact/p1", shape = { vectors = 1000, rows = 64 } }'
    of = one('"dot/e4m3xe4m3/n4"', side).of
    assert isinstance(of, Measured)
    # Twelve activations and four rows a beat, at 53 % of a beat a cycle: docs/units/tellme.md.
    assert of.a_cycle == pytest.approx(48 * 0.533, rel=0.002)
    assert of.name == "`tellme/int8/g3/t4/q4/half/lutram/exact/p1` (vectors 1000, rows 64)"


def test_a_formula_needs_no_job() -> None:
    row = one('"mac/int8xint8"', '{ finn = "matvec/int8xint8/4x8" }')
    spec: Any = hw.parse("matvec/int8xint8/4x8")
    assert row.against == Formula(f"FINN's formula for `{spec.name}`", finn_luts(spec) / 32)
    jobs = Claims((row,), (hw.parse_target("ecp5"),)).jobs(row, Path())
    assert list(jobs) == [("ecp5", "of")]


def test_gates_and_energy_are_of_no_target() -> None:
    row = one('measure = "lut"\non = ["ecp5"]', 'measure = "gates"')
    study = Claims((row,), ())
    assert study.places(row) == [hw.GENERIC]
    assert {job.kind for job in study.jobs(row, Path()).values()} == {"gates"}


def test_only_targets_that_are_asked_for_are_measured() -> None:
    row = one('on = ["ecp5"]', 'on = ["ecp5", "xcup"]')
    assert Claims((row,), (hw.parse_target("xcup"),)).places(row) == [hw.parse_target("xcup")]


@pytest.mark.parametrize(
    ("written", "figure", "said"),
    [
        ("0.05", Published(0.05, 0.05), "0.05"),
        ("[1.2, 2.8]", Published(1.2, 2.8), "1.20 to 2.80"),
        ('{ of = 22, against = 88, unit = "LUTs" }', Published(0.25, 0.25, "22 / 88 LUTs"), "22 / 88 LUTs = 0.25"),
        ("{ of = 1, against = 4 }", Published(0.25, 0.25, "1 / 4"), "1 / 4 = 0.25"),
    ],
)
def test_a_published_figure_is_a_ratio(written: str, figure: Published, said: str) -> None:
    row = one('source = "a paper"', f'source = "a paper"\npublished = {written}')
    assert (row.published, str(row.published)) == (figure, said)


def test_a_recalled_figure_says_so() -> None:
    row = one('source = "a paper"', 'source = "a paper"\npublished = 0.5\nrecalled = true')
    cost = {"lut": 1, "flow": "one"}
    cells = line(row, hw.parse_target("ecp5"), {("ecp5", "of"): cost, ("ecp5", "against"): cost}, Flows())
    assert cells[2] == "0.50 (recalled)"


@pytest.mark.parametrize(
    ("change", "wrong", "message"),
    [
        ("why", "because", "row 1: unknown key because"),
        ('"they differ"', '" "', "row 1: why must be a text, got ' '"),
        ('measure = "lut"', 'measure = "area"', f"measure must be one of {', '.join(MEASURES)}, got 'area'"),
        ('measure = "lut"', 'measure = "gates"', r"on must be left out for gates, got \['ecp5'\]"),
        ('on = ["ecp5"]', 'on = ["gowin"]', r"on must be some of ecp5, xcup for lut, got \['gowin'\]"),
        ('on = ["ecp5"]', "", r"on must be some of ecp5, xcup for lut, got \[\]"),
        ('"mac/int8xint8"', '"add/int8xint8"', "against must be a unit with products, got add/int8xint8"),
        (
            '"mac/int8xint8"',
            '{ block = "mxint8" }',
            "against must be a spec, or a table of spec and shape, of finn or of",
        ),
        ('"mac/int8xint8"', "8", "against must be a spec, .*, got 8"),
        (
            '"dot/e4m3xe4m3/n4"',
            '{ spec = "dot/int8xint8/n4", shape = { rows = 3 } }',
            "shape must have beats for dot/.*, got rows",
        ),
        (
            'measure = "lut"\non = ["ecp5"]',
            'measure = "energy"',
            "of must be a MAC for energy, got dot/e4m3xe4m3/n4",
        ),
        ("why", "published = -1\nwhy", "published must be a ratio, two of them, or a table of and against, got -1"),
        ("why", 'published = "half"\nwhy', "published must be a ratio, .*, got 'half'"),
        (
            "why",
            "published = { of = 1, against = 0 }\nwhy",
            "published must be a ratio, .*, got {'of': 1, 'against': 0}",
        ),
        ("why", 'recalled = "no"\nwhy', "recalled must be true or false, got 'no'"),
        ('["ecp5"]', '"ecp5"', "on must be a list of targets, got 'ecp5'"),
    ],
)
def test_a_wrong_row_is_named(change: str, wrong: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"claims.toml, .*{message}"):
        one(change, wrong)


def test_a_claim_is_made_once() -> None:
    with pytest.raises(ValueError, match="claim 'FP8 against INT8' is there twice"):
        read('targets = ["ecp5"]\n' + ROW + ROW)


@pytest.mark.parametrize(
    ("start", "claim"),
    [
        ("| MAC: L-Mul, INT8 |", "L-Mul MAC (E4M3) against an INT8 MAC"),
        ("| processing element: L-Mul, INT8 |", "L-Mul element (E4M3) against an INT8 element"),
    ],
)
def test_the_page_of_fabrics_has_the_numbers_of_the_page_of_claims(start: str, claim: str) -> None:
    measured = [
        re.sub(r" [a-z]", "", cells[7].strip()).replace(" /", ",")
        for cells in (found.split("|") for found in (DOCS / Claims.page).read_text().splitlines())
        if len(cells) > 7 and cells[1].strip() == claim
    ]
    (said,) = (found for found in (DOCS / "fabrics.md").read_text().splitlines() if found.startswith(start))
    assert [cell.strip() for cell in said.split("|")[2:-1]] == measured


def test_every_row_was_measured() -> None:
    text = (DOCS / Claims.page).read_text()
    for row in Claims.load().rows:
        lines = [found for found in text.splitlines() if found.startswith(f"| {row.claim} |")]
        assert len(lines) == len(row.places)
        for found in lines:
            assert row.of.name in found and row.against.name in found and row.why in found
