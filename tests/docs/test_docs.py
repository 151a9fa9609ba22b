"""The generated pages are what their generators make of the code as it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"


def generator(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_formats_is_new() -> None:
    assert generator("formats").page() == (DOCS / "formats.md").read_text(), "run `make docs`"


def test_the_page_of_formats_has_the_published_errors_of_lmul() -> None:
    # arXiv 2410.00907's forms, over all pairs of normal codes: value, integer, Mitchell.
    lines = (DOCS / "formats.md").read_text().splitlines()
    assert "| `e5m2` | 0.1111 | 0.1467 | 0.0357 |" in lines
    assert "| `e4m3` | 0.0689 | 0.0524 | 0.0378 |" in lines
