"""Counting many designs, on several cores; what was counted is kept, and some of it comes with the project."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.estimate.growth import FIELDS, growth_key, growth_label, samples
from costmodel.estimate.table import Parts
from dse.crew import Workers
from dse.jobs import run
from dse.making import part_job
from dse.store import Store

Design = tuple[hw.Spec, hw.Target]
TABLE = Path(str(files("dse").joinpath("data", "growths.json.gz")))
"""How designs grow that were counted ahead, as `dse.growths` writes them: values of the store, by their keys."""


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """What `TABLE` has."""
    found: dict[str, dict[str, Any]] = json.loads(gzip.decompress(TABLE.read_bytes())) if TABLE.exists() else {}
    return found


def counted(designs: Sequence[Design], store: Store, workers: Workers) -> list[dict[str, Any]]:
    """What each design counts, as `costmodel.estimate.part.Part` has it: from the store, or found now."""
    # Those that take long come first, so that no process is left with one at the end.
    ordered = sorted(dict.fromkeys(designs), key=weight, reverse=True)
    found = dict(zip(ordered, run([part_job(*design) for design in ordered], store, workers), strict=True))
    return [found[design] for design in designs]


def parts_of(designs: Sequence[Design], store: Store, workers: Workers) -> Parts:
    """Designs by number, to be estimated at any sizes; what neither the store nor the project has is counted."""
    missing = []
    for design in designs:
        key = growth_key(*design)
        if store.get("growth", key, FIELDS) is None:
            if (value := shipped().get(key)) is None:
                missing.append(design)
            else:
                store.put("growth", key, growth_label(*design), value)
    counted([(spec, target) for part, target in missing for spec in samples(part)], store, workers)
    return Parts(designs, store.keep)


def weight(design: Design) -> int:
    """About how large a design is: what its numbers make together; 1 for a single multiplier, adder or MAC."""
    spec, _ = design
    total = 1
    for name, value in spec.to_dict().items():
        if isinstance(value, int) and name not in spec.depths and 0 < value <= 64:
            total *= value
    return total
