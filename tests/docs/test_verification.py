"""docs/verification.md: its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import hw
from dse.regression import cases
from macsmith.cli import _parser
from rtl_gen import emit

PAGE = (Path(__file__).parents[2] / "docs" / "verification.md").read_text()
COMMANDS = re.findall(r"(?m)^    macsmith (.*?)(?: +#.*)?$", PAGE)


def test_its_commands_parse() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"faults", "generate", "regress", "verify"}
    for command in COMMANDS:
        assert _parser().parse_args(shlex.split(command)).command


def test_the_file_that_is_changed_is_the_one_that_was_written() -> None:
    (name,) = re.findall(r"--verilog build/own/(\w+)\.v", PAGE)
    assert name == emit(hw.parse("mac/int8xint8")).name


def test_it_says_about_how_many_designs_there_are() -> None:
    quick, standard = (len(cases(level)) for level in ("quick", "standard"))
    assert f"some {quick // 10 * 10} designs" in PAGE
    assert f"some {standard // 50 * 50}: `make regress`" in PAGE
