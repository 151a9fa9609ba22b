"""How many registers a design has if nobody says: two levels of logic to a stage.

A level is a carry row, or what two LUTs in a row take. Two of them, with the wires, are about 6 ns on an ECP5, so a
design runs at about 150 MHz if none of its loops is slower; docs/units.md says what each unit does at which depth. The
count is a rule of thumb that only needs the formats: what a frequency takes, `hw.pipeline_for` says.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from hw.datapath import PRODUCTS
from hw.datapath.unpack import significand_width
from hw.formats import Codebook, Format
from hw.specs.base import uses_blocks

LEVELS = 2
"""In a stage."""
IN_BLOCK = 3
"""Levels of a product in a multiplier block."""
WIDE = 24
"""Bits from which a row of a sum is a level more."""


def usual_pipeline(levels: int) -> int:
    """The registers that cut so many levels into stages of `LEVELS`, of which the last has a register behind it."""
    return max(0, ceil(levels / LEVELS) - 1)


def settle(spec: Any) -> None:
    """Give a spec that does not say how many registers it has as many as its `levels` take."""
    if spec.pipeline is None:
        object.__setattr__(spec, "pipeline", usual_pipeline(spec.levels))


def doublings(count: int) -> int:
    """How often 1 is doubled until there are so many: the levels of a tree of two branches."""
    return (max(count, 1) - 1).bit_length()


def product_levels(a: Format, b: Format, product: str, form: str) -> int:
    """Of a product at its place in fixed point: rows of partial products, two of which go into one, and a shift."""
    rule, widths = PRODUCTS[product], (significand_width(a), significand_width(b))
    decoded = int(any(isinstance(fmt, Codebook) for fmt in (a, b)))
    rows = ceil(min(widths) / 2) if rule.multiplies else 1
    multiplied = IN_BLOCK if uses_blocks(form) else 1 + doublings(rows)
    return decoded + multiplied + shift_levels(a, b, product)


def shift_levels(a: Format, b: Format, product: str) -> int:
    """Of what shifts a product to its place: a sum of exponents, and a choice of four in a level."""
    rule = PRODUCTS[product]
    if rule.bias(a, b) is None:
        return 0
    places = rule.span(a, b).width - significand_width(a) - significand_width(b)
    return 1 + ceil(doublings(max(places, 0) + 1) / 2)


def sum_levels(count: int, width: int, shifted: bool) -> int:
    """Of a sum of so many terms of so many bits: a tree; a term that was shifted takes a level more to be chosen."""
    return doublings(count) * (1 + shifted + (shifted and width > WIDE))


def rounding_levels(width: int) -> int:
    """Of what makes a float of so many bits: magnitude, a shift by its leading zeros, and rounding."""
    return 4 + doublings(width)


def addition_levels(width: int) -> int:
    """Of an addition of floats of so many bits: which is larger, a shift, the sum, and what makes a float of it."""
    return 3 + ceil(doublings(width) / 2) + rounding_levels(width)
