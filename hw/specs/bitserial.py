"""The spec of the dot product that is serial over bit planes, of a precision chosen at run time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hw.formats import Fixed, Span, check_choice, check_int, parse_scalar
from hw.formats.messages import cut, echo
from hw.specs.base import MAX_PIPELINE, Spec
from hw.specs.depth import doublings, settle
from hw.specs.grammar import Part
from hw.specs.parts import STAGES, number, word
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

MAX_LANES, MAX_BITS = 1024, 8
LOOPS = 2
"""Registers behind the plane: that of a row of planes, and that of the sum of rows."""
KINDS: dict[str, str] = {
    "twos": "bits that are 0 or 1, of two's complement or unsigned numbers: AND",
    "bipolar": "bits that are -1 or +1: XNOR",
    "both": "either, as a beat of a says",
}
BIT = parse_scalar("uint1")


@dataclass(frozen=True)
class BitserialSpec(StreamSpec):
    """A dot product of integers of few bits, ``sum = a[0] * w[0] + ... + a[n-1] * w[n-1]``, a pair of planes a cycle.

    A plane is one bit of each lane's number. Numbers come as frames of planes, the highest first; with each plane of a
    come all planes of w. So how many planes a frame has is the precision, chosen with each dot product: one of A and W
    bits takes A W cycles.

    Parameters
    ----------
    lanes : int
        Products in a sum, 1..1024.
    bits : int
        Planes that a frame may have, 1..8.
    kind : str
        What bits are: a key of `KINDS`.
    pipeline : int
        Registers between planes and the sum of their products, 0..99, placed where they balance the logic.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    lanes: int
    bits: int = MAX_BITS
    kind: str = "twos"
    pipeline: int = None  # type: ignore[assignment]

    unit: ClassVar[str] = "bitserial"
    example: ClassVar[str] = "bitserial/n64/b8/twos/p2"
    parts: ClassVar[tuple[Part, ...]] = (
        number("lanes", "n", "nLANES", needed=True),
        number("bits", "b", "bBITS"),
        word("kind", "KIND"),
        STAGES,
    )

    def __post_init__(self) -> None:
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_int("bits", self.bits, 1, MAX_BITS)
        check_choice("kind", self.kind, KINDS)
        settle(self)
        check_int("pipeline", self.pipeline, 0, MAX_PIPELINE)

    __hash__ = Spec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: a row for each doubling."""
        return max(1, doublings(self.lanes)) + (self.kind != "twos")

    @property
    def latency(self) -> int:
        """Cycles from the last planes of a dot product to its sum."""
        return self.pipeline + LOOPS

    @property
    def rate(self) -> Rate:
        """At the highest precision; at a lower one it makes more."""
        return Rate(Fraction(self.lanes, self.bits**2))

    @property
    def row(self) -> Span:
        """The span of a plane of a, times w: each plane may count negative."""
        most = self.lanes * ((1 << self.bits) - 1)
        return Span(-most, most, 0)

    @property
    def span(self) -> Span:
        """The span of all sums."""
        most = self.lanes * ((1 << self.bits) - 1) ** 2
        return Span(-most, most, 0)

    @property
    def result(self) -> Fixed:
        """The format of the sums."""
        return Fixed.holding(self.span)

    @property
    def inputs(self) -> dict[str, Beat]:
        flags = {"negative": Field(FLAG)}
        bipolar = {"bipolar": Field(FLAG)} if self.kind == "both" else {}
        lanes, last = {"x": Field(BIT, self.lanes)}, {"last": Field(FLAG)}
        return {"a": {**lanes, **flags, **bipolar, **last}, "w": {**lanes, **flags, **last}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"sum": {"x": Field(self.result)}}

    @property
    def frames(self) -> dict[str, int]:
        return dict.fromkeys(self.inputs, self.bits)

    @property
    def paced(self) -> tuple[str, int]:
        return "w", 1

    def cycles(self, vectors: Any = 1, a_bits: Any = MAX_BITS, w_bits: Any = MAX_BITS) -> Any:
        """For so many dot products of numbers of so many bits: a cycle for each pair of planes, and the latency."""
        vectors, a_bits, w_bits = sizes(vectors=vectors, a_bits=a_bits, w_bits=w_bits)
        return vectors * a_bits * w_bits + self.latency

    def work(self, vectors: Any = 1, a_bits: Any = MAX_BITS, w_bits: Any = MAX_BITS) -> Any:
        """Products, of whatever precision."""
        vectors, a_bits, w_bits = sizes(vectors=vectors, a_bits=a_bits, w_bits=w_bits)
        return vectors * self.lanes + 0 * a_bits * w_bits

    def moved(self, vectors: Any = 1, a_bits: Any = MAX_BITS, w_bits: Any = MAX_BITS) -> dict[str, Any]:
        """A beat is a plane; those of w come again with each plane of a."""
        vectors, a_bits, w_bits = sizes(vectors=vectors, a_bits=a_bits, w_bits=w_bits)
        none = 0 * vectors * a_bits * w_bits
        return {"a": vectors * a_bits + none, "w": vectors * a_bits * w_bits, "sum": vectors + none}

    def check_run(self, vectors: Any = 1, a_bits: Any = MAX_BITS, w_bits: Any = MAX_BITS) -> None:
        """Numbers have no more bits than a frame may have planes."""
        for name, count in (("a_bits", a_bits), ("w_bits", w_bits)):
            if np.any(np.asarray(count) > self.bits):
                raise ValueError(f"{name} must be at most {self.bits} for {cut(self.name)}, got {echo(count)}")
