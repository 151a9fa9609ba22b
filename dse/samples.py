"""The measured table beside what is counted of the same designs: what estimates are fitted on and tested against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import hw
from costmodel.estimate.heldout import Sample
from costmodel.estimate.part import COUNTS
from costmodel.measured import Measured
from dse.counting import Design, weight

EVERY = 5
"""Of designs of several lanes or elements, which take seconds to count, each so manieth is looked at."""


def looked_at(rows: Sequence[Measured]) -> list[tuple[Design, Measured]]:
    """The rows that are counted, with their designs: where no tool failed, and of the large ones each `EVERY`th."""
    good = [row for row in rows if not row.failed]
    both = list(zip(designs(good), good, strict=True))
    large = [number for number, (design, _) in enumerate(both) if weight(design) > 1]
    left_out = {number for place, number in enumerate(large) if place % EVERY}
    return [pair for number, pair in enumerate(both) if number not in left_out]


def designs(rows: Sequence[Measured]) -> list[Design]:
    """What the rows are of."""
    targets = {name: hw.parse_target(name) for name in {row.target for row in rows}}
    return [(hw.parse(row.spec), targets[row.target]) for row in rows]


def sample(design: Design, counted: Mapping[str, Any], measured: Measured) -> Sample:
    """A design as it was counted, and as its row says."""
    mhz = sorted(measured.mhz)[len(measured.mhz) // 2] if measured.mhz else None
    truth = {**{name: float(getattr(measured, name)) for name in COUNTS}, "mhz": mhz}
    return Sample(design[0], counted, truth)


def by_family(found: Sequence[tuple[Design, Mapping[str, Any], Measured]]) -> dict[str, list[Sample]]:
    """Samples by the name of their target, in the order in which targets come."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for design, counted, measured in found:
        groups[design[1].name].append(sample(design, counted, measured))
    return dict(groups)
