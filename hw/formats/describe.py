"""A format in words."""

from __future__ import annotations

from fractions import Fraction

from hw.formats.base import Format

LISTED_WIDTH = 6
"""Formats of at most that many bits have all their values listed."""


def summary(fmt: Format) -> dict[str, str]:
    """What fits in a row of a table."""
    return {
        "format": fmt.name,
        "bits": str(fmt.width),
        "lowest": number(fmt.min),
        "highest": number(fmt.max),
        "finest step": f"2^{fmt.span.lsb}",
        "specials": "yes" if fmt.has_special else "none",
        "exact product": f"{(fmt.span * fmt.span).width} bits",
    }


def datasheet(fmt: Format) -> str:
    """What there is to know, one fact a line; all values if they are few."""
    lines = [f"{key:14}{value}" for key, value in summary(fmt).items()]
    sums = (fmt.span * fmt.span).accumulate(1024)
    lines += [f"{'1024 products':14}{sums.width} bits", f"{'source':14}{fmt.source}"]
    if fmt.width <= LISTED_WIDTH:
        values = (f"{code:#x}={number(fmt.decode(code))}" for code in range(1 << fmt.width))
        lines.append(f"{'codes':14}{' '.join(values)}")
    return "\n".join(lines)


def number(value: Fraction | float) -> str:
    """A value in at most nine characters or so, exact where that is short."""
    return f"{float(value):.6g}"
