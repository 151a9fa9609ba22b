"""A design counted and timed from its own bits: what estimates begin with, before they are corrected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, get_type_hints

import hw
from costmodel.count.count import counted
from costmodel.measure import Keep, unkept
from costmodel.targets import load
from hw.formats.messages import cut
from hw.pipeline import timed
from hw.specs.base import uses_blocks
from hw.timing.delays import is_known
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version

COUNTS = ("lut", "carry", "ff", "dsp", "bram")
"""What is counted."""


@dataclass(frozen=True)
class Part:
    """What a design takes, and how fast it is, as it was counted and predicted.

    Attributes
    ----------
    lut, carry, ff, dsp, bram : int
        As `costmodel.measure.Cost` has them.
    mhz : float or None
        Between registers; None where nothing is known of the family's or of the blocks' delays.
    """

    lut: int
    carry: int
    ff: int
    dsp: int
    bram: int
    mhz: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


FIELDS: Mapping[str, Any] = get_type_hints(Part)


def part(spec: hw.Spec, target: hw.Target, keep: Keep = unkept) -> Part:
    """Count and time a design; `keep` has those that were.

    Raises
    ------
    TypeError, ValueError
        As `costmodel.count`; or the design has copies of registers.
    """
    load(target.name)

    def work() -> dict[str, Any]:
        component = hw.build(spec, target)
        found = counted(component, spec, target)
        counts = {name: getattr(found, name) for name in COUNTS}
        return Part(**counts, mhz=timed(component, target).mhz if is_timed(spec, target) else None).to_dict()

    return Part(**keep("part", part_key(spec, target), f"{spec} on {target.name}", FIELDS, work))


def part_key(spec: hw.Spec, target: hw.Target) -> str:
    """A hash of all that a part depends on: the design, and the code that builds and counts it; errors as `part`."""
    check_counted(spec)
    return hashlib.sha256("\0".join([spec.name, target.name, _code()]).encode()).hexdigest()


def check_counted(spec: hw.Spec) -> None:
    """Raise ValueError if registers are there three times: copies are made in the Verilog, which nothing here reads."""
    if what := spec.protection:
        why = "for neither copies nor parity bits are counted"
        raise ValueError(f"{cut(spec.name)}: {what} must be left out to estimate a design, {why}")


@cache
def _code() -> str:
    """What builds and counts, as it is in this process."""
    return code_digest("hw", "costmodel.count", "costmodel.targets", __name__) + package_version("amaranth")


def is_timed(spec: hw.Spec, target: hw.Target) -> bool:
    """Whether it can be predicted how fast a design is."""
    return is_known(target.name) and not uses_blocks(getattr(spec, "form", ""))
