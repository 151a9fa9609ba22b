"""What is proved of designs: each property is a module around one, and says of which designs it can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import hw
from hw.units import component_type
from hw.units.stream import Feedforward
from rtl_gen import Emitted
from sim.proofs.driver import DEPTH, FAILS, SECONDS, Proof, decide
from sim.proofs.frame import FIRST, Frame, kept, outgoing, taken
from sim.proofs.sums import is_exact_sum, never_overflows
from sim.proofs.ways import never_waits

COUNTER = "around_inside"


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


def counted(spec: hw.Spec, frame: Frame, depth: int, seconds: float) -> Proof:
    """A beat comes out for each that goes in, and no more are inside than there is room for."""
    module = frame.module(frame.neighbours(), inside(frame, spec.latency + 1))
    return decide(frame.emitted, module, [*frame.inputs, *frame.outputs], depth, seconds, COUNTER)


def inside(frame: Frame, room: int) -> str:
    """How many beats are inside, of a unit that takes one of each input stream for one of its output stream."""
    first, *others = (stream for stream in frame.streams if stream.incoming)
    (output,) = outgoing(frame)
    bits = (room + 2).bit_length()
    together = [f"  always @* if (!{FIRST}) assert (({taken(other)}) == ({taken(first)}));" for other in others]
    return "\n".join(
        [
            f"  reg [{bits - 1}:0] {COUNTER} = 0;",
            f"  wire goes_in = {taken(first)};",
            f"  wire comes_out = {taken(output)};",
            f"  always @(posedge clk) {COUNTER} <= rst ? 0 : {COUNTER} + goes_in - comes_out;",
            f"  always @* if (!{FIRST}) assert ({COUNTER} <= {room});",
            f"  always @* if (!{FIRST} && comes_out) assert ({COUNTER} != 0 || goes_in);",
            *together,
        ]
    )


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
        Property("counted", "as many beats come out as went in, none inside beyond its room", is_feedforward, counted),
        Property("forgets", "a reset of one cycle brings every state to one that shows the same", has_reset, forgets),
        Property("sums", "an exact sum never overflows within the depth that it states", is_exact_sum, never_overflows),
    )
}


def prove(spec: hw.Spec, name: str, emitted: Emitted, depth: int = DEPTH, seconds: float = SECONDS) -> Proof | None:
    """Try to prove a property of a design; None if it can't be asked of it."""
    frame, of = Frame(emitted), PROPERTIES[name]
    return of.prove(spec, frame, depth, seconds) if of.applies(spec, frame) else None
