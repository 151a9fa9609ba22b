"""The spec of the bit-serial processing element for a mixture of data types (BitMoD)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

import numpy as np

from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Kulisch
from hw.formats import Fixed, Format, Span, check_int, parse_scalar
from hw.formats.messages import cut, echo
from hw.specs.base import MAX_PIPELINE, Spec, check_format, check_operand
from hw.specs.depth import doublings, product_levels, settle
from hw.specs.grammar import Part
from hw.specs.parts import ACCUMULATOR, STAGES, number, scalar
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

MAX_LANES, MAX_GROUP = 64, 4096
TERM = parse_scalar("e2m0")
"""A term of a weight: 0, or plus or minus 1, 2 or 4."""
KINDS: dict[str, int] = {"int8": 4, "int6": 3, "fp4": 2, "fp3": 2}
"""The weights' data types, as `kind` counts them, and the terms of each. A term counts four times the next one."""
SCALE, CODE, KIND = parse_scalar("uint8"), parse_scalar("uint8"), parse_scalar("uint2")
LARGEST = Span(-128, 128, 0)
"""Of all weights, in their steps."""
LOOPS = 2
"""Registers behind the sum of terms: of a beat's weights, and of a group."""


@dataclass(frozen=True)
class BitmodSpec(StreamSpec):
    """A dot product ``y = scale[0] * (w . x of group 0) + scale[1] * ...``, whose weights are of a data type that each
    group chooses (arXiv 2411.11745).

    A beat has a weight and an activation for each lane, and is taken in as many cycles as the type has terms: a term
    of each weight a cycle, the highest first. While the next group is summed up, the sum of the one before is
    multiplied by its scale, a bit of it a cycle.

    Parameters
    ----------
    x : Format
        Of the activations: without infinities and NaNs.
    lanes : int
        Weights in a beat, 1..64.
    group : int
        Weights that share a type and a scale: a multiple of `lanes`, of four times as many at least, up to 4096.
    accumulator : str
        ``kulischDEPTH``: exact, as wide as DEPTH weights need.
    pipeline : int
        Registers between a beat and the sum of its terms, 0..99, placed where they balance the logic.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    x: Format
    lanes: int
    group: int
    accumulator: str = "kulisch4096"
    pipeline: int = None  # type: ignore[assignment]

    unit: ClassVar[str] = "bitmod"
    example: ClassVar[str] = "bitmod/int8/n4/g128/kulisch4096/p3"
    parts: ClassVar[tuple[Part, ...]] = (
        scalar("x", "X", needed=True),
        number("lanes", "n", "nLANES", needed=True),
        number("group", "g", "gGROUP", needed=True),
        ACCUMULATOR,
        STAGES,
    )

    def __post_init__(self) -> None:
        check_format("x", self.x)
        check_operand("x", self.x)
        PRODUCTS["exact"].check(self.x, TERM)
        if self.x.has_special:
            raise ValueError(f"x must be a format without infinities and NaNs, got {cut(self.x)}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_int("group", self.group, 1, MAX_GROUP)
        if self.group % self.lanes or self.group < 4 * self.lanes:
            # A group of fewer beats, of two cycles each, would not hide the eight bits of a scale.
            raise ValueError(
                f"group must be a multiple of {self.lanes} lanes, from {4 * self.lanes} on, got {self.group}"
            )
        self._settle_accumulator()
        settle(self)
        check_int("pipeline", self.pipeline, 0, MAX_PIPELINE)

    __hash__ = Spec.__hash__

    def _settle_accumulator(self) -> None:
        if not isinstance(self.accumulator, str):
            raise TypeError(f"accumulator must be a str, got {echo(self.accumulator)}")
        sums = Kulisch.parse(self.accumulator)
        if sums is None:
            raise ValueError(f"accumulator must be kulischDEPTH, got {echo(self.accumulator)}")
        if sums.depth < self.group:
            raise ValueError(f"accumulator must have a depth of at least {self.group}, a group, got {sums.depth}")
        object.__setattr__(self, "accumulator", sums.name)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: what makes a term takes two, then it is a product, which is
        shifted on its way into the sum."""
        return 2 + product_levels(self.x, TERM, "exact", "small") + ceil(3 * doublings(self.lanes) / 2)

    @property
    def latency(self) -> int:
        """Cycles from the last beat of a dot product to its result: the last scale has nothing to hide behind."""
        return self.pipeline + LOOPS + SCALE.width

    @property
    def beats(self) -> int:
        """Beats of a group."""
        return self.group // self.lanes

    @property
    def rate(self) -> Rate:
        """Of weights with the most terms; of those with fewer it makes more."""
        return Rate(Fraction(self.lanes, max(KINDS.values())))

    @property
    def step(self) -> Span:
        """The span of the sum of a beat's terms."""
        return PRODUCTS["exact"].span(self.x, TERM).accumulate(self.lanes)

    @property
    def product(self) -> Span:
        """The span of a weight times an activation."""
        return self.x.span * LARGEST

    @property
    def result(self) -> Fixed:
        """The format of the results, in steps of weights, activations and scales."""
        sums = Kulisch.parse(self.accumulator)
        assert sums is not None
        return sums.format(self.product * SCALE.span)

    @property
    def inputs(self) -> dict[str, Beat]:
        return {
            "x": {"x": Field(self.x, self.lanes)},
            "w": {"code": Field(CODE, self.lanes)},
            "g": {"kind": Field(KIND), "special": Field(KIND), "scale": Field(SCALE), "last": Field(FLAG)},
        }

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result)}}

    @property
    def paced(self) -> tuple[str, int]:
        return "x", max(KINDS.values())

    def cycles(self, vectors: Any = 1, groups: Any = 1, terms: Any = 4) -> Any:
        """For so many dot products of so many groups each, of weights of so many terms."""
        vectors, groups, terms = sizes(vectors=vectors, groups=groups, terms=terms)
        return vectors * groups * self.beats * terms + self.latency

    def work(self, vectors: Any = 1, groups: Any = 1, terms: Any = 4) -> Any:
        """Products, of however many terms."""
        vectors, groups, terms = sizes(vectors=vectors, groups=groups, terms=terms)
        return vectors * groups * self.group + 0 * terms

    def moved(self, vectors: Any = 1, groups: Any = 1, terms: Any = 4) -> dict[str, Any]:
        """A beat of g goes with each group."""
        vectors, groups, terms = sizes(vectors=vectors, groups=groups, terms=terms)
        each = vectors * groups + 0 * terms
        return {"x": each * self.beats, "w": each * self.beats, "g": each, "y": vectors + 0 * each}

    def check_run(self, vectors: Any = 1, groups: Any = 1, terms: Any = 4) -> None:
        """Weights have as many terms as there are types for."""
        if not np.all(np.isin(np.asarray(terms), [*KINDS.values()])):
            raise ValueError(f"terms must be 2, 3 or 4 for {cut(self.name)}, got {echo(terms)}")
