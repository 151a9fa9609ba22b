"""Which floats of a width to try first: an order by a scaling law of training, and what it saves.

The law was fitted on training, and is asked here about inference with given weights: it is a guess of where to begin,
and says nothing of whether a format is good enough.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from hw.formats import Minifloat, check_int, parse_format
from hw.formats.messages import cut, echo

WIDTHS = (2, 16)
"""Of which `splits` tells."""
MOST_EXPONENT_BITS = 8


def splits(width: int) -> list[str]:
    """All signed floats of a width, as ``eXmY``, from the fewest exponent bits on: with none they are fixed point.

    Raises
    ------
    TypeError, ValueError
        The width is no int, or not in 2..16.
    """
    check_int("width", width, *WIDTHS)
    return [f"e{bits}m{width - 1 - bits}" for bits in range(min(width - 1, MOST_EXPONENT_BITS) + 1)]


def guess(name: str) -> float:
    """What the law says that a float adds to the loss, in proportion: less is better.

    Raises
    ------
    ValueError
        The name is none, or not of a minifloat with a sign.
    """
    fmt = parse_format(name)
    if not isinstance(fmt, Minifloat) or not fmt.signed:
        raise ValueError(f"the law is of floats with a sign, such as e4m3, got {echo(name)}")
    law = _law()
    return float((fmt.exponent_bits + 0.5) ** -law["exponent"] * (fmt.mantissa_bits + 0.5) ** -law["mantissa"])


def ordered(names: Iterable[str]) -> list[str]:
    """Floats from the one that the law thinks best on; those that it can't tell apart stay as they are.

    Raises
    ------
    ValueError
        As `guess` raises it.
    """
    return sorted(names, key=guess)


def savings(losses: Mapping[str, float], within: float = 0.0) -> pd.DataFrame:
    """How many floats of each width are tried until the best one is, with the prior and without.

    Parameters
    ----------
    losses : mapping of str to float
        What each float came to, less is better; of each width at least one.
    within : float
        By how much more a loss is as good as the least one, at least 0: what can't be told from noise.

    Returns
    -------
    A row for each width: `width`; `formats`, how many; `best`, the one of the smallest loss; `prior`, its place in the
    order of the law, from 1 on; `chance`, its mean place in all orders; `plain`, its place in order of exponent bits.
    Of equally good ones, the first that is tried counts.

    Raises
    ------
    ValueError
        There is no loss, one is NaN, or `within` is less than 0; or as `guess` raises it.
    """
    if not losses:
        raise ValueError("losses must have at least one format, got none")
    for name, loss in losses.items():
        if np.isnan(loss):
            raise ValueError(f"losses must not be NaN, got one for {cut(name)}")
    if not within >= 0:
        raise ValueError(f"within must be at least 0, got {echo(within)}")
    widths: dict[int, list[str]] = {}
    for name in ordered(losses):
        widths.setdefault(parse_format(name).width, []).append(name)
    return pd.DataFrame([_saved(width, names, losses, within) for width, names in sorted(widths.items())])


def _saved(width: int, names: list[str], losses: Mapping[str, float], within: float) -> dict[str, object]:
    least = min(losses[name] for name in names)
    best = [name for name in names if losses[name] <= least + within]
    plain = sorted(names, key=lambda name: parse_format(name).exponent_bits)
    return {
        "width": width,
        "formats": len(names),
        "best": min(best, key=losses.__getitem__),
        "prior": names.index(best[0]) + 1,
        # The first of k among n in random order is, on average, at (n + 1) / (k + 1).
        "chance": (len(names) + 1) / (len(best) + 1),
        "plain": min(map(plain.index, best)) + 1,
    }


@cache
def _law() -> dict[str, float]:
    return tomllib.loads((files("dse") / "data" / "float_training_law.toml").read_text())
