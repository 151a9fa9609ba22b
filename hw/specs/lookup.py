"""What specs of matrix products by table lookup share: tables hold sums of activations, and weights are indices."""

from __future__ import annotations

import re
from abc import abstractmethod
from fractions import Fraction
from typing import Any

import numpy as np

from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Kulisch
from hw.datapath.digits import Sums
from hw.formats import Fixed, Format, Span, check_choice, check_int, parse_scalar
from hw.formats.messages import cut, echo
from hw.specs.base import MAX_PIPELINE, check_format, check_operand
from hw.specs.depth import LEVELS, doublings, settle
from hw.specs.grammar import Part
from hw.specs.parts import ACCUMULATOR, STAGES, number, word
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

GROUPS = (2, 4)
MAX_TABLES, MAX_LOOKUPS, MAX_READS = 256, 256, 4096
ENTRIES = {"full": "every sum of a group", "half": "every sum but the negatives of others: an index has a sign"}
STORAGES = {
    "registers": "a register for each sum, all loaded in one cycle",
    "lutram": "memory in LUTs: a sum is written a cycle",
    "blockram": "block RAM: a sum is written a cycle, and a lookup takes one of the pipeline's registers",
}
ONE = parse_scalar("uint1")


def _read_storage(text: str) -> dict[str, Any]:
    storage, colon, banks = text.partition(":")
    if colon and not re.fullmatch("[1-9][0-9]{0,6}", banks):
        raise ValueError(f"banks must be a number behind the colon, got {echo(banks)}")
    return {"storage": storage} | ({"banks": int(banks)} if colon else {})


SHAPE = (
    number("group", "g", "gGROUP", needed=True),
    number("tables", "t", "tTABLES", needed=True),
    number("lookups", "q", "qLOOKUPS", needed=True),
)
TABLES = (
    word("entries", "ENTRIES"),
    Part("STORAGE[:BANKS]", _read_storage, lambda spec: spec.storage + (f":{spec.banks}" if spec.banks > 1 else "")),
    ACCUMULATOR,
    STAGES,
)
"""How the tables are built, and what follows."""


class LookupSpec(StreamSpec):
    """A product of a matrix of narrow weights by vectors, ``y = W x``; subclasses are dataclasses with these fields.

    A beat of activations fills the tables: each has the sums of a group. Each beat of indices then looks up a sum in
    every table for each of `lookups` rows of weights, until one is marked as the last; so it goes with the next
    activations.
    """

    x: Format
    group: int
    tables: int
    lookups: int
    entries: str
    storage: str
    banks: int
    accumulator: str
    pipeline: int

    @property
    @abstractmethod
    def weights(self) -> Span:
        """The span of a weight."""

    @property
    @abstractmethod
    def table(self) -> Sums:
        """The sums in a table."""

    @property
    def planes(self) -> int:
        """Sums of each group that make one product: bits of a weight, where these are looked up one by one."""
        return 1

    @property
    def planes_a_beat(self) -> int:
        """Of these, how many are looked up in one cycle: all or one."""
        return self.planes

    @property
    def negative_top(self) -> bool:
        """Whether the highest plane counts negative."""
        return False

    @property
    def whole_weight(self) -> int | None:
        """Where twice the result is summed up: what the sum of all activations counts in it, beside the planes."""
        return None

    @property
    def span(self) -> Span:
        """The span of a product of weight and activation."""
        return self.x.span * self.weights

    @property
    def width(self) -> int:
        """Activations in a beat, products in a sum."""
        return self.tables * self.group

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.lookups * self.width * self.planes_a_beat, self.planes))

    @property
    def paced(self) -> tuple[str, int]:
        return "w", 1

    @property
    def is_chained(self) -> bool:
        """Whether there is a stream `c` of sums that the results are added to."""
        return self.accumulator != "exact"

    @property
    def result(self) -> Fixed:
        """The format of the sums."""
        sums = Kulisch.parse(self.accumulator) if self.is_chained else Kulisch(self.width)
        assert sums is not None
        return sums.format(self.span)

    @property
    def entry(self) -> Span:
        """The span of what is in a table."""
        return self.table.span(self.x.span)

    @property
    def build(self) -> int:
        """Cycles in which the tables are filled."""
        return 1 if self.storage == "registers" else len(self.table.walk())

    @property
    def overlaps(self) -> bool:
        """Whether tables are filled while others, or their last sums, are looked up."""
        return self.banks > 1 or self.storage == "registers"

    @property
    def depths(self) -> dict[str, int]:
        return {"pipeline": int(self.storage == "blockram")}

    @property
    def latency(self) -> int:
        """Cycles from the beat that completes a result to the result."""
        return self.pipeline

    @property
    def inputs(self) -> dict[str, Beat]:
        index = parse_scalar(f"uint{self.table.index_bits}")
        lanes = self.lookups * self.planes_a_beat * self.tables
        chained = {"c": {"x": Field(self.result, self.lookups)}} if self.is_chained else {}
        return {
            "x": {"x": Field(self.x, self.width)},
            "w": {"index": Field(index, lanes), "last": Field(FLAG)},
            **chained,
        }

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.lookups), "last": Field(FLAG)}}

    def cycles(self, vectors: Any = 1, rows: Any = 1) -> Any:
        """For so many beats of activations, each with a matrix of so many rows.

        The first tables are filled, and then all lookups follow; between them filling takes what it does not overlap.
        """
        vectors, rows = sizes(vectors=vectors, rows=rows)
        beats = -(-rows // self.lookups) * (self.planes // self.planes_a_beat)
        if not self.overlaps:
            each = self.build + beats
        elif isinstance(beats, int):
            each = max(self.build, beats)
        else:
            each = np.maximum(self.build, beats)
        return self.build + (vectors - 1) * each + beats + self.latency

    def work(self, vectors: Any = 1, rows: Any = 1) -> Any:
        """Products of weights and activations, for which the lookups stand; rows that fill up a beat do not count."""
        vectors, rows = sizes(vectors=vectors, rows=rows)
        return vectors * rows * self.width

    def moved(self, vectors: Any = 1, rows: Any = 1) -> dict[str, Any]:
        """A beat of sums has one of indices, or one for each plane, and one of sums to add to if there are such."""
        vectors, rows = sizes(vectors=vectors, rows=rows)
        results = vectors * -(-rows // self.lookups)
        chained = {"c": results} if self.is_chained else {}
        planes = self.planes // self.planes_a_beat
        return {"x": vectors + 0 * results, "w": results * planes, **chained, "y": results}

    def _check(self) -> None:
        """Raise TypeError or ValueError unless the fields go together; `table` must be known by then."""
        _check_activations(self.x)
        check_int("group", self.group, *GROUPS)
        check_int("tables", self.tables, 1, MAX_TABLES)
        check_int("lookups", self.lookups, 1, MAX_LOOKUPS)
        check_choice("entries", self.entries, ENTRIES)
        check_choice("storage", self.storage, STORAGES)
        check_int("banks", self.banks, 1, 2)
        settle(self)
        check_int("pipeline", self.pipeline, 0, MAX_PIPELINE)
        reads = self.lookups * self.planes_a_beat * self.tables
        if reads > MAX_READS:
            raise ValueError(f"lookups must leave at most {MAX_READS} sums a cycle in all tables, got {reads}")
        if self.storage == "registers" and self.banks > 1:
            raise ValueError(
                f"banks must be 1 for registers, which are loaded as soon as they are free, got {self.banks}"
            )
        if self.storage == "blockram" and not self.pipeline:
            raise ValueError("pipeline must be at least 1 for blockram, which has a register inside, got 0")
        self._settle_accumulator()

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # A word is found in two, may be negated on its way, and there is a register behind it.
        return 2 + LEVELS + doublings(self.tables * self.planes_a_beat) + self.is_chained

    def _settle_accumulator(self) -> None:
        """Bring the accumulator's name to its canonical form."""
        if not isinstance(self.accumulator, str):
            raise TypeError(f"accumulator must be a str, got {echo(self.accumulator)}")
        if not self.is_chained:
            return
        sums = Kulisch.parse(self.accumulator)
        if sums is None:
            raise ValueError(f"accumulator must be exact or kulischDEPTH, got {echo(self.accumulator)}")
        if sums.depth < self.width:
            raise ValueError(
                f"accumulator must have a depth of at least {self.width}, the products of a beat, got {sums.depth}"
            )
        object.__setattr__(self, "accumulator", sums.name)


def _check_activations(x: Format) -> None:
    check_format("x", x)
    check_operand("x", x)
    PRODUCTS["exact"].check(x, ONE)
    if x.has_special:
        raise ValueError(f"x must be a format without infinities and NaNs, got {cut(x)}")
