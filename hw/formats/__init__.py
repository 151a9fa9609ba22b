"""Number formats as data: no hardware, no numpy. A format knows the value of each of its codes."""

from __future__ import annotations

from hw.formats.base import Format, Span, check_int
from hw.formats.fixed import Fixed
from hw.formats.integer import Integer
from hw.formats.minifloat import Minifloat

__all__ = ["CATALOGUE", "FAMILIES", "Fixed", "Format", "Integer", "Minifloat", "Span", "check_int", "parse_format"]

FAMILIES: list[type[Format]] = [Integer, Minifloat, Fixed]
"""Every family of formats. A new family is registered by appending its class here."""

CATALOGUE = [
    *("int4", "int6", "int8", "int16", "uint4", "uint8"),
    *("e2m1", "e2m3", "e3m2", "e4m3", "e4m3fn", "e5m2", "e3m4"),
    *("e4m3fnuz", "e5m2fnuz", "bf16", "fp16", "tf32", "fp32"),
]
"""Names worth showing first; any other name that a family's grammar admits works too."""


def parse_format(name: str) -> Format:
    """The format of that name.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        No family knows the name, or its numbers are out of range.
    """
    if not isinstance(name, str):
        raise TypeError(f"a format's name must be a str, got {name!r} of type {type(name).__name__}")
    for family in FAMILIES:
        try:
            found = family.parse(name)
        except ValueError as error:
            raise ValueError(f"format {name!r}: {error}") from None
        if found is not None:
            return found
    raise ValueError(f"unknown format {name!r}; known are: {'; '.join(f.grammar for f in FAMILIES)}")
