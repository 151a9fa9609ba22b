"""From a study to files: done once, whole, the same bytes each time; and what is out of date is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import pytest

from dse.jobs import Job
from dse.store import Store
from dse.studies import make, stamp
from dse.studies.study import Jobs, Study, Values

DONE: list[str] = []


@dataclass(frozen=True)
class Number:
    """A row: its square is to be had."""

    value: int
    key: str = ""

    @property
    def name(self) -> str:
        return f"number {self.value}"

    def square(self) -> dict[str, int]:
        DONE.append(self.name)
        return {"square": self.value**2}


@dataclass(frozen=True)
class Squares(Study[Number]):
    name: ClassVar[str] = "squares"
    about: ClassVar[str] = "squares of numbers"
    page: ClassVar[str] = "squares.md"
    sign: str = "="

    @classmethod
    def load(cls) -> Self:
        return cls((Number(1), Number(2), Number(3)))

    def jobs(self, row: Number, logs: Path) -> Jobs:
        return {("square",): Job("square", f"{row.value} {row.key}", f"square {row.value}", row.square)}

    def files(self, found: Sequence[tuple[Number, Values]]) -> dict[str, str | bytes]:
        text = "".join(f"{row.value}^2 {self.sign} {values['square',]['square']}\n" for row, values in found)
        return {self.page: text, "images/squares.png": b"picture"}


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are those of nothing; a test may change them."""
    DONE.clear()
    monkeypatch.setattr(stamp, "FLOORS", ())


def test_files_are_made_once_and_stay_as_they_are(tmp_path: Path) -> None:
    study, docs = Squares.load(), tmp_path / "docs"
    with Store(tmp_path / "store.sqlite") as store:
        assert make.write(study, store, 2, docs) == [docs / "squares.md", docs / "images/squares.png"]
        page = (docs / "squares.md").read_text()
        times = {path: path.stat().st_mtime_ns for path in docs.rglob("*")}
        assert make.write(study, store, 2, docs) == []
    assert {path: path.stat().st_mtime_ns for path in docs.rglob("*")} == times
    assert sorted(DONE) == ["number 1", "number 2", "number 3"]
    assert page.startswith("1^2 = 1\n2^2 = 4\n3^2 = 9\n\n<!-- made from ")
    assert (docs / "images/squares.png").read_bytes() == b"picture"


def test_a_store_is_filled_in_steps(tmp_path: Path) -> None:
    study = Squares.load()
    with Store(tmp_path / "store.sqlite") as store:
        assert str(make.files(study.part("number 2", []), store, 1)["squares.md"]).startswith("2^2 = 4\n\n<!--")
        assert DONE == ["number 2"]
        make.files(study, store, 1)
    assert DONE == ["number 2", "number 1", "number 3"]


def test_a_page_that_can_not_be_written_is_an_error_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "docs").touch()
    with Store(tmp_path / "store.sqlite") as store, pytest.raises(OSError, match="docs"):
        make.write(Squares.load(), store, 1, tmp_path / "docs")
    assert DONE == []


def test_what_is_out_of_date_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, other = Squares.load(), Squares((Number(1), Number(2, "now otherwise"), Number(3)))
    with Store(tmp_path / "store.sqlite") as store:
        assert make.out_of_date(study, store, tmp_path) == "it does not say what it was made from"
        make.write(study, store, 1, tmp_path)
        assert make.out_of_date(study, store, tmp_path) == ""
        # Something has changed: the rows' keys tell whether it matters.
        monkeypatch.setattr(stamp, "FLOORS", ("dse.frontier",))
        assert make.out_of_date(study, store, tmp_path) == ""
        assert make.out_of_date(other, store, tmp_path) == "1 of 3 rows: number 2"
        assert make.out_of_date(Squares(study.rows[:2]), store, tmp_path) == "1 of 2 rows: rows that are no more"
        # The same results, another text.
        assert (
            make.out_of_date(Squares(study.rows, sign="is"), store, tmp_path) == "other text or pictures in squares.md"
        )
        (tmp_path / "images/squares.png").write_bytes(b"another")
        assert make.out_of_date(study, store, tmp_path) == "other text or pictures in images/squares.png"
    assert len(DONE) == 3
    with Store(tmp_path / "empty.sqlite") as store:
        # Without results, keys are all that can be compared.
        assert make.out_of_date(study, store, tmp_path) == ""


def test_parts_are_of_rows_and_targets_that_there_are() -> None:
    study = Squares.load()
    assert [row.value for row in study.part("3", []).rows] == [3]
    with pytest.raises(ValueError, match="--row must be part of the name of a row of squares, got '4'"):
        study.part("4", [])
    with pytest.raises(ValueError, match="--target must be left out for squares"):
        study.part("", ["ecp5"])
