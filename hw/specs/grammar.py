"""Names that are made of parts: what reads one, what writes one, and what says how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hw.formats.messages import echo

Fits = Callable[[str, Mapping[str, Any]], bool]
"""Whether a text is a part, given the fields of those before it."""


def anything(text: str, fields: Mapping[str, Any]) -> bool:
    """Of a part that every text fits."""
    return True


@dataclass(frozen=True)
class Part:
    """A part of a name: the text of some fields.

    Parameters
    ----------
    layout : str
        How it is written, for people.
    read : callable
        The fields of a text; raises ValueError for one that says none.
    write : callable
        The text of a spec's fields; None where it goes without saying.
    title : str
        What it is called in a message.
    needed : bool
        Whether every name has it. Such parts come first.
    optional : bool
        Whether it may be missing while later parts are there.
    fits : callable
        Whether a text is this part, given the fields that were read before; if not, it is tried as the next one.
    """

    layout: str
    read: Callable[[str], dict[str, Any]]
    write: Callable[[Any], str | None]
    title: str = ""
    needed: bool = False
    optional: bool = False
    fits: Fits = anything


def layout(parts: Sequence[Part]) -> str:
    """How a name of these parts is written: ``/AxB/PRODUCT[/FORM]``."""
    return "".join(f"[/{part.layout}]" if part.optional else f"/{part.layout}" for part in parts)


def read(parts: Sequence[Part], texts: Sequence[str]) -> dict[str, Any]:
    """The fields that a name's texts say; trailing parts may be left out.

    Raises
    ------
    ValueError
        There are too few or too many texts, or a part can't be read.
    """
    if len(texts) > len(parts):
        raise ValueError(f"it must have at most {len(parts)} parts after the unit, got {len(texts)}")
    fields: dict[str, Any] = {}
    rest, missing = list(texts), []
    for part in parts:
        if rest and part.fits(rest[0], fields):
            fields |= part.read(rest.pop(0))
        elif part.needed:
            missing.append(part.layout)
    if missing:
        raise ValueError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    if rest:
        raise ValueError(f"nothing may follow {parts[-1].title or parts[-1].layout}, got {echo(rest[0])}")
    return fields


def write(parts: Sequence[Part], spec: Any) -> str:
    """The texts of a spec's fields, each behind a slash."""
    texts = (part.write(spec) for part in parts)
    return "".join(f"/{text}" for text in texts if text is not None)
