"""What a page says it was made from, and what is concluded from that."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import pytest

from dse.essence import essence
from dse.jobs import Job
from dse.studies import stamp
from dse.studies.catalogue import STUDIES
from dse.studies.stamp import Stamp

DOCS = Path(__file__).parents[3] / "docs"


def job(key: str) -> Job:
    return Job("measure", key, "", dict)


@pytest.mark.filterwarnings("default:docs/")
@pytest.mark.parametrize("name", STUDIES)
def test_pages_that_may_be_out_of_date_are_named(name: str) -> None:
    """A warning, not a failure: hardware may change without hours of measuring at once."""
    study = STUDIES[name].load()
    if why := stamp.doubt(study, DOCS):
        command = f"python -m dse.studies {name}"
        warnings.warn(
            f"docs/{study.page} may be out of date: {why}; `{command} --check` says which rows are, and `{command}` "
            "makes it anew",
            stacklevel=1,
        )


def test_comments_and_docstrings_do_not_matter_but_code_does() -> None:
    plain = 'def f(x):\n    y = "# no comment"\n    return y + x\n'
    told = '"""What it is."""\n# And why.\ndef f(x):  # short\n    """Adds."""\n    y = "# no comment"\n    # So.\n'
    told += "    return y + x\n"
    assert essence(told) == essence(plain)
    for other in (plain.replace("y + x", "x + y"), plain.replace("no comment", "some text")):
        assert essence(other) != essence(plain)
    # What shares a line with a string that stands alone is code.
    assert essence('"""a"""; x = 1\n') != essence('"""a"""; x = 2\n')


def test_a_stamp_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = Stamp("0123456789ab", {"01234567": "one", "89abcdef": "two"})
    for page in ("page.md", "page.csv"):
        (tmp_path / page).write_text(f"text\n{made.line(page)}")
        there = stamp.read(tmp_path / page)
        assert there is not None
        assert (there.sources, list(there.rows)) == (made.sources, list(made.rows))
        (tmp_path / page).write_text("text\n")
        assert stamp.read(tmp_path / page) is None
    assert stamp.read(tmp_path / "none.md") is None
    (tmp_path / "empty.md").touch()
    assert stamp.read(tmp_path / "empty.md") is None


def test_a_row_is_its_name_and_the_keys_of_its_results() -> None:
    digest = stamp.row_digest("row", {("a",): job("1"), ("b",): job("2")})
    assert digest == stamp.row_digest("row", {("b",): job("2"), ("a",): job("1")})
    assert digest != stamp.row_digest("other", {("a",): job("1"), ("b",): job("2")})
    assert digest != stamp.row_digest("row", {("a",): job("1"), ("b",): job("3")})
    assert digest != stamp.row_digest("row", {("a",): job("1")})


def test_changed_rows_are_named() -> None:
    there = Stamp("", {"aaaaaaaa": "", "bbbbbbbb": ""})
    assert there.changed(Stamp("", {"aaaaaaaa": "one", "bbbbbbbb": "two"})) == []
    assert there.changed(Stamp("", {"aaaaaaaa": "one", "cccccccc": "two"})) == ["two"]
    assert there.changed(Stamp("", {"aaaaaaaa": "one"})) == ["rows that are no more"]


@pytest.mark.parametrize("name", [name for name, study in STUDIES.items() if name != "formats"])
def test_a_page_is_doubted_when_what_it_depends_on_changes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = STUDIES[name].load()
    page = tmp_path / study.page
    assert stamp.doubt(study, tmp_path) == "it does not say what it was made from"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(Stamp(stamp.sources(study), {"01234567": ""}).line(study.page))
    assert stamp.doubt(study, tmp_path) == ""
    fewer = dataclasses.replace(study, targets=study.targets[:1])
    assert (stamp.sources(fewer) == stamp.sources(study)) == (len(study.targets) <= 1)
    digests = stamp.module_essence
    monkeypatch.setattr(stamp, "module_essence", lambda module: digests(module) + "x" * (module == "hw"))
    assert "has changed since it was made" in stamp.doubt(study, tmp_path)


def test_sources_are_code_and_data_below_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "made_up_package"
    (folder / "below").mkdir(parents=True)
    (folder / "__init__.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def digest() -> str:
        stamp.module_essence.cache_clear()
        return stamp.module_essence("made_up_package")

    digests = [digest()]
    for file, text in (("__init__.py", "x = 2\n"), ("below/code.py", "y = 1\n"), ("data.toml", "z = 1\n")):
        (folder / file).write_text(text)
        digests.append(digest())
    assert len(set(digests)) == 4
    (folder / "below" / "code.py").write_text('"""What y is."""\ny = 1  # one\n')
    (folder / "notes.txt").write_text("no code")
    assert digest() == digests[-1]
    stamp.module_essence.cache_clear()
