"""Names that are identifiers in every language that a design is written or used in."""

from __future__ import annotations

import keyword
import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from hw.formats.messages import echo

LANGUAGES = ("Verilog", "SystemVerilog", "VHDL", "Python")
"""Those that ports and modules are named in."""


@lru_cache
def keywords() -> dict[str, frozenset[str]]:
    """The keywords of each language; `keywords.toml` has where they are from. VHDL's are in small letters."""
    known = tomllib.loads(files("rtl_gen").joinpath("keywords.toml").read_text())
    return {name: frozenset(of["words"].split()) for name, of in known.items()} | {"Python": frozenset(keyword.kwlist)}


def check_identifier(what: str, name: object) -> None:
    """Raise TypeError or ValueError unless a name is an identifier, and no keyword, in all `LANGUAGES`.

    VHDL's identifiers begin with a letter, and have no two underscores in a row and none at the end; its keywords are
    such in capital letters, too.
    """
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a str, got {echo(name)}")
    if not re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name) or len(name) > 255:
        raise ValueError(
            f"{what} must be letters, digits and single _ between them, a letter first, as VHDL wants it, "
            f"got {echo(name)}"
        )
    if found := language_of(name):
        raise ValueError(f"{what} must be no keyword, got {echo(name)}, which is one of {found}")


def language_of(name: str) -> str:
    """The language that a name is a keyword of; empty if there is none."""
    found = (of for of in LANGUAGES if (name.lower() if of == "VHDL" else name) in keywords()[of])
    return next(found, "")
