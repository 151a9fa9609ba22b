"""A user's own modules that have the names of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import macsmith
from macsmith import house

HOME = str(Path(macsmith.__file__).parents[1])
ENVIRONMENT = {**os.environ, "PYTHONPATH": HOME}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def plant(folder: Path, name: str, package: bool) -> Path:
    file = folder / name / "__init__.py" if package else folder / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine = 1\n")
    return file


def test_every_package_is_watched() -> None:
    text = (Path(HOME) / "pyproject.toml").read_text()
    packages = re.search(r"(?m)^root_packages = (.*)$", text)
    assert packages
    assert sorted(["macsmith", *house.PACKAGES]) == sorted(re.findall(r"\w+", packages[1]))
    assert house.hidden() == ""


@pytest.mark.parametrize("package", [False, True])
@pytest.mark.parametrize("name", house.PACKAGES)
def test_what_hides_a_package_is_named(name: str, package: bool, tmp_path: Path) -> None:
    file = plant(tmp_path, name, package)
    (tmp_path / "script.py").write_text("from macsmith import parse\n")
    done = run(tmp_path, "script.py")
    assert done.returncode == 1
    message = f"ImportError: {file} hides macsmith's own package {name}: rename it, or run from another folder"
    assert done.stderr.splitlines()[-1] == message


@pytest.mark.parametrize(
    "arguments", [["-m", "macsmith", "formats", "e4m3"], ["-m", "macsmith.cli", "doctor"], ["{bin}/macsmith", "doctor"]]
)
def test_the_command_line_says_it_in_one_line(arguments: list[str], tmp_path: Path) -> None:
    file = plant(tmp_path, "sim", False)
    program = tmp_path / "bin" / "macsmith"
    program.parent.mkdir()
    # As an installed program starts, with a module search path that has the folder in it.
    start = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nfrom macsmith.cli import main\nsys.exit(main())\n"
    program.write_text(start)
    done = run(tmp_path, *[argument.format(bin=program.parent) for argument in arguments])
    assert done.returncode == 2
    assert done.stderr == (
        f"macsmith: {file} hides macsmith's own package sim: rename it, or run from another folder\n"
    )


def test_modules_that_are_loaded_already_count(tmp_path: Path) -> None:
    file = plant(tmp_path, "hw", False)
    done = run(tmp_path, "-c", "import hw, sys; sys.path.pop(0); import macsmith")
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: {file} hides macsmith's own package hw")
    done = run(
        tmp_path,
        "-c",
        "import sys, types; sys.path.pop(0); sys.modules['sim'] = types.ModuleType('sim'); import macsmith",
    )
    assert "macsmith's own package sim is not beside it" in done.stderr.splitlines()[-1]


def test_folders_without_code_and_other_names_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir()
    plant(tmp_path, "hardware", False)
    done = run(tmp_path, "-c", "import macsmith, sys; print('hw' in sys.modules, macsmith.parse('mac/int8xint8'))")
    assert done.stdout == "False mac/int8xint8/exact/kulisch1024/p1\n", done.stderr
