"""What all modules around a design have in common: ports, instances, a reset of one cycle, and who keeps the rules.

The registers of the design hold anything before the reset, which is in cycle 0 and then never again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rtl_gen import Emitted
from sim.rules import Rule, keeps, stays

TOP = "proof"
DUT, COPIES = "dut", ("x", "y")
"""What instances of the design are called: one, or two that are compared."""
CLOCKED = ("clk", "rst")
FIRST = "around_first"
"""The cycle of the reset. No port's name begins so."""


@dataclass(frozen=True)
class Stream:
    """A stream of a design, by its ports.

    Attributes
    ----------
    name : str
        What the names of its ports begin with.
    incoming : bool
    framed : bool
        Whether it has a `tlast`.
    width : int
        Bits of `tdata`.
    """

    name: str
    incoming: bool
    framed: bool
    width: int

    @property
    def valid(self) -> str:
        return f"{self.name}_tvalid"

    @property
    def ready(self) -> str:
        return f"{self.name}_tready"

    @property
    def beat(self) -> list[str]:
        """`tlast`, if there is one, and `tdata`."""
        return [*([f"{self.name}_tlast"] if self.framed else []), f"{self.name}_tdata"]

    @property
    def bits(self) -> int:
        return self.width + self.framed


@dataclass(frozen=True)
class Frame:
    """A design, as what is around it sees it."""

    emitted: Emitted

    @property
    def manifest(self) -> dict[str, Any]:
        return self.emitted.manifest

    @cached_property
    def streams(self) -> list[Stream]:
        return [
            Stream(name, of["direction"] == "input", of["tlast"], of["width"])
            for name, of in self.manifest["streams"].items()
        ]

    @cached_property
    def widths(self) -> dict[str, tuple[str, int]]:
        """Direction and width of each port but clock and reset."""
        return {
            port["name"]: (port["direction"], port["width"])
            for port in self.manifest["ports"]
            if port["name"] not in CLOCKED
        }

    @property
    def inputs(self) -> dict[str, int]:
        return {name: width for name, (direction, width) in self.widths.items() if direction == "input"}

    @property
    def outputs(self) -> dict[str, int]:
        return {name: width for name, (direction, width) in self.widths.items() if direction == "output"}

    @property
    def clocked(self) -> list[str]:
        """Clock and reset, as far as the design has them."""
        names = {port["name"] for port in self.manifest["ports"]}
        return [name for name in CLOCKED if name in names]

    @property
    def settings(self) -> dict[str, int]:
        """Inputs that hold one value all the time: those of a design with streams that are of none."""
        of_streams = tuple(f"{stream.name}_" for stream in self.streams)
        return {n: w for n, w in self.inputs.items() if self.streams and not n.startswith((*of_streams, "s_axil"))}

    def module(
        self, *parts: str, copies: Mapping[str, str] | None = None, other: Mapping[str, Mapping[str, str]] | None = None
    ) -> str:
        """The module around the design.

        Parameters
        ----------
        parts : str
            What is said of it.
        copies : mapping of str to str, optional
            For each instance what its outputs' names begin with; by default one, ``dut``, whose outputs are ports.
        other : mapping of str to mapping, optional
            For an instance the wires that some of its inputs get in place of the ports.
        """
        copies = {"dut": ""} if copies is None else copies
        ports = ["input clk", *(f"input [{width - 1}:0] {name}" for name, width in self.inputs.items())]
        ports += [f"output [{w - 1}:0] {start}{name}" for start in copies.values() for name, w in self.outputs.items()]
        lines = [f"module {TOP}({', '.join(ports)});", f"  reg {FIRST} = 1;", f"  always @(posedge clk) {FIRST} <= 0;"]
        lines += [f"  wire rst = {FIRST};", *parts]
        lines += [self._instance(name, start, (other or {}).get(name, {})) for name, start in copies.items()]
        return "\n".join([*lines, "endmodule\n"])

    def _instance(self, name: str, start: str, other: Mapping[str, str]) -> str:
        pins = {port: other.get(port, port) for port in (*self.clocked, *self.inputs)}
        pins |= {port: start + port for port in self.outputs}
        joined = ", ".join(f".{port}({wire})" for port, wire in pins.items())
        return f"  {self.emitted.name} {name}({joined});"

    def neighbours(self, start: str = "") -> str:
        """Those who offer beats keep them until they are taken, and settings stay.

        What is taken is said by the outputs whose names begin with `start`.
        """
        lines = [kept(stream, "assume", start) for stream in self.streams if stream.incoming]
        lines += [_held(stays(name, width), "assume") for name, width in self.settings.items()]
        return "\n".join(lines)


def kept(stream: Stream, verb: str, start: str = "") -> str:
    """That a beat on offer, and its valid, stay until it is taken, assumed or asserted."""
    rule = keeps(stream.name, stream.valid, start + stream.ready, stream.beat, stream.bits, "rst")
    return _held(rule, verb)


def _held(rule: Rule, verb: str) -> str:
    return "\n".join([*rule.lines, f"  always @* if (!{FIRST}) {verb} (!{rule.broken});"])


def taken(stream: Stream, start: str = "") -> str:
    """Whether a beat passes; the names of the design's outputs begin with `start`."""
    valid, ready = (stream.valid, start + stream.ready) if stream.incoming else (start + stream.valid, stream.ready)
    return f"{valid} & {ready} & ~rst"


def outgoing(frame: Frame) -> Iterator[Stream]:
    """The streams that come out."""
    return (stream for stream in frame.streams if not stream.incoming)
