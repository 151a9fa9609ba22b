"""Number formats as data: no hardware, no numpy. A format knows the value of each of its codes."""

from __future__ import annotations

from typing import Any

from hw.formats.base import FAMILIES, Format, Notation, Span, check_choice, check_int
from hw.formats.block import Block
from hw.formats.codebook import Codebook
from hw.formats.fixed import Fixed
from hw.formats.foreign import suggestion
from hw.formats.integer import Bipolar, Integer
from hw.formats.messages import MAX_NAME, check_name, echo
from hw.formats.minifloat import Minifloat
from hw.formats.power import PowerOfTwo
from hw.formats.roots import FourthRoots
from hw.formats.rounding import ROUNDINGS, check_rounding

__all__ = [
    "CATALOGUE",
    "FAMILIES",
    "MAX_NAME",
    "ROUNDINGS",
    "Bipolar",
    "Block",
    "Codebook",
    "Fixed",
    "Format",
    "FourthRoots",
    "Integer",
    "Minifloat",
    "Notation",
    "PowerOfTwo",
    "Span",
    "check_choice",
    "check_int",
    "check_rounding",
    "parse_format",
    "parse_scalar",
    "scalar",
]

FAMILIES += [Integer, Bipolar, PowerOfTwo, Minifloat, Fixed, Codebook, FourthRoots, Block]

CATALOGUE = [
    *("int4", "int6", "int8", "int16", "int32", "uint4", "uint8", "int8-sym", "binary", "bipolar4", "fix8.4"),
    *("e2m1", "e2m3", "e3m2", "e4m3", "e4m3fn", "e5m2", "e3m4", "e4m3fnuz", "e5m2fnuz"),
    *("bf16", "fp16", "tf32", "fp32", "ue8m0", "ue5m3"),
    *("ternary", "pow4", "pow4-zero", "fp3p3", "fp3m3", "fp3p6", "fp3m6"),
    *("fp4p5", "fp4m5", "fp4p8", "fp4m8", "nf4", "dynamic8", "roots4"),
    *("mxfp8e4m3", "mxfp8e5m2", "mxfp6e2m3", "mxfp6e3m2", "mxfp4", "mxint8", "mxint6", "mxint4"),
    *("nvfp4", "nvint4", "bfp8-16", "dfx8"),
]
"""Names worth showing first; any other name that a family's grammar admits works too."""


LISTED = "; `macsmith formats` lists them"
"""How a message about an unknown format ends where no name is like it."""


def parse_format(name: str) -> Any:
    """The format of that name.

    Parameters
    ----------
    name : str
        A canonical name, or any other that a family's grammar admits.

    Returns
    -------
    Notation: a `Format` with a code for each number, a `Block` with a shared scale, or `FourthRoots`.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        No family knows the name, it is longer than `MAX_NAME`, or its numbers are out of range.
    """
    check_name("a format's name", name)
    for family in FAMILIES:
        try:
            found = family.parse(name)
        except ValueError as error:
            raise ValueError(f"format {echo(name)}: {error}") from None
        if found is not None:
            return found
    raise ValueError(f"unknown format {echo(name)}{suggestion(name, CATALOGUE) or LISTED}")


def parse_scalar(name: str) -> Format:
    """The format of that name, which must have a code for each number.

    Raises
    ------
    TypeError, ValueError
        As `parse_format`, and ValueError for formats of another kind.
    """
    return scalar(parse_format(name))


def scalar(found: Notation) -> Format:
    """The same, which must have a code for each number; else ValueError."""
    if not isinstance(found, Format):
        raise ValueError(f"format {echo(found.name)} is a {type(found).__name__}; here each code must be one number")
    return found
