"""Counting many designs, on several cores; what was counted is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hw
from costmodel.estimate.part import FIELDS, part, part_key
from dse.processes import in_processes
from dse.progress import Progress
from dse.store import Store
from rtl_gen.steps import say

KIND = "part"
"""What the store calls them, as `costmodel.estimate.part` does."""
Design = tuple[hw.Spec, hw.Target]


def counted(designs: Sequence[Design], store: Store, workers: int) -> list[dict[str, Any]]:
    """What each design counts, as `costmodel.estimate.part.Part` has it: from the store, or found now."""
    keys = {design: part_key(*design) for design in dict.fromkeys(designs)}
    found = {design: store.get(KIND, key, FIELDS) for design, key in keys.items()}
    # Those that take long come first, so that no process is left with one at the end.
    missing = sorted((design for design in keys if found[design] is None), key=weight, reverse=True)
    if missing:
        say(f"counting {len(missing)} of {len(keys)} designs")
    progress = Progress(len(missing))
    for design, value in in_processes(_count, missing, workers):
        found[design] = value
        store.put(KIND, keys[design], f"{design[0]} on {design[1].name}", value)
        progress.add(1)
    return [found[design] or {} for design in designs]


def _count(design: Design) -> dict[str, Any]:
    return part(*design).to_dict()


def weight(design: Design) -> int:
    """About how large a design is: what its numbers make together; 1 for a single multiplier, adder or MAC."""
    spec, _ = design
    total = 1
    for name, value in spec.to_dict().items():
        if isinstance(value, int) and name not in spec.depths and 0 < value <= 64:
            total *= value
    return total
