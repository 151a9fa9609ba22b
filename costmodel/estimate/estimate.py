"""One design's cost without a tool, with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

import hw
from costmodel.estimate.growth import doublings, growth, samples, sizes_of, terms
from costmodel.estimate.part import COUNTS, Part, part
from costmodel.estimate.residual import CORRECTED, band, corrected, kind, known
from costmodel.measure import Keep, unkept
from hw.formats.messages import echo


@dataclass(frozen=True)
class Range:
    """A value, and the ends of the interval that holds nine of ten."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What a design is estimated to take of a device.

    Attributes
    ----------
    spec, target : str
        The design and the family.
    lut, carry, ff : Range
        As `costmodel.measure.Cost` has them.
    mhz : Range or None
        Between registers, as the median of three seeds; None where nothing is known of the family's or of the blocks'
        delays.
    dsp, bram : int
        Multiplier blocks and block RAMs: counted, without an interval.
    """

    spec: str
    target: str
    lut: Range
    carry: Range
    ff: Range
    mhz: Range | None
    dsp: int
    bram: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def estimate(spec: hw.Spec, target: hw.Target, keep: Keep = unkept) -> Estimate:
    """Estimate what a design takes, and how fast it is.

    A small one is counted, a large one composed of what smaller ones of its kind count (`costmodel.estimate.growth`);
    both are corrected by what was measured, and docs/cost-model.md says how far off they are.

    Parameters
    ----------
    spec : Spec
        The design.
    target : Target
        One that has a data file in ``costmodel/targets``.
    keep : Keep
        Keeps what was counted; by default nothing does.

    Raises
    ------
    TypeError
        `spec` is not a Spec, or `target` not a Target.
    ValueError
        The target can't be measured, or can't have the design.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    hw.check(spec, target)
    return ranged(spec, target, uncorrected(spec, target, keep))


def uncorrected(spec: hw.Spec, target: hw.Target, keep: Keep = unkept) -> Part:
    """A design counted, or composed if it is larger than those that tell how it grows."""
    sizes = sizes_of([spec])
    if not spec.sizes or prod(sizes[0]) <= sizes_of(samples(spec)).prod(axis=1).max():
        return part(spec, target, keep)
    grown = growth(spec, target, keep)
    counts = np.rint(grown.counts @ terms(sizes)[0])
    period = float(grown.period @ doublings(sizes)[0])
    whole = {name: int(max(0, value)) for name, value in zip(COUNTS, counts, strict=True)}
    return Part(**whole, mhz=None if np.isnan(period) else 1000 / period)


def ranged(spec: hw.Spec, target: hw.Target, found: Part) -> Estimate:
    """What was counted, corrected."""
    ranges: dict[str, Range | None] = {}
    for quantity in CORRECTED:
        value = getattr(found, quantity)
        how = band(known(), target.name, quantity, kind(spec))
        ranges[quantity] = None if value is None else Range(*map(float, corrected(quantity, how, value)))
    return Estimate(spec.name, target.name, **ranges, dsp=found.dsp, bram=found.bram)  # type: ignore[arg-type]
