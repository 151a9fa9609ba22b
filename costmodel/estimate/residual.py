"""What measurements make of counts: one small factor for each family and kind of unit, and how far off is usual.

A factor is 1 but for what was measured: the median ratio of a family, drawn towards 1 as if `PRIOR` more designs had
been as counted, and then that of a kind within the family. An interval holds nine of ten of the designs that it was
fitted on. `python -m dse.residuals` fits both, on the measured table, and writes ``costmodel/data/residuals.toml``.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.formats import Minifloat

FILE = "residuals.toml"
CORRECTED = ("lut", "carry", "ff", "mhz")
"""What is corrected, and has an interval; multiplier blocks and block RAMs are as counted."""
PRIOR = 8
"""Designs that were as counted, in the mind of who has seen none."""
ENOUGH = 20
"""Designs of a kind that an interval of its own needs; with fewer it has its family's."""
TAIL = 0.05
"""What is left out of an interval at each end."""
FLOORS = {"lut": 40.0, "carry": 20.0, "ff": 20.0, "mhz": 0.0}
"""Below so much an error counts as one of so much: a LUT more or less is no share of a small design."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """How a count is corrected; or, with arrays, each of many.

    Attributes
    ----------
    factor : float or array
        What it is multiplied by.
    low, high : float or array
        The interval's ends, as shares of the product, or of its floor if that is more; around 0.
    """

    factor: Any
    low: Any
    high: Any


PLAIN = Band(1.0, 0.0, 0.0)
Residuals = Mapping[tuple[str, str, str], Band]
"""By target, quantity and kind; the kind is empty for whatever the family has no other for."""


@dataclass(frozen=True)
class Pair:
    """A design as it was counted, and as it was measured."""

    kind: str
    counted: float
    measured: float


def kind(spec: hw.Spec) -> str:
    """What a design's count is off by depends on: the unit, an approximate product rule, a result that is rounded."""
    product = getattr(spec, "product", "exact")
    result = getattr(spec, "accumulator_format", None) or getattr(spec, "result", None)
    words = [spec.unit, product if product != "exact" else "", "rounded" if isinstance(result, Minifloat) else ""]
    return " ".join(word for word in words if word)


def fit(quantity: str, pairs: Sequence[Pair]) -> dict[str, Band]:
    """The bands of a family's kinds for one of `CORRECTED`; that of the empty name is for all others."""
    counted, measured = (np.array([getattr(pair, name) for pair in pairs]) for name in ("counted", "measured"))
    kinds = np.array([pair.kind for pair in pairs])
    # What is small is off by whole cells, which say nothing of a ratio.
    told = (counted >= max(FLOORS[quantity], 1e-9)) & (measured > 0)
    ratios = np.log(np.where(told, measured, 1.0) / np.where(told, counted, 1.0))
    common = _shrunk(ratios[told])
    factors = {"": float(np.exp(common))}
    for name in sorted(set(kinds)):
        here = told & (kinds == name)
        factors[name] = float(np.exp(common + _shrunk(ratios[here] - common)))
    errors = off(quantity, counted * np.array([factors[name] for name in kinds]), measured)
    return {name: Band(factor, *_ends(errors, kinds == name)) for name, factor in factors.items()}


def off(quantity: str, estimated: Floats, measured: Floats) -> Floats:
    """By what share of an estimate what was measured is more."""
    return (measured - estimated) / np.maximum(estimated, max(FLOORS[quantity], 1e-9))


def _shrunk(logarithms: Floats) -> float:
    """Their median, drawn towards 0."""
    return float(np.median(logarithms)) * len(logarithms) / (len(logarithms) + PRIOR) if len(logarithms) else 0.0


def _ends(errors: Floats, own: NDArray[np.bool_]) -> tuple[float, float]:
    """Between which nine of ten errors lie: of a kind's own, or of all where it has few."""
    errors = np.sort(errors[own] if own.sum() >= ENOUGH else errors)
    # Of n that are drawn, the next one is as likely to lie in each of the n + 1 gaps.
    place = max(0, int(np.floor(TAIL * (len(errors) + 1))) - 1)
    return min(0.0, float(errors[place])), max(0.0, float(errors[-1 - place]))


def band(residuals: Residuals, target: str, quantity: str, kind_: str) -> Band:
    """How to correct a quantity: as its kind's, its family's, or not at all."""
    return residuals.get((target, quantity, kind_)) or residuals.get((target, quantity, "")) or PLAIN


def corrected(quantity: str, found: Band, value: Floats | float) -> tuple[Floats, Floats, Floats]:
    """A quantity and the ends of its interval."""
    middle = np.asarray(value, dtype=float) * found.factor
    scale = np.maximum(middle, FLOORS[quantity])
    return middle, np.maximum(0.0, middle + found.low * scale), middle + found.high * scale


@cache
def known() -> Residuals:
    """Those that come with macsmith."""
    return read(files("costmodel").joinpath("data", FILE).read_text())


def read(text: str) -> Residuals:
    """Those of a file."""
    table = tomllib.loads(text)
    return {
        (target, quantity, name): Band(*values)
        for target, quantities in table.items()
        for quantity, bands in quantities.items()
        for name, values in bands.items()
    }


def written(residuals: Residuals, made_by: Iterable[str]) -> str:
    """The text of a file, with what made it."""
    lines = [f"# {line}" for line in made_by]
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (target, quantity, name), found in residuals.items():
        groups[target, quantity].append(f'"{name}" = [{found.factor:.4f}, {found.low:.4f}, {found.high:.4f}]')
    for (target, quantity), group in groups.items():
        lines += ["", f"[{target}.{quantity}]", *group]
    return "\n".join(lines) + "\n"
