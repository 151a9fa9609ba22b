"""What registers of a unit are, told by their names in the Verilog: ``structures.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

OTHER = "datapath"
"""What no pattern matches."""
MEMORY = "memory"
COPY = "_copy"
"""What the names of a register's copies have behind it, and then a number."""
PARITY = "_parity"
"""What the name of its parity bit has behind it."""
BEHIND = rf"(_q\d+)?({COPY}\d|{PARITY}(_\d+)?)?$"
"""What is behind a register's own name: its stage in a pipeline, and these."""


@cache
def patterns() -> dict[str, str]:
    """Patterns of names without their stage, by structure: the first that matches decides."""
    data = tomllib.loads(files("hw").joinpath("structures.toml").read_text())
    return {entry["name"]: entry["names"] for entry in data["structure"]}


def names() -> tuple[str, ...]:
    """Structures that are made of registers."""
    return (*(name for name in patterns() if name != MEMORY), OTHER)


def structure_of(register: str) -> str:
    """What a register is; its name may begin with those of the instances that it is in."""
    own = re.sub(BEHIND, "", register.rpartition(".")[2])
    return next((name for name, pattern in patterns().items() if re.search(pattern, own)), OTHER)
