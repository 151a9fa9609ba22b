"""Which designs the cost model is fitted on and tested against: names drawn from the groups of ``dataset.toml``."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import prod
from typing import Any

import hw

WORD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Point:
    """A design to measure on a family; `placed` says whether it is timed, too."""

    spec: hw.Spec
    target: hw.Target
    placed: bool

    @property
    def name(self) -> str:
        return f"{self.spec} on {self.target.name}"


def points(text: str | None = None) -> list[Point]:
    """The points of a data file, by default ``dse/dataset.toml``, whose first lines say how they are drawn.

    The same file gives the same points in every run.

    Raises
    ------
    ValueError
        A group names a list that is not there, or has fewer designs than it is to give.
    """
    data = tomllib.loads(text or files("dse").joinpath("dataset.toml").read_text())
    main, others, timed = ([hw.parse_target(name) for name in data[key]] for key in ("main", "others", "timed"))
    found: dict[tuple[hw.Spec, hw.Target], bool] = {}
    drawn = 0
    for number, group in enumerate(data["group"]):
        for place, spec in enumerate(_drawn(group, data["lists"], random.Random(f"{data['seed']} {number}"))):
            drawn += 1
            turn = drawn // data["every"]
            rest = [] if drawn % data["every"] else [others[(2 * turn + step) % len(others)] for step in (0, 1)]
            for target in [*main, *rest]:
                if can_be(spec, target):
                    is_large = "large" in group and re.search(group["large"], spec.name) is not None
                    placed = place < group.get("placed", 0) and target in timed and not is_large
                    found[spec, target] = found.get((spec, target), False) or placed
    return [Point(spec, target, placed) for (spec, target), placed in found.items()]


def can_be(spec: hw.Spec, target: hw.Target) -> bool:
    """Whether a target can have a design."""
    try:
        hw.check(spec, target)
    except ValueError:
        return False
    return True


def _drawn(group: Mapping[str, Any], lists: Mapping[str, list[str]], chance: random.Random) -> list[hw.Spec]:
    """The designs of a group."""
    specs: dict[hw.Spec, None] = {}
    for name in _names(group, lists, chance):
        try:
            specs[hw.parse(name)] = None
        except ValueError:
            continue
        if len(specs) == group["sample"]:
            return list(specs)
    raise ValueError(f"{group['spec']}: sample must be at most {len(specs)}, the designs there are")


def _names(group: Mapping[str, Any], lists: Mapping[str, list[str]], chance: random.Random) -> Iterator[str]:
    """All names of a group, in a random order, without having them all at once."""
    words = WORD.findall(group["spec"])
    if unknown := [word for word in words if word not in group and word not in lists]:
        raise ValueError(f"{group['spec']}: there is no list {unknown[0]}")
    values = [group.get(word, lists.get(word)) for word in words]
    for number in chance.sample(range(size := prod(map(len, values))), size) if values else [0]:
        chosen = []
        for choices in values:
            number, place = divmod(number, len(choices))
            chosen.append(choices[place])
        name = group["spec"]
        for text in chosen:
            name = WORD.sub(text, name, count=1)
        yield name
