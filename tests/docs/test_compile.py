"""docs/compile.md: its commands parse, and it names what is written, each kind of step and each unit."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import hw
from dse.compiling.driver import HOST
from dse.compiling.reading import STEPS
from dse.packing.layouts import layout
from hw.units import spec_type
from macsmith.cli import _parser

PAGE = (Path(__file__).parents[2] / "docs" / "compile.md").read_text()


def test_its_commands_parse() -> None:
    commands = re.findall(r"(?m)^    macsmith (.*)$", PAGE)
    assert {command.split()[0] for command in commands} == {"compile", "pack"}
    for command in commands:
        assert _parser().parse_args(shlex.split(command)).command


def test_it_names_every_kind_of_node_and_step() -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert set(STEPS) - {"Identity", "Dropout"} <= words
    assert set(HOST) | {"product"} <= set(re.findall(r"`(\w+)`", PAGE))


def test_it_names_every_unit_that_is_packed_for() -> None:
    others = layout.dispatch(hw.Spec)
    units = {unit for unit in hw.UNITS if layout.dispatch(spec_type(unit)) is not others}
    table = PAGE[PAGE.index("| unit | stream |") :]
    assert units == set(
        re.findall(r"`(\w+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[2:] if "|" in row))
    )
