"""A frequency in, a pipeline out: the fewest registers with which a unit is predicted to be fast enough.

A prediction reads the unit's own bits, so it needs no synthesis; what it is worth, docs/timing.md says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from numbers import Real
from typing import Any

from hw.arith.schedule import TooDeep
from hw.formats.messages import cut, echo
from hw.specs.base import MAX_PIPELINE, Spec
from hw.target import TARGETS, Target
from hw.timing.arrival import Arrival
from hw.timing.delays import delays_of, is_known
from hw.timing.netlist import Contents, Design, Source, read_contents, read_design
from hw.units import build
from hw.units.unit import Unit

CLOSE = 1.01
"""By what factor a clock must be faster for more registers to be worth it."""


@dataclass(frozen=True)
class Prediction:
    """How fast a design is predicted to be, and why not faster.

    Attributes
    ----------
    mhz : float
        Between registers.
    begins, ends : str
        The registers or ports between which the longest path is.
    loop : bool
        Whether what it ends at is also among what the last bit depends on: registers between would change the result.
    parts : dict of str to float
        What it passes: how often each field of `hw.timing.delays.Delays` counts.
    """

    mhz: float
    begins: str
    ends: str
    loop: bool
    parts: dict[str, float]

    @property
    def binds(self) -> str:
        """What keeps it from being faster."""
        said = {"block": " through a multiplier block", "memory": " through a memory"}
        through = "".join(said[part] for part in said if self.parts.get(part))
        if self.loop:
            return f"the loop of {self.ends.split('[')[0]}{through}"
        return f"the path from {self.begins} to {self.ends}{through}"


def predict(spec: Spec, target: Target) -> Prediction:
    """How fast a design is predicted to be on a target.

    Raises
    ------
    TypeError
        `spec` is not a Spec, or `target` not a Target.
    ValueError
        Nothing was measured on the target that would tell; or the target can't have the design.
    """
    if not isinstance(spec, Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    check_known(target)
    _check_predicted(spec)
    return _predict(spec, target)


def check_known(target: Target) -> None:
    """Raise unless a target has delays of its own."""
    if not isinstance(target, Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    if not is_known(target.name):
        known = ", ".join(name for name in TARGETS if is_known(name))
        raise ValueError(f"target must be one of {known}, whose delays are known, to predict MHz; got {target.name}")


@lru_cache(maxsize=1024)
def _predict(spec: Spec, target: Target) -> Prediction:
    return timed(build(spec, target), target)


def timed(component: Unit, target: Target) -> Prediction:
    """How fast a component is predicted to be on the target that it was built for."""
    delays = delays_of(target.name)
    design = design_of(component)
    arrival = Arrival(design.network, delays).all()
    if not design.ends:
        return Prediction(delays.limit, "an input", "an output", False, {})
    path = arrival.longest(end.bit for end in design.ends)
    end = next(end for end in design.ends if end.bit == path.end)
    begins = design.names.get(arrival.path(path.end)[-1], "an input")
    read = {design.registers.get(bit) for bit in design.network.sources_of(path.end)} - {None}
    return Prediction(min(delays.limit, 1000 / path.period), begins, end.taker, end.register in read, path.parts)


def design_of(component: Unit) -> Design:
    """A built component as its bits see it, with all that it instantiates."""
    return read_design(component.source, dict(_parts(component)))


def contents_of(component: Unit) -> Contents:
    """A built component with all that is in it, and all that it instantiates."""
    return read_contents(component.source, dict(_parts(component)))


def _parts(component: Unit) -> Iterator[tuple[str, Source]]:
    """All that is instantiated, by the names that are used."""
    for name, part in component.parts.items():
        yield name, part.source
        yield from _parts(part)


def pipeline_for(spec: Spec, target: Target, mhz: float) -> Spec:
    """The design with the fewest registers that is predicted to reach a frequency.

    Parameters
    ----------
    spec : Spec
        What to build; the registers that it names do not count.
    target : Target
        One whose delays are known.
    mhz : float
        What its clock is to be, between registers.

    Raises
    ------
    TypeError
        `spec` is not a Spec, `target` not a Target, or `mhz` not a number.
    ValueError
        `mhz` is not above 0, more than the fabric does, or more than the design does with any number of registers: the
        message says what binds; or nothing is known of the target's delays.
    """
    if not isinstance(spec, Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    check_known(target)
    mhz = check_mhz(mhz, target)
    _check_predicted(spec)
    for field in spec.depths:
        spec = _deepened(spec, target, mhz, field)
    found = _predict(spec, target)
    if found.mhz < mhz:
        raise ValueError(
            f"{cut(spec.name)}: mhz must be at most {math.floor(found.mhz)} on {target.name}, "
            f"where {found.binds} binds, got {mhz:g}"
        )
    return spec


def _check_predicted(spec: Spec) -> None:
    """Raise ValueError for a design whose multiplier blocks nothing is known of, or that has votes behind registers."""
    if what := spec.protection:
        why = "for votes and checks are not in what is timed"
        raise ValueError(f"{cut(spec.name)}: {what} must be left out to predict MHz, {why}")
    form = getattr(spec, "form", "")
    if form.startswith("dsp"):
        raise ValueError(
            f"{cut(spec.name)}: form must be small or fast to predict MHz, for the delays of multiplier blocks are not "
            f"known, got {echo(form)}"
        )


def check_mhz(mhz: float, target: Target) -> float:
    """A frequency that a target's fabric can have; raise TypeError or ValueError if it is none."""
    if isinstance(mhz, bool) or not isinstance(mhz, Real):
        raise TypeError(f"mhz must be a number, got {echo(mhz)}")
    limit = delays_of(target.name).limit
    # A comparison takes integers of any size, a conversion does not.
    if not 0 < mhz <= limit:
        raise ValueError(
            f"mhz must be above 0 and at most {math.floor(limit)}, which is a LUT between registers on {target.name}, "
            f"got {echo(mhz)}"
        )
    return float(mhz)


def _deepened(spec: Spec, target: Target, mhz: float, field: str) -> Spec:
    """With the fewest registers in a field that are enough; or, if none are, the fewest that are as good as any."""
    least = spec.depths[field]

    def deep(stages: int) -> Spec:
        changed: dict[str, Any] = {field: stages}
        return replace(spec, **changed)

    @cache
    def with_stages(stages: int) -> float:
        return _speed(deep(stages), target) if stages <= MAX_PIPELINE else math.inf

    found = _fewest(with_stages, least, mhz)
    if math.isinf(with_stages(found)):
        # More than the logic can use: what all those before it reach is not enough.
        best = with_stages(found - 1) if found > least else 0.0
        found = _fewest(with_stages, least, best / CLOSE)
    return deep(found)


def _fewest(speed: Callable[[int], float], least: int, mhz: float) -> int:
    """The fewest registers, from `least` on, with which a speed is reached that rises with them."""
    low, step = least, 1
    while speed(low + step - 1) < mhz:
        step *= 2
    high = low + step - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if speed(middle) >= mhz else (middle + 1, high)
    return high


def _speed(spec: Spec, target: Target) -> float:
    """MHz; without an end where the logic can't use so many registers."""
    try:
        return _predict(spec, target).mhz
    except TooDeep:
        return math.inf
