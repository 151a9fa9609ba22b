"""What `make test` leaves to `make testlong`: what it may, and nothing by a slip."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MARKED = """
import pytest

@pytest.mark.kept("one")
@pytest.mark.parametrize("name", ["one", "two"])
def test_of_a_grid(name): pass

@pytest.mark.long("test_of_a_grid")
def test_on_more(): pass
"""


def collected(text: str, folder: Path, *options: str) -> tuple[int, str]:
    """Exit code and output of pytest's collection of a file with this text, as the project's tests are collected."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options, "test_it.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["test_of_a_grid[one]"]),
        (("-m", "long"), ["test_of_a_grid[two]", "test_on_more"]),
        (("-m", ""), ["test_of_a_grid[one]", "test_of_a_grid[two]", "test_on_more"]),
    ],
)
def test_parameters_that_are_not_kept_are_long(options: tuple[str, ...], names: list[str], tmp_path: Path) -> None:
    code, said = collected(MARKED, tmp_path, *options)
    assert code == 0, said
    assert [line.partition("::")[2] for line in said.splitlines() if "::" in line] == names


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('kept("one")', 'kept("one", "three")', "test_of_a_grid keeps three, which are none of its parameters"),
        ('kept("one")', "kept()", "test_of_a_grid is long and must name a test that is not and shows the same on less"),
        ('long("test_of_a_grid")', "long", "test_on_more is long and must name a test that is not .*, got ''"),
        ('long("test_of_a_grid")', 'long("test_on_more")', "test_on_more is long and must name .*, got 'test_on_more'"),
    ],
)
def test_what_is_long_is_held_by_what_is_not(right: str, wrong: str, message: str, tmp_path: Path) -> None:
    code, said = collected(MARKED.replace(right, wrong), tmp_path)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert re.search(message, said), said
