"""What a unit does in a cycle, so that what it takes can be told of one operation, and what it is composed of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hw
from costmodel.streams import STREAMS, Stream
from hw.datapath.accumulate import parse_accumulator
from hw.formats.messages import cut
from hw.specs.stream import StreamSpec
from sim.activity import Activity


@dataclass(frozen=True)
class Part:
    """A unit within another.

    Attributes
    ----------
    name : str
        What it is called there.
    spec : Spec
    share : float
        In how many of the cycles it gets operands, on average.
    follows : bool
        Whether it gets what another part made, and not the whole's operands.
    """

    name: str
    spec: hw.Spec
    share: float
    follows: bool

    def stream(self, stream: Stream) -> Stream:
        """What it is given where the whole is given a stream: nobody recorded what parts hand on."""
        return STREAMS["normal"] if self.follows and stream.recorded else stream


def parts(spec: Any, target: hw.Target = hw.GENERIC) -> list[Part]:
    """What a unit is composed of that can't be driven itself, for it needs a program; of any other none.

    Of an encoder it is what its GEMM core is composed of, which makes its products. The first is a core's array, which
    always works; what follows it gets each sum once, when all its products are in it: as many as K may be at most, or
    as there are in a block.

    Raises
    ------
    ValueError
        Its registers are there three times: parts alone have no copies.
    """
    core = getattr(spec, "gemm", spec)
    component = hw.check(core, target)
    if not component.registers:
        return []
    if what := spec.protection:
        why = "which is that of its parts"
        raise ValueError(f"{cut(spec.name)}: {what} must be left out for the energy of a core, {why}")
    array = core.array
    depth = min(core.max_k, getattr(parse_accumulator(array.accumulator), "depth", core.max_k))
    sums = array.rows * array.columns / depth
    found = []
    for name, part in component.parts.items():
        made: Any = part.spec
        follows = made != array
        found.append(Part(name, made, min(1.0, sums / made.lanes) if follows else 1.0, follows))
    return sorted(found, key=lambda part: part.follows)


def operations(spec: Any, seen: Activity) -> tuple[str, float]:
    """What a unit's operations are, a key of `hw.specs.rate.WORK`, and how many it did in a cycle that was looked at.

    Raises
    ------
    ValueError
        It did nothing.
    """
    rate = spec.rate
    if not isinstance(spec, StreamSpec):
        return rate.of, float(rate.count)
    stream, cycles = spec.paced
    beats = next(count for name, count in seen.taken.items() if name.startswith(f"s_axis_{stream}_tdata["))
    if not beats:
        raise ValueError(f"{cut(spec.name)} did nothing in {seen.cycles} cycles")
    return rate.of, float(rate.count) * cycles * beats / seen.cycles
