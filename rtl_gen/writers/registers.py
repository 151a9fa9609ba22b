"""A design's registers, as its manifest has them."""

from __future__ import annotations

from typing import Any

from rtl_gen.emit import Emitted


def registers(design: Emitted) -> list[dict[str, Any]]:
    """The registers; none of a unit that is not commanded."""
    return list(design.manifest["registers"])


def macro(*parts: str) -> str:
    """A name in capital letters; what a part says of the register's name again is left out."""
    register, *rest = (part.upper() for part in parts)
    return "_".join([register, *(part for part in rest if part != register)])


def plain(text: str) -> str:
    """A meaning as plain text."""
    return text.replace("`", "").replace('"', "'")
