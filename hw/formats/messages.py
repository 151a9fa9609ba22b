"""How error messages show what they were given: short, in one line, with the nearest right name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

SHOWN = 100
"""Characters that a message shows of one thing, at most."""
DIGITS = 80
"""Of an integer; Python refuses to write down one of thousands."""
MAX_NAME = 20_000
"""Characters of a name: two codebooks of 256 values have room. What is longer is built from Python."""


def cut(text: object) -> str:
    """A text, name or path in one line of at most `SHOWN` characters; what is left out of its middle is ``...``."""
    return _cut(text, str)


def echo(value: object) -> str:
    """A value as it is written in Python, cut likewise; of an integer too long to read, its size."""
    if isinstance(value, int) and abs(value) >= 10**DIGITS:
        return f"an int of {value.bit_length()} bits"
    return _cut(value, repr)


def _cut(value: object, write: Callable[[object], str]) -> str:
    try:
        line = " ".join(write(value).split())
    except (ValueError, RecursionError):
        # There is such an integer in it, or it is nested too deeply.
        return f"a {type(value).__name__}"
    if len(line) <= SHOWN:
        return line
    end = (SHOWN - 3) // 2
    return f"{line[: SHOWN - 3 - end]}...{line[-end:]}"


def nearest(word: object, known: Iterable[str]) -> str:
    """What to end a message with: the known name that is most like a word, as a question; or nothing."""
    if not isinstance(word, str) or len(word) > SHOWN:
        return ""
    found = get_close_matches(word.lower(), list(known), 1)
    return f"; did you mean {found[0]}?" if found else ""


def check_name(what: str, name: object) -> None:
    """Raise unless a name is a str that is not too long to be one."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a str, got {echo(name)} of type {type(name).__name__}")
    if len(name) > MAX_NAME:
        raise ValueError(f"{what} must have at most {MAX_NAME} characters, got {len(name)}")
