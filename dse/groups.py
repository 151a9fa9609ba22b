"""Designs by the hundred thousand, from one name: words in braces are axes, and the name's grammar is that of specs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.formats.messages import check_name, cut, echo, nearest
from hw.spec import UNITS, spec_type

WORD = re.compile(r"\{(\w*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)(?: by (\d+))?")
SIZE = re.compile(r"[1-9][0-9]{0,8}")
DEPTH = re.compile(r"/p(?:\d|\{)")
MAX_RANGE = 1 << 16
Values = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """All designs whose names a template gives.

    Parameters
    ----------
    spec : str
        A spec's name, in which words in braces stand for what varies: ``array/{a}x{a}/{rows}x{columns}/ws``. A word
        that stands there twice is the same in both places. What is left out of the name's end takes its defaults.
    axes : mapping of str to values
        For each word, what it may be: texts or ints, one or a sequence of them; or a range, ``"4..64"`` or
        ``"4..64 by 4"``.

    Raises
    ------
    TypeError, ValueError
        A word has no values, or values have no word; there is no such unit; or a value is no text or int.
    """

    spec: str
    axes: Mapping[str, Values] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name("spec", self.spec)
        if stray := re.search(r"[{}]", WORD.sub("", self.spec)):
            raise ValueError(f"spec must have braces in pairs around words, got {stray[0]} alone in {echo(self.spec)}")
        unit = self.spec.partition("/")[0]
        if unit not in UNITS:
            raise ValueError(f"spec must begin with a unit ({', '.join(UNITS)}), got {echo(self.spec)}")
        if not isinstance(self.axes, Mapping):
            raise TypeError(f"axes must map words to values, got {echo(self.axes)}")
        words = list(dict.fromkeys(WORD.findall(self.spec)))
        if missing := [word for word in words if word not in self.axes]:
            raise ValueError(f"spec {echo(self.spec)} needs values for {{{cut(missing[0])}}}")
        if spare := [word for word in self.axes if word not in words]:
            known = f"its words are {', '.join(words)}" if words else "it has no words in braces"
            raise ValueError(f"spec {echo(self.spec)} has no {{{cut(spare[0])}}}: {known}{nearest(spare[0], words)}")
        object.__setattr__(self, "axes", {word: _values(word, self.axes[word]) for word in words})
        for name in self.sized:
            if wrong := [value for value in self.axes[name] if not SIZE.fullmatch(value)]:
                raise ValueError(f"{name} must be whole numbers from 1 on, got {echo(wrong[0])}")

    @property
    def unit(self) -> str:
        return self.spec.partition("/")[0]

    @property
    def says_depth(self) -> bool:
        """Whether the name says how many registers there are."""
        return DEPTH.search(self.spec) is not None

    @property
    def sized(self) -> list[str]:
        """The axes that only say how many equal parts stand side by side, by the names of the spec's own `sizes`."""
        return [name for name in spec_type(self.unit).sizes if name in self.axes]

    @property
    def shaping(self) -> list[str]:
        """The other axes."""
        return [word for word in self.axes if word not in self.sized]

    def __len__(self) -> int:
        """Names that the template gives, whether there are such designs or not."""
        return prod(len(values) for values in self.axes.values())

    def choices(self) -> Iterator[dict[str, str]]:
        """The values of `shaping`, in the order of the file."""
        names = self.shaping
        for values in product(*(self.axes[name] for name in names)):
            yield dict(zip(names, values, strict=True))

    def sizes(self) -> NDArray[np.int64]:
        """All values of `sized`, of shape (number, sizes); of shape (1, 0) if there are none."""
        values = [[int(value) for value in self.axes[name]] for name in self.sized]
        every = list(product(*values))
        return np.array(every, dtype=np.int64).reshape(len(every), len(values))

    def name(self, choice: Mapping[str, str], sizes: Sequence[int] = ()) -> str:
        """The name of a design."""
        values = {**choice, **dict(zip(self.sized, map(str, sizes), strict=True))}
        return WORD.sub(lambda match: values[match[1]], self.spec)

    def parse(self, choice: Mapping[str, str], sizes: Sequence[int] = ()) -> hw.Spec:
        """A design.

        Raises
        ------
        ValueError
            There is none of that name.
        """
        return hw.parse(self.name(choice, sizes))


def _values(word: str, given: Any) -> Values:
    """The distinct values of an axis, as texts."""
    if isinstance(given, str) and (found := RANGE.fullmatch(given)):
        low, high, step = int(found[1]), int(found[2]), int(found[3] or 1)
        if not (low <= high and step > 0):
            raise ValueError(f"{cut(word)} must be a range that goes up, got {echo(given)}")
        if high - low >= MAX_RANGE:
            raise ValueError(f"{cut(word)} must be a range of at most {MAX_RANGE} numbers, got {echo(given)}")
        return tuple(map(str, range(low, high + 1, step)))
    values = list(given) if isinstance(given, (list, tuple)) else [given]
    if not values:
        raise ValueError(f"{cut(word)} must have one value or more, got none")
    for value in values:
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise TypeError(f"{cut(word)} must have values that are texts or whole numbers, got {echo(value)}")
    return tuple(dict.fromkeys(map(str, values)))
