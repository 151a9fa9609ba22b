"""The command: every study by its name, errors in one line, and an exit code for what is out of date."""

from __future__ import annotations

from pathlib import Path

import pytest

import macsmith.commands.options
from dse.studies import __main__ as command
from dse.studies import units
from dse.studies.catalogue import STUDIES

main = command.main


def test_results_of_the_command_line_are_used() -> None:
    assert command.STORE == macsmith.commands.options.STORE


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_rows_with_names_of_their_own_or_none(name: str) -> None:
    study = STUDIES[name].load()
    assert study.name == name
    assert study.about
    names = [row.name for row in study.rows]
    assert len(set(names)) == len(names)
    # Rows may be looked at without a target, but not a target without rows.
    assert names or not study.targets


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no"], f"NAME must be one of {', '.join(STUDIES)}, got 'no'"),
        (["-j", "0"], "--jobs must be 1 or more, got 0"),
        (["--row", "int8"], "--row and --target need one NAME, got 0"),
        (["qor", "--row", "nothing"], "--row must be part of the name of a row of qor, got 'nothing'"),
        (["qor", "--target", "virtex"], "unknown target 'virtex'"),
        (["qor", "--target", "generic"], "target 'generic' can't be measured"),
        (["qor", "--row", "INT8", "--check"], "--row and --target make a part of a page, which is printed"),
        (["formats", "-o", "/proc/none"], "[Errno "),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--store", str(tmp_path / "store.sqlite")]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"studies: {message}")
    assert error.count("\n") == 1


def test_a_page_is_made_checked_and_found_out_of_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs = tmp_path / "docs"
    options = ["formats", "--store", str(tmp_path / "store.sqlite"), "-o", str(docs)]
    assert main([*options, "--check"]) == 1
    assert main(options) == 0
    assert main([*options, "--check"]) == 0
    (docs / "formats.md").write_text("old")
    assert main([*options, "--check"]) == 1
    remedy = "make it anew by `python -m dse.studies formats`"
    assert capsys.readouterr().out.splitlines() == [
        f"{docs}/formats.md: out of date, other text or pictures in formats.md, images/formats.png; {remedy}",
        f"{docs}/formats.md",
        f"{docs}/images/formats.png",
        f"{docs}/formats.md: up to date",
        f"{docs}/formats.md: out of date, other text or pictures in formats.md; {remedy}",
    ]


def test_a_line_is_made_by_its_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'targets = ["ecp5"]\n[[row]]\nspec = "mac/int2xint2/exact/kulisch4/p0"\n'
    rows, targets = units.read(text)
    monkeypatch.setattr(STUDIES["units"], "load", lambda: STUDIES["units"](tuple(rows), tuple(targets)))
    assert main(["units", "--row", "mac/int2xint2", "--store", str(tmp_path / "store.sqlite")]) == 0
    out = capsys.readouterr().out
    assert "| `mac/int2xint2/exact/kulisch4/p0` | 1 |  |" in out
    assert "every operand pair; 2 forms" in out
    assert "<!-- made from " in out
