"""What a unit does in a cycle, so that what it takes can be told of one operation, and what it is composed of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hw
from costmodel.streams import STREAMS, Stream
from hw.datapath.accumulate import parse_accumulator
from hw.formats.messages import cut
from hw.specs.stream import StreamSpec
from sim.activity import Activity

PRODUCT, RESULT = "product", "result"
PER_CYCLE: dict[str, Callable[[Any], int]] = {
    "mac": lambda spec: 1,
    "mul": lambda spec: 1,
    "pe": lambda spec: 1,
    "pack": lambda spec: spec.count,
}
"""Products a cycle of units without streams, by the unit's name."""
PER_BEAT: dict[str, tuple[str, Callable[[Any], float]]] = {
    "dot": ("a", lambda spec: spec.lanes),
    "blockdot": ("a", lambda spec: spec.lanes),
    "array": ("", lambda spec: spec.rows * spec.columns),
    "matvec": ("a", lambda spec: spec.lanes * (spec.rows or spec.elements)),
    "tellme": ("w", lambda spec: spec.width * spec.lookups),
    "tmac": ("w", lambda spec: spec.width * spec.lookups * spec.planes_a_beat / spec.planes),
}
"""Those of units with streams: an input, or none for the operand that moves, and the products that each of its beats
makes. What is in neither table makes no products: its operations are results."""


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

    The first is a core's array, which always works; what follows it gets each sum once, when all its products are in
    it: as many as K may be at most, or as there are in a block.
    """
    component = hw.check(spec, target)
    if not component.registers:
        return []
    array = spec.array
    depth = min(spec.max_k, getattr(parse_accumulator(array.accumulator), "depth", spec.max_k))
    sums = array.rows * array.columns / depth
    found = []
    for name, part in component.parts.items():
        made: Any = part.spec
        follows = made != array
        found.append(Part(name, made, min(1.0, sums / made.lanes) if follows else 1.0, follows))
    return sorted(found, key=lambda part: part.follows)


def operations(spec: Any, seen: Activity) -> tuple[str, float]:
    """What a unit's operations are, and how many it did in a cycle of those that were looked at.

    Raises
    ------
    ValueError
        It did nothing.
    """
    if not isinstance(spec, StreamSpec):
        return (PRODUCT, float(PER_CYCLE[spec.unit](spec))) if spec.unit in PER_CYCLE else (RESULT, 1.0)
    if spec.unit in PER_BEAT:
        stream, each = PER_BEAT[spec.unit]
        moving = stream or spec.pe.moving  # type: ignore[attr-defined]
        beats = next(count for name, count in seen.taken.items() if name.startswith(f"s_axis_{moving}_tdata["))
        what, done = PRODUCT, beats * each(spec)
    else:
        what, done = RESULT, _results(spec, seen)
    if not done:
        raise ValueError(f"{cut(spec.name)} did nothing in {seen.cycles} cycles")
    return what, done / seen.cycles


def _results(spec: StreamSpec, seen: Activity) -> float:
    """Results that a unit gave in the cycles that were counted, each lane's for itself."""
    done = 0.0
    for name, beat in spec.outputs.items():
        lanes = max(field.lanes or 1 for field in beat.values())
        done += lanes * float(seen.outputs[f"m_axis_{name}_tvalid"][-seen.cycles :].mean(axis=1).sum())
    return done
