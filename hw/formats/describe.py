"""A format in words: a datasheet, and the facts for a table."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch

from hw.formats.base import Format, Notation
from hw.formats.block import RULES, Block
from hw.formats.messages import echo
from hw.formats.minifloat import CONVENTIONS, OVERFLOWS, Minifloat
from hw.formats.rounding import ROUNDINGS

LISTED_WIDTH = 6
"""Formats of at most that many bits have all their values listed."""
DEPTHS = (1, 32, 1024, 4608)
"""Numbers of products whose exact sum's width is told."""


@singledispatch
def facts(fmt: Notation) -> dict[str, str]:
    """What there is to know, by name."""
    raise TypeError(f"fmt must be a format, got {echo(fmt)}")


@facts.register
def _(fmt: Format) -> dict[str, str]:
    square = fmt.span * fmt.span
    widths = ", ".join(f"{square.accumulate(depth).width} for {depth}" for depth in DEPTHS)
    found = {
        "format": fmt.name,
        "bits": str(fmt.width),
        "lowest": number(fmt.min),
        "highest": number(fmt.max),
        "finest step": f"2^{fmt.span.lsb}",
        "specials": special_codes(fmt),
        "rounding": f"{fmt.rounding} unless asked otherwise, of {', '.join(ROUNDINGS)}",
        "overflow": OVERFLOWS[fmt.overflow],
        "fixed point": f"{fmt.span.width} bits hold every value",
        "exact sums": f"of products with itself: {widths} (bits for how many)",
        "source": fmt.source,
    }
    if isinstance(fmt, Minifloat):
        found |= _float_facts(fmt)
    if fmt.width <= LISTED_WIDTH:
        values = (f"{code:#x}={number(fmt.decode(code))}" for code in range(1 << fmt.width))
        found["codes"] = " ".join(values)
    return found


def _float_facts(fmt: Minifloat) -> dict[str, str]:
    unit = Fraction(2) ** fmt.min_exponent
    found = {"convention": f"{fmt.convention}: {CONVENTIONS[fmt.convention]}", "bias": str(fmt.bias)}
    if fmt.exponent_bits:
        found["least normal"] = number(unit)
    if fmt.subnormals and fmt.mantissa_bits:
        found["least subnormal"] = number(unit / (1 << fmt.mantissa_bits))
    return found


@facts.register
def _(fmt: Block) -> dict[str, str]:
    found = {
        "format": fmt.name,
        "bits": f"{number(fmt.bits_per_number)} a number: {fmt.element.width} and its share of the scale's "
        f"{fmt.scale.width}",
        "elements": f"{fmt.element}, {fmt.size or 'all of the tensor'} to a scale",
        "scale": f"{fmt.scale}, {number(positive_min(fmt.scale))} to {number(fmt.scale.max)}",
        "scale's rule": f"{fmt.rule}: {RULES[fmt.rule]}",
    }
    if fmt.tensor:
        found["tensor's scale"] = f"{fmt.tensor}, one for all"
    span = fmt.element.span * fmt.element.span
    if fmt.size:
        found["exact sums"] = f"of a block's products: {span.accumulate(fmt.size).width} bits, before the scales"
    return found | {"source": fmt.source}


@facts.register
def _(fmt: Notation) -> dict[str, str]:
    return {"format": fmt.name, "bits": number(fmt.bits_per_number), "numbers": fmt.grammar, "source": fmt.source}


def summary(fmt: Notation) -> dict[str, str]:
    """What fits in a row of a table."""
    row = dict.fromkeys(("format", "bits", "lowest", "highest", "finest step", "specials", "exact product"), "-")
    row |= {"format": fmt.name, "bits": number(fmt.bits_per_number)}
    if isinstance(fmt, Format):
        row |= {
            "lowest": number(fmt.min),
            "highest": number(fmt.max),
            "finest step": f"2^{fmt.span.lsb}",
            "specials": "yes" if fmt.has_special else "none",
            "exact product": f"{(fmt.span * fmt.span).width} bits",
        }
    elif isinstance(fmt, Block):
        row |= {"highest": f"{number(fmt.element.max)} x scale", "specials": fmt.scale.name}
    return row


def datasheet(fmt: Notation) -> str:
    """What there is to know, one fact a line; all values if they are few."""
    return "\n".join(f"{key:16}{value}" for key, value in facts(fmt).items())


def special_codes(fmt: Format) -> str:
    """Which codes are infinities and NaN, as encoding makes them."""
    named = {"+inf": float("inf"), "-inf": float("-inf"), "NaN": float("nan")}
    codes = {name: fmt.code_of(value) for name, value in named.items()}
    return ", ".join(f"{name} {code:#x}" for name, code in codes.items() if code is not None) or "none"


def positive_min(fmt: Format) -> Fraction:
    """The lowest value above zero, of a format of at most 16 bits or of a float."""
    if isinstance(fmt, Minifloat):
        return Fraction(2) ** (fmt.min_exponent - (fmt.mantissa_bits if fmt.subnormals else 0))
    return Fraction(2) ** fmt.span.lsb


def number(value: Fraction | float) -> str:
    """A value in at most nine characters or so, exact where that is short."""
    return f"{float(value):.6g}"
