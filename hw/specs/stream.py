"""What specs of units with streams share: the beats that go in and out, and how many cycles that takes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hw.formats import Format, parse_scalar
from hw.formats.messages import echo
from hw.specs.base import Spec
from hw.specs.rate import Rate

FLAG, STATUS = parse_scalar("uint1"), parse_scalar("uint2")
"""What a field is in that carries no number but a flag; or a `status`: bit 0 +infinity, bit 1 -infinity, both NaN."""


@dataclass(frozen=True)
class Field:
    """A part of a beat.

    Parameters
    ----------
    format : Format
        Of its codes.
    lanes : int, optional
        How many codes lie side by side, the first in the lowest bits; a single code if left out.
    """

    format: Format
    lanes: int | None = None

    @property
    def width(self) -> int:
        return self.format.width * (1 if self.lanes is None else self.lanes)


Beat = Mapping[str, Field]
"""What a stream carries at a time: fields by name, the first in the lowest bits."""


def beat_width(beat: Beat) -> int:
    """Bits of a beat."""
    return sum(field.width for field in beat.values())


LAST = "last"
"""The field that ends a frame: it is `tlast`, and all others are in `tdata`."""


@dataclass(frozen=True)
class Position:
    """Where a field lies in `tdata`.

    Parameters
    ----------
    format : Format
        Of its codes.
    lanes : int
        How many there are.
    offset, step : int
        The lowest bit of the first code, and how far it is from there to the next one's.
    """

    format: Format
    lanes: int
    offset: int
    step: int

    @property
    def end(self) -> int:
        """The bit above the last code."""
        return self.offset + (self.lanes - 1) * self.step + self.format.width


@dataclass(frozen=True)
class Wires:
    """A stream as wires: AXI4-Stream with `tdata`, `tvalid`, `tready` and, if frames end, `tlast`.

    Parameters
    ----------
    positions : dict of str to Position
        The fields in `tdata`. What they leave is ignored on the way in, and zero, or a code's sign, on the way out.
    incoming : bool
        Whether the unit takes it.
    framed : bool
        Whether there is a `tlast`.
    """

    positions: dict[str, Position]
    incoming: bool
    framed: bool

    @property
    def width(self) -> int:
        """Bits of `tdata`: whole bytes."""
        ends = [position.offset + position.lanes * position.step for position in self.positions.values()]
        return -(-max(ends) // 8) * 8

    @classmethod
    def packed(cls, beat: Beat, incoming: bool) -> Wires:
        """Fields one after the other, and so their codes."""
        positions, low = {}, 0
        for name, field in beat.items():
            if name != LAST:
                positions[name] = Position(field.format, field.lanes or 1, low, field.format.width)
                low += field.width
        return cls(positions, incoming, LAST in beat)


def sizes(**shape: Any) -> list[Any]:
    """Parts of a shape as ints, or as arrays of 64 bits.

    Raises
    ------
    TypeError
        A part is neither an int nor an array of integers.
    ValueError
        A part is less than 1.
    """
    return [_size(name, size) for name, size in shape.items()]


def _size(name: str, size: Any) -> Any:
    array = np.asarray(size)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be an int or an array of integers, got {echo(size)}")
    if array.size and array.min() < 1:
        raise ValueError(f"{name} must be 1 or more, got {array.min()}")
    return array.astype(np.int64) if array.ndim else int(array)


class StreamSpec(Spec):
    """A unit whose ports are streams; subclasses give these and the cycles that beats take.

    In Verilog an input X is the ports ``s_axis_X_tdata``, ``s_axis_X_tvalid``, ``s_axis_X_tready`` and, if its frames
    end, ``s_axis_X_tlast``; an output ``m_axis_X_tdata`` and so on. A beat passes at a clock edge at which both valid
    and ready are high. A side that has raised valid keeps it, and the beat, until then.
    """

    @property
    @abstractmethod
    def inputs(self) -> dict[str, Beat]:
        """The beats of each stream that the unit takes."""

    @property
    @abstractmethod
    def outputs(self) -> dict[str, Beat]:
        """The beats of each stream that the unit gives."""

    @property
    def wires(self) -> dict[str, Wires]:
        """The streams' wires, by what their names begin with."""
        taken = {f"s_axis_{name}": Wires.packed(beat, True) for name, beat in self.inputs.items()}
        return taken | {f"m_axis_{name}": Wires.packed(beat, False) for name, beat in self.outputs.items()}

    @abstractmethod
    def cycles(self, *shape: Any) -> Any:
        """Clock cycles from the first in which all input is offered to the one in which the last result passes.

        Both are counted, and nobody keeps the unit waiting. Subclasses name the shape; each part of it is an
        int, or an integer array, and arrays are broadcast together.

        Raises
        ------
        TypeError, ValueError
            A part of the shape is no integer, or less than 1.
        """

    @abstractmethod
    def work(self, *shape: Any) -> Any:
        """How much of what `rate` counts is made in a run of a shape, which is that of `cycles`; no padding counts.

        Raises
        ------
        TypeError, ValueError
            As `cycles`.
        """

    @abstractmethod
    def moved(self, *shape: Any) -> dict[str, Any]:
        """The beats that pass on each stream in a run of a shape, which is that of `cycles`, by the stream's name.

        Raises
        ------
        TypeError, ValueError
            As `cycles`.
        """

    def check_run(self, *shape: Any, **named: Any) -> None:
        """Raise ValueError if the unit does not take a run of that shape, though all of it are numbers from 1 on."""

    @property
    def frames(self) -> dict[str, int]:
        """Beats that a frame of a stream may have, where these are few."""
        return {}

    @property
    def paced(self) -> tuple[str, int | Fraction]:
        """The input that brings a beat in each cycle of work; and for how many cycles there is work with a beat."""
        return next(iter(self.inputs)), 1

    @property
    def port_formats(self) -> dict[str, Format]:
        streams = self.inputs | self.outputs
        return {f"{name}.{part}": field.format for name, beat in streams.items() for part, field in beat.items()}

    @property
    def timing(self) -> str:
        return f"Latency: {self.latency} cycles from a beat to the result that it completes, if nothing waits."


class FeedforwardSpec(StreamSpec):
    """A unit with streams of which each result depends on one beat of each input; `pipeline` is a subclass's field."""

    pipeline: int

    @property
    def latency(self) -> int:
        """Cycles from a beat to its result."""
        return self.pipeline

    def cycles(self, beats: Any = 1) -> Any:
        """For so many beats: one each, and the latency."""
        (beats,) = sizes(beats=beats)
        return beats + self.latency

    @property
    def rate(self) -> Rate:
        """Every lane of a beat that comes out is a result, unless a unit says otherwise."""
        lanes = sum(next(iter(beat.values())).lanes or 1 for beat in self.outputs.values())
        return Rate(Fraction(lanes), "results")

    def work(self, beats: Any = 1) -> Any:
        """Each beat brings as much as a cycle."""
        (beats,) = sizes(beats=beats)
        return beats * int(self.rate.count)

    def moved(self, beats: Any = 1) -> dict[str, Any]:
        """Every beat is one on each stream."""
        (beats,) = sizes(beats=beats)
        return dict.fromkeys([*self.inputs, *self.outputs], beats)
