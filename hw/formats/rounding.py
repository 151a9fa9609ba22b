"""The names of the roundings, and what each does with a value between two neighbours."""

from __future__ import annotations

from hw.formats.base import check_choice

ROUNDINGS: dict[str, str] = {
    "nearest_even": "the nearer one; halfway, the one whose code is even",
    "nearest_away": "the nearer one; halfway, the one farther from zero",
    "toward_zero": "the one nearer zero",
    "up": "the higher one",
    "down": "the lower one",
    "odd": "the one whose code is odd: a later rounding to fewer bits is then as if there had been one",
    "stochastic": "the one farther from zero if the discarded fraction, cut to n bits, plus n random bits carries",
}
"""Every rounding. A value that a format holds stays itself in all of them.

Beyond the highest value toward_zero and odd, and up and down where they point to zero, end at that
value; the others overflow.
"""


def check_rounding(rounding: object) -> None:
    """Raise unless `rounding` is a key of `ROUNDINGS`."""
    check_choice("rounding", rounding, ROUNDINGS)
