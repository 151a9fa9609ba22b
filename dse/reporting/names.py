"""Designs' names as short as those around them allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def short_names(specs: Sequence[str]) -> list[str]:
    """What tells designs apart: parts of their names in which those of one unit differ, and the unit if there are more.

    Parameters
    ----------
    specs : sequence of str
        Names of specs; the same one twice has the same short name.
    """
    parts = [spec.split("/") for spec in specs]
    alike: dict[tuple[str, int], list[set[str]]] = {}
    for own in parts:
        seen = alike.setdefault((own[0], len(own)), [set() for _ in own])
        for place, part in enumerate(own):
            seen[place].add(part)
    several = len({own[0] for own in parts}) > 1
    short = [_short(own, alike[own[0], len(own)], several) for own in parts]
    # Of two that have come out alike, neither says which it is.
    stands_for = Counter(name for name, _ in set(zip(short, specs, strict=True)))
    return [name if stands_for[name] == 1 else spec for name, spec in zip(short, specs, strict=True)]


def _short(own: Sequence[str], seen: Sequence[set[str]], with_unit: bool) -> str:
    """The operands always; the unit if asked for; of the rest what others have differently."""
    kept = [part for place, part in enumerate(own) if (with_unit if place == 0 else place == 1 or len(seen[place]) > 1)]
    return " ".join(_once(part) for part in kept) or own[0]


def _once(part: str) -> str:
    """``int8xint8`` is int8."""
    half = len(part) // 2
    return part[:half] if part[half : half + 1] == "x" and part[:half] == part[half + 1 :] else part
