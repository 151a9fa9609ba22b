"""Beats that come out for those that went in: of each kind of unit, which bring results, and how many there may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hw
from hw.specs.array import ArraySpec
from hw.specs.lookup import LookupSpec
from hw.specs.matvec import MatVecSpec
from hw.specs.stream import FeedforwardSpec
from sim.proofs.candidates import Hints
from sim.proofs.driver import Proof, decide
from sim.proofs.frame import FIRST, Frame, Stream, outgoing, taken

COUNTER, GOES_IN, COMES_OUT = "around_inside", "around_goes_in", "around_comes_out"
"""A register around a unit: how many beats are still to come out; and whether a beat that brings some goes in, and one
comes out, in this cycle."""


@dataclass(frozen=True)
class Owed:
    """What beats bring results.

    Attributes
    ----------
    streams : tuple of str
        Inputs whose beats pass together, without the ``s_axis_``.
    results : int
        Beats that come out for each of these, or for each that ends a frame.
    room : int
        How many may still be to come out, at most.
    ends : bool
        Whether only those count with which a frame of one of them ends.
    """

    streams: tuple[str, ...]
    results: int
    room: int
    ends: bool = False


def _feedforward(spec: Any) -> Owed:
    return Owed(tuple(spec.inputs), 1, spec.latency + 1)


def _array(spec: Any) -> Owed:
    if spec.flow == "os":
        # Rows leave one by one; no other tile ends before the last one's have.
        return Owed(("a", "b"), spec.rows, spec.latency + spec.rows, ends=True)
    return Owed((spec.pe.moving, "c"), 1, spec.latency + 1)


def _matvec(spec: Any) -> Owed | None:
    return None if spec.resident else Owed(("a", "w"), 1, spec.latency + 1, ends=True)


def _lookup(spec: Any) -> Owed | None:
    return Owed(("w",), 1, spec.latency + 1) if spec.planes == spec.planes_a_beat else None


OWED: dict[type, Callable[[Any], Owed | None]] = {
    FeedforwardSpec: _feedforward,
    ArraySpec: _array,
    MatVecSpec: _matvec,
    LookupSpec: _lookup,
}
"""By kind of spec; None where it takes more than a count of beats to say."""


def owed(spec: hw.Spec) -> Owed | None:
    """What beats of a unit bring results, if that is known."""
    return next((say(spec) for kind, say in OWED.items() if isinstance(spec, kind)), None)


def is_counted(spec: hw.Spec, frame: Frame) -> bool:
    return owed(spec) is not None


def counted(spec: Any, frame: Frame, depth: int, seconds: float) -> Proof:
    """As many beats come out as those that went in bring, and no more are to come than there is room for."""
    module = frame.module(frame.neighbours(), inside(spec, frame))
    return decide(frame.emitted, module, [*frame.inputs, *frame.outputs], depth, seconds, hints(spec))


def hints(spec: hw.Spec, **more: str) -> Hints:
    """What the counter may say of the registers inside."""
    of = owed(spec)
    assert of is not None
    return Hints(COUNTER, of.results, **more)


def inside(spec: Any, frame: Frame, start: str = "") -> str:
    """How many beats are still to come out. The names of the unit's outputs begin with `start`."""
    of = owed(spec)
    assert of is not None
    by_name: dict[str, Stream] = {stream.name: stream for stream in frame.streams}
    first, *others = (by_name[f"s_axis_{name}"] for name in of.streams)
    (output,) = outgoing(frame)
    bits = (of.room + of.results + 1).bit_length()
    ends = " | ".join(f"{stream.name}_tlast" for stream in (first, *others) if stream.framed)
    brings = f"{taken(first, start)}{f' & ({ends})' if of.ends else ''}"
    return "\n".join(
        [
            f"  reg [{bits - 1}:0] {COUNTER} = 0;",
            f"  wire {GOES_IN} = {brings};",
            f"  wire {COMES_OUT} = {taken(output, start)};",
            f"  wire [{bits - 1}:0] around_brought = {GOES_IN} ? {of.results} : 0;",
            f"  always @(posedge clk) {COUNTER} <= rst ? 0 : {COUNTER} + around_brought - {COMES_OUT};",
            f"  always @* if (!{FIRST}) assert ({COUNTER} <= {of.room});",
            f"  always @* if (!{FIRST} && {COMES_OUT}) assert ({COUNTER} != 0 || {GOES_IN});",
            *(f"  always @* if (!{FIRST}) assert (({taken(s, start)}) == ({taken(first, start)}));" for s in others),
        ]
    )
