"""What specs of units share that keep a row of numbers in a memory, and let it pass their datapath several times."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from typing import Any

import numpy as np

from hw.formats import Format, Integer, check_int
from hw.formats.messages import cut, echo
from hw.specs.base import check_build, check_format
from hw.specs.dot import MAX_LANES
from hw.specs.parts import number
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

MAX_INPUT, MAX_ROW = 16, 1 << 14

ROW = number("row", "r", "rROW", needed=True)


class RowSpec(StreamSpec):
    """A unit that takes rows of numbers, each of which it needs more than once; subclasses are dataclasses.

    Stream `x` has `lanes` numbers a beat, a flag `keep` for each that is one of the row's, and `last` with a row's last
    beat. The first pass writes the row to a memory, the others read it, and the last of them gives stream `y`: a beat
    for each that was kept, with ``last`` and ``error``. A row that is longer than the memory is cut there, and one
    without any number has none to give: both are flagged by `error` in all of their beats.
    """

    input: Format
    lanes: int
    row: int
    pipeline: int
    form: str

    @property
    @abstractmethod
    def passes(self) -> int:
        """How often a row passes: to be kept, perhaps to be looked at again, and to give results."""

    @property
    @abstractmethod
    def solving(self) -> tuple[int, ...]:
        """Cycles of what is worked out behind each pass but the last, number by number."""

    @property
    def settling(self) -> int:
        """Registers between the datapath and what is gathered of a row, beside the one that gathers."""
        return 0

    @property
    def parameters(self) -> dict[str, Field]:
        """The fields of a stream `p` of which a beat is taken with each that is shown; none if there is no such."""
        return {}

    @property
    @abstractmethod
    def results(self) -> dict[str, Field]:
        """The fields of `y`, but for ``error`` and ``last``."""

    @property
    def depth(self) -> int:
        """Beats in the memory."""
        return self.row // self.lanes

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.lanes, self.passes), "results")

    @property
    def paced(self) -> tuple[str, int]:
        return "x", self.passes

    @property
    def inputs(self) -> dict[str, Beat]:
        row = {"x": Field(self.input, self.lanes), "keep": Field(FLAG, self.lanes), "last": Field(FLAG)}
        return {"x": row, "p": self.parameters} if self.parameters else {"x": row}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {**self.results, "error": Field(FLAG), "last": Field(FLAG)}}

    @property
    def latency(self) -> int:
        """Cycles from the beat of a row of one beat to its result."""
        return int(self.cycles(1, 1)) - 1

    @property
    def timing(self) -> str:
        return (
            f"A row of B beats takes {self.passes} B + {self.between} cycles, if nothing waits, and its last result "
            f"comes {self.pipeline + 1} later."
        )

    @property
    def between(self) -> int:
        """Cycles of a row in which no beat of it enters the datapath: passes end, and something is worked out."""
        # A pass ends when what it gathers is there, and from the last one to the next row the memory's registers empty.
        return (self.passes - 1) * (self.pipeline + self.settling + 5) + sum(self.solving)

    def cycles(self, beats: Any = 1, rows: Any = 1) -> Any:
        """For so many beats of so many rows, one after the other."""
        beats, rows = sizes(beats=beats, rows=rows)
        return beats * self.passes + rows * self.between + self.pipeline + 1

    def work(self, beats: Any = 1, rows: Any = 1) -> Any:
        """A result in each lane."""
        beats, rows = sizes(beats=beats, rows=rows)
        return beats * self.lanes + 0 * rows

    def moved(self, beats: Any = 1, rows: Any = 1) -> dict[str, Any]:
        """As many beats come out as go in."""
        beats, rows = sizes(beats=beats, rows=rows)
        return dict.fromkeys([*self.inputs, *self.outputs], beats + 0 * rows)

    def check_run(self, beats: Any = 1, rows: Any = 1) -> None:
        """Every row has a beat, and no more than the memory."""
        few, many = np.asarray(beats) < np.asarray(rows), np.asarray(beats) > np.asarray(rows) * self.depth
        if np.any(few | many):
            raise ValueError(f"beats must be 1 to {self.depth} for each row, got {echo(beats)} for {echo(rows)} rows")

    def check_rows(self) -> None:
        """Raise TypeError or ValueError unless the fields that all such units have go together."""
        check_format("input", self.input)
        if not isinstance(self.input, Integer) or self.input.width > MAX_INPUT:
            raise ValueError(f"input must be an integer of at most {MAX_INPUT} bits, got {cut(self.input)}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_int("row", self.row, 1, MAX_ROW)
        if self.row % self.lanes:
            raise ValueError(f"row must be a multiple of {self.lanes}, the lanes, got {self.row}")
        check_build(self.form, self.pipeline)
