"""What is proved of designs: each property is a module around one, and says of which designs it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import hw
from hw.units import component_type
from hw.units.stream import Feedforward
from rtl_gen import Emitted
from sim.proofs.counts import COMES_OUT, COUNTER, GOES_IN, counted, hints, inside, is_counted
from sim.proofs.driver import DEPTH, FAILS, SECONDS, Proof, decide
from sim.proofs.frame import FIRST, Frame, kept, outgoing
from sim.proofs.sums import is_exact_sum, never_overflows
from sim.proofs.ways import never_waits

TAGGED, AHEAD = "around_tagged", "around_ahead"
"""Registers around a unit: whether a beat is inside that is followed, and how many come before it."""


@dataclass(frozen=True)
class Property:
    """Something to prove.

    Attributes
    ----------
    name, about : str
        What tables call it, and say of it.
    applies : callable
        Whether it can be asked of a design.
    prove : callable
        Tries to, by spec, frame, depth and seconds.
    """

    name: str
    about: str
    applies: Callable[[hw.Spec, Frame], bool]
    prove: Callable[[hw.Spec, Frame, int, float], Proof]


def has_streams(spec: hw.Spec, frame: Frame) -> bool:
    return bool(frame.streams)


def has_reset(spec: hw.Spec, frame: Frame) -> bool:
    # What begins with a flag of its own has nothing to show before it.
    return "rst" in frame.clocked and not {"first", "swap"} & set(frame.inputs)


def is_feedforward(spec: hw.Spec, frame: Frame) -> bool:
    return issubclass(component_type(spec.unit), Feedforward)


def stable(spec: hw.Spec, frame: Frame, depth: int, seconds: float) -> Proof:
    """What is on offer stays, whole, until it is taken."""
    module = frame.module(frame.neighbours(), *(kept(stream, "assert") for stream in outgoing(frame)))
    return decide(frame.emitted, module, [*frame.inputs, *frame.outputs], depth, seconds)


def ordered(spec: hw.Spec, frame: Frame, depth: int, seconds: float) -> Proof:
    """Of two copies that get the same beats but one, all show the same but the beat that comes out in its place.

    Which beat that is, and what is in it, is anything. So a beat that comes out is made of the one that went in at its
    place, and of no other: none is lost for another, doubled, or put before one that went in sooner.
    """
    streams = [stream for stream in frame.streams if stream.incoming]
    changed = {port: f"other_{port}" for stream in streams for port in stream.beat}
    module = frame.module(
        frame.neighbours("x_"),
        inside(spec, frame, "x_"),
        tagged(frame, changed, (spec.latency + 3).bit_length()),
        copies={"x": "x_", "y": "y_"},
        other={"y": changed},
    )
    shown = [*frame.inputs, *(start + name for start in ("x_", "y_") for name in frame.outputs), TAGGED, AHEAD]
    return decide(frame.emitted, module, shown, depth, seconds, hints(spec, tagged=TAGGED, ahead=AHEAD))


def tagged(frame: Frame, changed: Mapping[str, str], bits: int) -> str:
    """One beat is another in the second copy; how many are ahead of it; and nothing else may differ."""
    (output,) = outgoing(frame)
    lines = [
        "  (* anyseq *) wire around_pick;",
        f"  reg {TAGGED} = 0, around_over = 0;",
        f"  reg [{bits - 1}:0] {AHEAD} = 0;",
        f"  wire around_marks = {GOES_IN} & around_pick & ~{TAGGED} & ~around_over;",
        f"  wire around_its = {TAGGED} ? {AHEAD} == 0 : around_marks & {COUNTER} == 0;",
        f"  always @(posedge clk) {TAGGED} <= ({TAGGED} | around_marks) & ~(around_its & {COMES_OUT}) & ~rst;",
        "  always @(posedge clk) around_over <= (around_over | around_marks) & ~rst;",
        f"  always @(posedge clk) {AHEAD} <= {TAGGED} ? {AHEAD} - {COMES_OUT} : {COUNTER} - {COMES_OUT};",
    ]
    for port, wire in changed.items():
        width = frame.inputs[port]
        lines.append(f"  (* anyseq *) wire [{width - 1}:0] any_{port};")
        lines.append(f"  wire [{width - 1}:0] {wire} = around_marks ? any_{port} : {port};")
    free = set(output.beat)
    for name in frame.outputs:
        when = f" && x_{output.valid} && !around_its" if name in free else ""
        lines.append(f"  always @* if (!{FIRST}{when}) assert (x_{name} == y_{name});")
    return "\n".join(lines)


def forgets(spec: hw.Spec, frame: Frame, depth: int, seconds: float) -> Proof:
    """After a reset of one cycle two copies show the same, whatever either held before."""
    copies = {"x": "x_", "y": "y_"}
    shown = [*frame.inputs, *(start + name for start in copies.values() for name in frame.outputs)]

    def tried(*parts: str) -> Proof:
        return decide(frame.emitted, frame.module(*parts, copies=copies), shown, depth, seconds)

    proof = tried(frame.neighbours("x_"), agree(frame))
    if proof.outcome != FAILS or "en" not in frame.inputs or "clear" in frame.inputs:
        return proof
    # A pipeline that keeps no sum needs no reset of its registers: what is in them is gone when it is full.
    proof = tried(full(spec.latency), agree(frame, " && around_full"))
    return replace(proof, note=f"from {spec.latency} enabled edges on")


def full(latency: int) -> str:
    """Whether so many enabled edges have been since the reset."""
    lines = ["  wire around_full0 = 1;", f"  wire around_full = around_full{latency};"]
    for n in range(1, latency + 1):
        lines += [f"  reg around_full{n} = 0;"]
        lines += [f"  always @(posedge clk) around_full{n} <= ~rst & (en ? around_full{n - 1} : around_full{n});"]
    return "\n".join(lines)


def agree(frame: Frame, when: str = "") -> str:
    """That two copies show the same; of a beat what it is only where there is one."""
    whens = {f"{s.name}_{part}": f" && x_{s.valid}" for s in outgoing(frame) for part in ("tdata", "tlast")}
    lines = [
        f"  always @* if (!{FIRST}{when}{whens.get(name, '')}) assert (x_{name} == y_{name});" for name in frame.outputs
    ]
    return "\n".join(lines)


PROPERTIES: dict[str, Property] = {
    each.name: each
    for each in (
        Property("stable", "a beat on offer, and its valid, stay until it is taken", has_streams, stable),
        Property("ready", "an output's valid does not wait for a ready within the cycle", has_streams, never_waits),
        Property(
            "counted",
            "as many beats come out as those that went in bring, none inside beyond its room",
            is_counted,
            counted,
        ),
        Property(
            "ordered", "a beat that comes out is made of the one that went in at its place", is_feedforward, ordered
        ),
        Property("forgets", "a reset of one cycle brings every state to one that shows the same", has_reset, forgets),
        Property("sums", "an exact sum never overflows within the depth that it states", is_exact_sum, never_overflows),
    )
}


def prove(spec: hw.Spec, name: str, emitted: Emitted, depth: int = DEPTH, seconds: float = SECONDS) -> Proof | None:
    """Try to prove a property of a design; None if it can't be asked of it."""
    frame, of = Frame(emitted), PROPERTIES[name]
    return of.prove(spec, frame, depth, seconds) if of.applies(spec, frame) else None
