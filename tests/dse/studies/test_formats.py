"""The page of formats is what the catalogue says, as it is."""

from __future__ import annotations

from pathlib import Path

from dse.studies.formats import Formats

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_formats_is_new() -> None:
    made = Formats.load().files([])
    assert made["formats.md"] == (DOCS / "formats.md").read_text(), "run `make docs`"
    picture = made["images/formats.png"]
    assert isinstance(picture, bytes)
    assert picture.startswith(b"\x89PNG")


def test_the_page_of_formats_has_the_published_errors_of_lmul() -> None:
    # arXiv 2410.00907's forms, over all pairs of normal codes: value, integer, Mitchell.
    lines = (DOCS / "formats.md").read_text().splitlines()
    assert "| `e5m2` | 0.1111 | 0.1467 | 0.0357 |" in lines
    assert "| `e4m3` | 0.0689 | 0.0524 | 0.0378 |" in lines
