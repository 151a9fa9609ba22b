"""Pages of spaces: what they say of an exploration."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse import answers, explore
from dse.answers import write
from dse.space import from_tables, known, read
from dse.store import Store

TEXT = b'question = "Which?"\n'
DOCS = Path(__file__).parents[2] / "docs" / "spaces"


def test_a_page_says_what_was_asked_and_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    designs = [{"spec": "mac/{a}x{a}/exact/kulisch16", "a": ["int2", "int3"]}, {"spec": "mul/int2xint2"}]
    tables = {"question": "Which?", "targets": ["ice40"], "objectives": ["rate", "lut"], "constraints": {"lut": 99}}
    monkeypatch.setattr(answers, "text_of", lambda name: TEXT)
    with Store(tmp_path / "s") as store:
        found = explore.explore(from_tables({**tables, "designs": designs}), store, 1, tmp_path, budget=0)
    page, *pictures = write("small", found, tmp_path, "2026-01-02")
    text = page.read_text()
    assert text.startswith("# Which?\n")
    assert "`python -m dse.answers small` on 2026-01-02" in text
    assert "LUT (less is better), with LUT at most 99" in text
    assert "3 designs on devices were estimated" in text
    assert "0 were verified and measured; the frontier may still move" in text
    assert "| `mac/int2xint2/exact/kulisch16/p0` | 1.00 | ≈ " in text
    assert "with amaranth " in text
    mac, mul = text[text.index("Of `mac` alone:") :].split("Of `mul` alone:")
    assert "`mac/int2xint2" in mac and "`mul/" not in mac
    assert "`mul/int2xint2" in mul and "`mac/" not in mul
    assert [path.suffix for path in pictures] == [".png", ".svg"]


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_pages_are_of_spaces_as_they_are(path: Path) -> None:
    assert path.stem in known()
    assert path.read_text().startswith(f"# {read(path.stem).question}\n")


def test_a_space_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert answers.main(["nonsense"]) == 2
    assert capsys.readouterr().err.startswith("python -m dse.answers: space must be one of blocks, ")
