"""docs/exploring.md: its commands, its space, its tables and the messages that it shows."""

from __future__ import annotations

import re
import shlex
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest

import macsmith
from dse.objectives import OBJECTIVES
from dse.space import KEYS, from_tables, known
from dse.workloads.workload import WORKLOADS
from macsmith.cli import _parser, main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exploring.md").read_text()
COMMANDS = re.findall(r"(?m)^    macsmith (.*?)(?: +#.*)?$", PAGE)
SPACE = re.search(r"(?m)^    question = (?:    .*\n|.*\n|\n)+?(?=\n\|)", PAGE)
SMALL: dict[str, Any] = {"devices": ["ice40-hx8k"], "designs": [{"spec": "mac/{a}x{a}", "a": ["int4", "e2m1"]}]}


def test_its_commands_parse_and_the_cheap_one_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert {command.split()[0] for command in COMMANDS} == {"explore", "recommend"}
    for command in COMMANDS:
        assert _parser().parse_args(shlex.split(command)).command
    assert main(shlex.split(COMMANDS[0])) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == known()


def test_its_space_is_one() -> None:
    assert SPACE
    assert len(from_tables(tomllib.loads(textwrap.dedent(SPACE[0])))) == 2 * (3 + 2 * 4 * 2)


@pytest.mark.parametrize(
    "names", [KEYS, OBJECTIVES, WORKLOADS, known()], ids=["keys", "objectives", "workloads", "spaces"]
)
def test_it_names_all_there_are(names: list[str]) -> None:
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_its_python_has_public_names() -> None:
    used = set(re.findall(r"macsmith\.([a-zA-Z_]+)\(", PAGE))
    assert len(used) > 12
    assert used <= set(macsmith.__all__)


@pytest.mark.parametrize(
    "change",
    [
        {"objektives": ["lut"]},
        {"objectives": ["luts"]},
        {"designs": [{"spec": "mac/{a}x{b}", "a": ["int4"]}]},
        {"limit": 1},
        {"constraints": {"loss": float("nan")}},
        {"constraints": {"mhz": 100}, "devices": ["zu5ev-k26"]},
        {"objectives": ["frames_s", "lut"]},
        {"designs": [{"spec": "add/int8xint8"}]},
    ],
)
def test_its_messages_are_those_that_one_gets(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as error:
        from_tables({**SMALL, **change})
    assert f"    {error.value}\n" in PAGE


def test_its_links_lead_somewhere() -> None:
    found = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert len(found) > 8
    assert [link for link in found if not (ROOT / "docs" / link).exists()] == []
