"""The wheel, installed beside nothing but its dependencies: what the README says works in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from macsmith.cli import _parser
from macsmith.house import PACKAGES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"(?m)^    macsmith (.*?)(?: +#.*)?$", README)
SNIPPET = re.search(r"(?m)^    import numpy as np\n(?:    .*\n|\n)+", README)
INSTEAD = {
    "regress": "regress --quick --list",
    "verify": "verify mac/int2xint2",
    "cost": "cost mac/int4xint4 --target ecp5 --no-place",
    "explore": "explore none.toml -o out",
    "recommend": "recommend --help",
}
"""What takes too long, or needs files of the repository: something of the kind that does not."""
QUICK = "regress --quick"
"""What is instead of this is run, and this where long tests are."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, for a build leaves folders behind."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    for name in ("macsmith", *PACKAGES):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"it takes setuptools 77 or newer: {done.stderr}"
    (found,) = (source / "dist").iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel; its dependencies are those of this one."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    here = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True)
    # A path in such a file is added behind, and what is editable there, as macsmith itself may be, is not.
    Path(here, "dependencies.pth").write_text(
        "\n".join(dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))
    )
    for program in Path(sysconfig.get_path("scripts")).iterdir():
        if not (home / "bin" / program.name).exists():
            (home / "bin" / program.name).symlink_to(program)
    return home / "bin"


def run(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(installed / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readme_has_what_is_run_here() -> None:
    assert {command.split()[0] for command in COMMANDS} >= {
        "formats",
        "generate",
        "verify",
        "cost",
        "explore",
        "recommend",
        "doctor",
    }
    assert QUICK in COMMANDS
    assert SNIPPET and "from macsmith import" in SNIPPET[0]
    for command in COMMANDS:
        assert _parser().parse_args(shlex.split(command)).command


def test_it_holds_every_file_of_data(wheel: Path) -> None:
    there = {name for name in zipfile.ZipFile(wheel).namelist() if not re.search(r"\.dist-info/", name)}
    ours = {
        str(path.relative_to(ROOT))
        for package in ("macsmith", *PACKAGES)
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there == ours
    assert {"dse/spaces/default.toml", "costmodel/data/gates.toml", "hw/formats/codebooks.toml"} <= there


def _commands() -> Iterator[str]:
    for command in COMMANDS:
        yield INSTEAD.get(command.split()[0], command)


@pytest.mark.kept(*dict.fromkeys(_commands()))
@pytest.mark.parametrize("command", [*dict.fromkeys(_commands()), QUICK])
def test_the_readmes_commands_work(command: str, installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "macsmith", *shlex.split(command))
    if command == INSTEAD["explore"]:
        assert (done.returncode, done.stderr) == (2, "macsmith: none.toml: No such file or directory\n")
        return
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr


def test_the_readmes_python_works(installed: Path, tmp_path: Path) -> None:
    assert SNIPPET
    done = run(installed, tmp_path, "python", "-c", re.sub("(?m)^    ", "", SNIPPET[0]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[") == 5  # an array of shape (4, 3)


def test_all_that_reads_data_finds_it(installed: Path, tmp_path: Path) -> None:
    program = """
import macsmith
from costmodel.energy import published_energies
from costmodel.targets import load, measurable
from dse.space import read
assert len(read(None)) and all(load(name).cells for name in measurable())
assert published_energies("horowitz_45nm") and macsmith.parse_format("nf4").values
print(macsmith.__file__)
"""
    done = run(installed, tmp_path, "python", "-c", program)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)
