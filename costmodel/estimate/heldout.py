"""How far off estimates are of designs that they were not fitted on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from costmodel.estimate.residual import FLOORS, Pair, band, corrected, fit, kind
from hw.formats import Notation

RESULTS = ("result", "output")
"""Fields of formats that are no operand's."""
Key = frozenset[Any]


@dataclass(frozen=True)
class Sample:
    """A design on a family: as it was counted, and as it was measured.

    Attributes
    ----------
    spec : Spec
    counted, measured : mapping of str to float or None
        By quantity, as `costmodel.estimate.residual.CORRECTED` names them; None where there is none.
    """

    spec: hw.Spec
    counted: Mapping[str, float | None]
    measured: Mapping[str, float | None]

    def has(self, quantity: str) -> bool:
        """Whether a quantity is known of it, both ways."""
        return self.counted[quantity] is not None and self.measured[quantity] is not None

    def pair(self, quantity: str) -> Pair:
        """A quantity that it has, both ways."""
        counted, measured = self.counted[quantity], self.measured[quantity]
        assert counted is not None and measured is not None
        return Pair(kind(self.spec), float(counted), float(measured))


@dataclass(frozen=True)
class Tried:
    """What came of estimating designs of one family that were held out.

    Attributes
    ----------
    samples : list of Sample
        The designs.
    estimated, low, high, measured : array of float
        Of each: the estimate, its interval, and the truth.
    """

    samples: list[Sample]
    estimated: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    measured: NDArray[np.float64]

    def where(self, told: NDArray[np.bool_]) -> Tried:
        """Some of them."""
        samples = [sample for sample, here in zip(self.samples, told, strict=True) if here]
        return Tried(samples, self.estimated[told], self.low[told], self.high[told], self.measured[told])

    @property
    def errors(self) -> NDArray[np.float64]:
        """By what share of the truth each estimate is more."""
        return self.estimated / self.measured - 1

    @property
    def covered(self) -> float:
        """The share of those that lie in their interval; nan of none."""
        return float(np.mean((self.low <= self.measured) & (self.measured <= self.high))) if self.samples else np.nan


def operands(sample: Sample) -> Key:
    """The formats that are to be held out with a design: either operand's."""
    spec = sample.spec
    values = {field.name: getattr(spec, field.name) for field in fields(spec)}
    return frozenset(
        value.name for name, value in values.items() if isinstance(value, Notation) and name not in RESULTS
    )


def shape(sample: Sample) -> Key:
    """The numbers that say how large a design is; nothing if it has none."""
    spec = sample.spec
    numbers = [(name, value) for name, value in spec.to_dict().items() if isinstance(value, int)]
    found = tuple((name, value) for name, value in numbers if name not in spec.depths)
    return frozenset([(spec.unit, found)]) if found else frozenset()


def kinds(sample: Sample) -> Key:
    """The kind that a design is of."""
    return frozenset([kind(sample.spec)])


SCHEMES: dict[str, Callable[[Sample], Key]] = {"format": operands, "shape": shape, "kind": kinds}
"""What is held out with a design: all others that have any of the same."""


def tried(quantity: str, samples: Sequence[Sample], scheme: str) -> Tried:
    """Estimate designs of a family, each with what is fitted on those that have nothing of the scheme in common.

    Designs that have nothing to hold out, or of which the quantity is not known, are left out.
    """
    told = [sample for sample in samples if sample.has(quantity)]
    groups: dict[Key, list[Sample]] = defaultdict(list)
    for sample in told:
        if key := SCHEMES[scheme](sample):
            groups[key].append(sample)
    found, ranges = list[Sample](), list[tuple[float, float, float]]()
    keys = [(SCHEMES[scheme](sample), sample.pair(quantity)) for sample in told]
    for key, group in groups.items():
        pairs = [pair for other, pair in keys if not other & key]
        bands = {("", quantity, name): how for name, how in fit(quantity, pairs).items()} if pairs else {}
        for sample in group:
            pair = sample.pair(quantity)
            value = corrected(quantity, band(bands, "", quantity, pair.kind), pair.counted)
            ranges.append((float(value[0]), float(value[1]), float(value[2])))
        found += group
    middle, low, high = np.array(ranges).reshape(-1, 3).T
    return Tried(found, middle, low, high, np.array([sample.pair(quantity).measured for sample in found]))


def plain(quantity: str, samples: Sequence[Sample]) -> Tried:
    """The counts themselves, with nothing fitted."""
    told = [sample for sample in samples if sample.has(quantity)]
    pairs = [sample.pair(quantity) for sample in told]
    counted = np.array([pair.counted for pair in pairs])
    return Tried(told, counted, counted, counted, np.array([pair.measured for pair in pairs]))


def whole(quantity: str, found: Tried) -> NDArray[np.bool_]:
    """Which are large enough that a share of them says something."""
    return found.measured >= max(FLOORS[quantity], 1e-9)
