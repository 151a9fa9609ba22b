"""Sentences with exact labels: how a docstring is split, and what is said where the texts are others."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.workloads import sentences
from dse.workloads.sentences import PAIRS, Pair, pairs, split
from rtl_gen.tools import ToolError

TEXT = """Return what is asked for,
in two lines.

Parameters
----------
x : array of numbers
    That are long enough to say something about it, and more.
"""


def test_a_docstring_is_its_first_paragraph_and_the_rest_without_rules() -> None:
    pair = split(TEXT)
    assert pair == Pair(
        "Return what is asked for, in two lines.",
        "Parameters x : array of numbers That are long enough to say something about it, and more.",
    )


@pytest.mark.parametrize(
    "text", ["", "One line that has no body.", "Short.\n\n" + "word " * 20, "A line of some words.\n\nno"]
)
def test_what_says_too_little_is_left_out(text: str) -> None:
    assert split(text) is None


def test_the_digest_is_of_both_texts_and_of_where_they_part() -> None:
    assert len({Pair("a b", "c").digest, Pair("a", "b c").digest, Pair("a", "bc").digest}) == 3


def listed(path: Path, change: tuple[str, str] = ("", "")) -> list[str]:
    """Point the module to the first few rows of the file, with a text in it replaced by another."""
    lines = PAIRS.read_text(encoding="utf-8").splitlines()[:8]
    path.write_text("\n".join(lines).replace(*change) + "\n", encoding="utf-8")
    return lines


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "pairs.csv"
    monkeypatch.setattr(sentences, "PAIRS", path)
    pairs.cache_clear()
    return path


def test_the_texts_are_those_of_the_installed_packages(few: Path) -> None:
    lines = listed(few)
    read = pairs()
    pairs.cache_clear()
    assert [pair.digest for pair in read] == [line.rpartition(",")[2] for line in lines[3:]]
    assert all(pair.first and pair.body for pair in read)


@pytest.mark.parametrize("kind", ["text", "function", "file", "package"])
def test_other_texts_are_an_error_that_names_the_versions(few: Path, kind: str) -> None:
    file, name, digest = PAIRS.read_text(encoding="utf-8").splitlines()[3].split(",")
    others = {
        "text": (digest, "0" * 16, file),
        "function": (f",{name},", ",no_such_function,", "no_such_function"),
        "file": (file, "numpy/no_such_file.py", "no_such_file"),
        "package": (file, "no_such_package/of/mine.py", "no_such_package"),
    }
    old, new, said = others[kind]
    listed(few, (old, new))
    with pytest.raises(ToolError) as caught:
        pairs()
    message = str(caught.value)
    assert message.endswith("run `pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1`")
    assert "\n" not in message
    assert said in message


def test_the_file_lists_a_thousand_and_some_by_their_digests() -> None:
    rows = PAIRS.read_text(encoding="utf-8").splitlines()[3:]
    digests = [row.rpartition(",")[2] for row in rows]
    assert len(digests) == len(set(digests)) == sentences.COUNT
    assert digests == sorted(digests)
