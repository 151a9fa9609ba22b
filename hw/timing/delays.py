"""How long a signal takes through what a family's fabric has, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Delays:
    """Delays of one family, in ns, as placed and routed on average.

    Parameters
    ----------
    inputs : int
        Wires of a LUT.
    register : float
        From the clock to a register's output, and setup of the one at the end.
    lut : float
        Through a LUT.
    wire : float
        From a cell to one that reads it.
    fanout : float
        More of that for each doubling of those who read it.
    enter, carry, leave : float
        Into a carry chain, from place to place, and out of it.
    join : float
        Through a multiplexer beside the LUTs.
    memory : float
        From a memory's address to its word.
    block : float
        Through a multiplier block.
    crowd : float
        More for a whole design for each doubling of the paths that are nearly as long as the longest: the slowest of
        many placements is slower.
    spread : float
        More for each wire for each doubling of a design beyond `hw.timing.arrival.SMALL` bits: it lies further apart.
    """

    inputs: int
    register: float
    lut: float
    wire: float
    fanout: float
    enter: float
    carry: float
    leave: float
    join: float
    memory: float
    block: float
    crowd: float
    spread: float

    @property
    def limit(self) -> float:
        """MHz of a LUT between two registers: nothing is faster."""
        return 1000 / (self.register + self.wire + self.lut)


LIKE: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("generic", "nexus", "machxo2", "gowin", "gatemate"), ("ecp5", 4)),
    **dict.fromkeys(("xc7", "xcup", "intelalm"), ("ecp5", 6)),
    "ice40up": ("ice40", 4),
}
"""For families without delays of their own: the one by whose delays registers are shared out, and inputs of a LUT."""


def is_known(target: str) -> bool:
    """Whether a family has delays of its own."""
    return target not in LIKE


@cache
def delays_of(target: str) -> Delays:
    """The delays of a family, or, where it has none, of one that is built much like it."""
    name, inputs = LIKE.get(target, (target, 0))
    table = tomllib.loads(files("hw.timing.families").joinpath(f"{name}.toml").read_text())
    known = {field.name: table[field.name] for field in fields(Delays)}
    return Delays(**known | ({"inputs": inputs} if inputs else {}))
