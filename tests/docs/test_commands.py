"""Every command of the pages: run, page by page, in the order of the page; what is shown below is what it says.

On a page, a block of commands is one whose first word is in `PROGRAMS`, and a block of ``text`` that follows it is what
it says, some of its lines, in this order. A block of ``python`` is run, too, one with a title is written to that file.
What is not run is in commands.toml, with the reason.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest

import hw
from dse.packing.constants import constants
from macsmith.cli import _parser

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
}
PROGRAMS = {"macsmith", "python", "make", "pip", "source", "dask", "sed"}
NOT_RUN = {
    command: reason
    for reason, table in tomllib.loads((Path(__file__).parent / "commands.toml").read_text()).items()
    for command in table["commands"]
}
CODES = {"macsmith verify mac/int8xint8 --verilog wrong.v": 1}
"""Exit codes of those that are to fail."""
SLOW = (
    *("docs/exploring.md", "docs/projects.md", "docs/verification.md"),
    *(f"docs/howto/{name}.md" for name in ("clock", "cost", "network", "verify")),
    *(f"docs/units/{unit}.md" for unit in hw.UNITS if unit not in ("dot", "softmax")),
)
"""Pages that are run where long tests are, for they take long: the tutorial does the same, or another unit's page.
Their commands are understood each time."""
BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<fenced>.*?)^```$"
    r"|^\n(?P<indented>(?:    [^\n]*\n|\n(?=    ))+)",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"`((?:macsmith|python -m|make) [^`]+)`")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class Block(NamedTuple):
    kind: str
    text: str
    title: str = ""

    @property
    def commands(self) -> list[str]:
        return [re.sub(r" +#.*", "", line) for line in self.text.splitlines()] if self.kind == "commands" else []


def blocks(page: str) -> Iterator[Block]:
    """What stands apart on a page, from its top."""
    for found in BLOCK.finditer(COMMENT.sub("", page)):
        if found["indented"] is None:
            yield Block(found["language"], found["fenced"], found["title"] or "")
            continue
        text = re.sub("(?m)^    ", "", found["indented"]).strip()
        yield Block("commands" if text.split()[0] in PROGRAMS else "", text)


COMMANDS = {command: None for page in PAGES.values() for block in blocks(page) for command in block.commands}


def ran(name: str) -> bool:
    """Whether anything of a page is run here; what the README says is, by tests/macsmith/test_wheel.py."""
    return name != "README.md" and any(
        block.kind == "python" or any(command not in NOT_RUN for command in block.commands)
        for block in blocks(PAGES[name])
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of all pages: what several of them ask for is done once."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A page's own, with the examples, as a checkout has them."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "pareto").symlink_to(kept)
    return tmp_path


def run(folder: Path, command: list[str], code: int = 0) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, cwd=folder, env=environment, text=True, check=False, **both)
    assert done.returncode == code, f"{command[-1]}: {done.stdout}"
    return done.stdout


@pytest.mark.kept(*sorted(set(filter(ran, PAGES)) - set(SLOW)))
@pytest.mark.parametrize("name", sorted(filter(ran, PAGES)))
def test_what_a_page_says_can_be_done(name: str, folder: Path) -> None:
    said = ""
    for block in blocks(PAGES[name]):
        if block.title:
            (folder / block.title).write_text(block.text)
        elif block.kind == "commands":
            assert all(command.split()[0] in PROGRAMS for command in block.commands)
            said = "".join(
                run(folder, ["bash", "-c", command], CODES.get(command, 0))
                for command in block.commands
                if command not in NOT_RUN
            )
        elif block.kind == "python":
            said = run(folder, [sys.executable, "-W", "error", "-c", block.text])
        elif block.kind == "text":
            shown(block.text, said)


def shown(lines: str, said: str) -> None:
    """Each line is a part of one that was said, in this order; blanks may be more or fewer."""
    rest = [" ".join(line.split()) for line in said.splitlines()]
    for line in map(str.split, lines.splitlines()):
        found = next((place for place, other in enumerate(rest) if " ".join(line) in other), None)
        assert found is not None, f"{' '.join(line)!r} was not said, but {said}"
        rest = rest[found + 1 :]


def test_a_block_of_commands_has_nothing_else() -> None:
    assert [command for command in COMMANDS if command.split()[0] not in PROGRAMS] == []


def test_what_is_not_run_is_on_a_page() -> None:
    assert [command for command in NOT_RUN if command not in COMMANDS] == []
    assert [command for command in CODES if command not in COMMANDS] == []


class Parsed(Exception):
    """A command's words are what its parser takes."""


@pytest.fixture
def parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program ends when it has understood its arguments; ``benchmarks``, of the checkout alone, is found, too."""
    monkeypatch.syspath_prepend(ROOT)
    parse = argparse.ArgumentParser.parse_args

    def parse_args(self: argparse.ArgumentParser, *arguments: Any) -> NoReturn:
        parse(self, *arguments)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)


def understood(command: str) -> None:
    """Fails if a program does not take a command's words, or a name in it is none."""
    program, *words = shlex.split(command)
    if program == "macsmith":
        with pytest.raises(Parsed):
            _parser().parse_args(words)
    elif program == "make":
        targets = re.findall(r"(?m)^(\w+):.*##", (ROOT / "Makefile").read_text())
        assert [word for word in words if "=" not in word and word not in targets] == []
    elif words[:1] == ["-m"]:
        main = import_module(f"{words[1]}.__main__" if (ROOT / words[1].replace(".", "/")).is_dir() else words[1]).main
        if words[2:] or main.__code__.co_argcount:
            with pytest.raises(Parsed):
                main(words[2:])
    elif program == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        asked = [
            name for word in words for found in re.findall(r"^macsmith\[(.*)\]$", word) for name in found.split(",")
        ]
        assert [name for name in asked if name not in extras] == []
    for word in words:
        if "/" in word and word.split("/")[0] in hw.UNITS:
            # With weights from a file a name lacks its matrix.
            assert constants(word, np.ones((1, 1))) if "--weights" in words else hw.parse(word)


@pytest.mark.parametrize(
    "command",
    [
        "macsmith verify mac/int8xint8 --nothing",
        "macsmith verify mac/int8xint0",
        "macsmith nothing",
        "make nothing",
        "python -m dse.studies --nothing",
        "python -m dse.nothing",
        "pip install 'macsmith[nothing]'",
    ],
)
def test_what_is_wrong_is_not_understood(command: str, parsing: None) -> None:
    with pytest.raises((SystemExit, ValueError, ImportError, AssertionError)):
        understood(command)


def test_what_is_shown_must_have_been_said() -> None:
    shown("one  two\nfour", "zero one two three\nfour\n")
    for lines in ("four\none two", "one three", "five"):
        with pytest.raises(AssertionError, match="was not said"):
            shown(lines, "zero one two three\nfour\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_may_not_be_run_is_understood(command: str, parsing: None) -> None:
    understood(command)


@pytest.mark.parametrize("name", sorted(name for name, page in PAGES.items() if INLINE.search(page)))
def test_commands_within_sentences_have_options_that_there_are(name: str, parsing: None) -> None:
    """Those are often parts of a command, so what they leave out does not count."""
    for command in INLINE.findall(COMMENT.sub("", PAGES[name])):
        words = shlex.split(command.replace("\n", " "))
        if words[0] != "macsmith":
            understood(shlex.join(words))
            continue
        parsers = next(action.choices for action in _parser()._actions if isinstance(action.choices, dict))
        known = {"COMMAND": {"--help"}} | {name: set(parser._option_string_actions) for name, parser in parsers.items()}
        if not words[1].startswith("-"):
            assert [word for word in words[2:] if word.startswith("-") and word not in known[words[1]]] == [], command
