"""How designs grow with their sizes: a few small ones are counted, and the others follow.

What is counted is `a R C + b R + c C + d`: so much for each element, row and column. Registers have the skew of rows
and of columns, too, which grows with their squares. The clock's period grows with the logarithm of the number of equal
parts, for wires are longer and more paths are nearly the longest.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

import hw
from costmodel.estimate.part import COUNTS, Part, part, part_key
from costmodel.measure import Keep, unkept
from rtl_gen.files import code_digest

CORNERS = (2, 4)
"""Sizes that are counted, all with all: what there is one of has nothing that chooses among them."""
BEYOND = 8
"""A size beyond, with which squares are found."""
STEPS = 4
"""What sizes are multiples of, at most, where a design takes only these."""
TINY = 1e-6
SKEWED = "ff"
"""What grows with squares."""
STATED = ("rate", "latency")
"""Operations a cycle, and clock edges from an input to its output."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """A design of any sizes.

    Attributes
    ----------
    counts : (5, terms) array
        What each term of `terms` counts for, by `COUNTS`.
    period : (2,) array
        ns, and ns for each doubling of the number of parts; NaN where nothing is known of it.
    stated : (2, terms) array
        The same as `counts` of what the design says itself, by `STATED`; NaN where it does not grow so.
    """

    counts: Floats
    period: Floats
    stated: Floats

    def to_dict(self) -> dict[str, Any]:
        """Plain values, None for NaN."""
        return {name: _plain(getattr(self, name)) for name in FIELDS}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{name: np.array(values[name], dtype=float) for name in FIELDS})


def _plain(values: Floats) -> list[Any]:
    if values.ndim > 1:
        return [_plain(row) for row in values]
    return [None if math.isnan(value) else value for value in values.tolist()]


FIELDS: Mapping[str, Any] = {"counts": list, "period": list, "stated": list}


def terms(sizes: NDArray[Any]) -> Floats:
    """1, each size and each product of two, for an array of shape (designs, sizes): (designs, terms)."""
    sizes = np.asarray(sizes, dtype=float)
    ones = np.ones(len(sizes))
    columns = [ones, *sizes.T, *(a * b for a, b in combinations_with_replacement(sizes.T, 2))]
    return np.stack(columns, axis=1)


def doublings(sizes: NDArray[Any]) -> Floats:
    """1, and the logarithm of the number of parts, for an array of shape (designs, sizes): (designs, 2)."""
    number = np.asarray(sizes, dtype=float).prod(axis=1)
    return np.stack([np.ones(len(number)), np.log2(number)], axis=1)


def samples(spec: hw.Spec) -> list[hw.Spec]:
    """The small designs that tell how a spec grows, those of `CORNERS` first; itself, if it has no sizes.

    Raises
    ------
    ValueError
        There are none.
    """
    number = len(spec.sizes)
    beyond = [tuple(BEYOND if place == at else CORNERS[0] for place in range(number)) for at in range(number)]
    for steps in sorted(product(range(1, STEPS + 1), repeat=number), key=sum):
        try:
            return [
                spec.resized([size * step for size, step in zip(sizes, steps, strict=True)])
                for sizes in [*product(CORNERS, repeat=number), *(beyond if number > 1 else ())]
            ]
        except ValueError:
            continue
    raise ValueError(f"{spec}: {', '.join(spec.sizes)} can't be small, so it is not known how it grows")


def growth(spec: hw.Spec, target: hw.Target, keep: Keep = unkept) -> Growth:
    """How a spec grows on a target, whatever its own sizes are; `keep` has what was found before.

    Raises
    ------
    TypeError, ValueError
        As `part`.
    """
    found = keep(
        "growth",
        growth_key(spec, target),
        growth_label(spec, target),
        FIELDS,
        lambda: _grown(spec, target, keep).to_dict(),
    )
    return Growth.from_dict(found)


def growth_key(spec: hw.Spec, target: hw.Target) -> str:
    """A hash of all that a growth depends on."""
    return hashlib.sha256("\0".join([part_key(spec, target), code_digest(__name__)]).encode()).hexdigest()


def growth_label(spec: hw.Spec, target: hw.Target) -> str:
    """A growth, for people."""
    return f"growth of {spec} on {target.name}"


def _grown(spec: hw.Spec, target: hw.Target, keep: Keep) -> Growth:
    designs = samples(spec)
    parts = [part(design, target, keep) for design in designs]
    sizes = sizes_of(designs)
    counted = np.array([[getattr(found, name) for found in parts] for name in COUNTS], dtype=float)
    solved = np.array(
        [
            _solved(sizes, values, name == SKEWED and sizes.shape[1] > 1)
            for name, values in zip(COUNTS, counted, strict=True)
        ]
    )
    said = np.array([[float(design.rate.count) for design in designs], [float(design.latency) for design in designs]])
    return Growth(solved, _period(sizes, parts), np.array([_stated(sizes, values) for values in said]))


def _solved(sizes: NDArray[np.int64], values: Floats, squares: bool) -> Floats:
    """What each term counts for: of the corners, or of all samples if squares are among the terms."""
    matrix, number = terms(sizes), sizes.shape[1]
    if squares:
        found = np.asarray(np.linalg.solve(matrix, values), dtype=float)
        # A skew only adds: where registers fall off with a square, a memory is another from some size on.
        if (found[_squares(number)] > -TINY).all():
            return found
    corners, found = len(CORNERS) ** number, np.zeros(matrix.shape[1])
    plain = [0, *(place for place in range(1, matrix.shape[1]) if place not in _squares(number))]
    found[plain] = np.linalg.solve(matrix[:corners, plain], values[:corners])
    return found


def _stated(sizes: NDArray[np.int64], values: Floats) -> Floats:
    """What each term counts for, if that gives the values of all samples; else NaN."""
    found = _solved(sizes, values, False)
    return found if np.allclose(terms(sizes) @ found, values, rtol=1e-9, atol=1e-9) else np.full(len(found), np.nan)


def _squares(number: int) -> list[int]:
    """Where among the terms the squares are."""
    pairs = list(combinations_with_replacement(range(number), 2))
    return [1 + number + place for place, (a, b) in enumerate(pairs) if a == b]


def sizes_of(designs: Sequence[hw.Spec]) -> NDArray[np.int64]:
    """The sizes of designs of one kind, of shape (designs, sizes)."""
    return padded_sizes(designs, len(designs[0].sizes))


def padded_sizes(designs: Sequence[hw.Spec], wide: int) -> NDArray[np.int64]:
    """The sizes of designs of any kinds, of shape (designs, wide): 1 beyond a design's own."""
    found = np.ones((len(designs), wide), dtype=np.int64)
    for row, design in zip(found, designs, strict=True):
        row[: len(design.sizes)] = [getattr(design, name) for name in design.sizes]
    return found


def _period(sizes: NDArray[np.int64], parts: Sequence[Part]) -> Floats:
    """The period by the number of parts: it does not fall."""
    speeds = [found.mhz for found in parts if found.mhz is not None]
    if len(speeds) < len(parts):
        return np.full(2, np.nan)
    matrix, periods = doublings(sizes), 1000 / np.array(speeds)
    if len(parts) == 1:
        return np.array([periods[0], 0.0])
    first, more = np.linalg.lstsq(matrix, periods, rcond=None)[0]
    return np.array([first, more]) if more >= 0 else np.array([periods.max(), 0.0])
