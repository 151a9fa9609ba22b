"""What drives a unit's ports while one looks how much of it switches, and what it does meanwhile: for every unit alike.

Operands come from a stream (`costmodel.streams`), one a cycle, or, where the unit makes them wait, when it takes them.
Who takes results is always ready. All else is in `SIGNALS` and `PARAMETERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import hw
from costmodel.streams import STREAMS, Codes, Field, Stream
from hw.datapath.accumulate import parse_accumulator
from hw.datapath.unpack import is_float
from hw.formats import Fixed, Format, PowerOfTwo
from hw.formats.messages import cut
from hw.specs.stream import StreamSpec
from sim.activity import Activity, simulate

RUNS, CYCLES, SEED = 128, 65, 1
FRAME = 48
"""Beats of a frame, where frames end: a tile, a sum, the rows that share a table."""
FRAMES = 2
"""How many are looked at."""
DEPTH = 256
"""Products in a sum, where its format does not say for how many it has room."""

SIGNALS: dict[str, Callable[[int], int]] = {
    "en": lambda cycle: 1,
    "valid": lambda cycle: 1,
    "clear": lambda cycle: cycle == 0,
    "first": lambda cycle: cycle == 0,
    "take": lambda cycle: cycle == 0,
    "swap": lambda cycle: cycle == 1,
    "status_in": lambda cycle: 0,
}
"""Ports that carry no numbers, by what they show in a cycle: a sum begins once, an operand that stays is taken once."""
PARAMETERS: dict[str, Callable[[Any], int]] = {
    "bias": lambda spec: 0,
    "m": lambda spec: (1 << spec.multiplier) - 1,
    # So large that the results fill their format; the highest of floats is near one.
    "e": lambda spec: spec.product_span.width - (1 if spec.gives_float else spec.output.width),
    "zero": lambda spec: 0,
    "relu": lambda spec: 0,
    "status": lambda spec: 0,
}
"""Numbers that stay while operands come: a unit's settings, and what comes beside the operands."""
NORMAL = STREAMS["normal"]
SUMS = "c"
"""The stream of sums that are added to."""
MAX_WORK = 60_000_000
"""Gates, each in each cycle, that a simulation takes on: about half a minute."""
UNIFORM = ("index",)
"""Fields whose codes are no numbers: all codes alike, whatever the stream."""


@dataclass(frozen=True)
class Part:
    """Some bits of an input port, from bit `low` up, and the port, if any, that says when what they show is taken."""

    port: str
    low: int
    width: int
    ready: str = ""


@dataclass(frozen=True)
class Operands:
    """Numbers of a stream, and the parts that each lane goes to; `held`: the first ones stay."""

    field: Field
    parts: list[Part]
    held: bool = False


@dataclass(frozen=True)
class Plan:
    """How a unit is driven.

    Attributes
    ----------
    cycles, skip : int
        How many there are, and how many pass before the unit is in its stride.
    signals : list of (Part, callable)
        What shows the same code in all runs, by the number of codes before.
    operands : list of Operands
        What the stream has.
    others : list of (Stream, Operands)
        Numbers that come from another.
    """

    cycles: int
    skip: int
    signals: list[tuple[Part, Callable[[int], int]]]
    operands: list[Operands]
    others: list[tuple[Stream, Operands]]


@dataclass(frozen=True)
class Plain:
    """Logic that is no unit of ours: its operands are all that is known of it."""

    name: str
    port_formats: dict[str, Format]


def run(spec: hw.Spec | Plain, netlist: dict[str, Any], stream: Stream) -> Activity:
    """What a netlist of a unit does when it is driven by a stream.

    Parameters
    ----------
    spec : Spec
        The unit.
    netlist : dict
        Its module in simple gates, as `simulate` takes it.
    stream : Stream
        Makes its operands.

    Raises
    ------
    ValueError
        The stream has not what the unit takes, nobody says how a port is to be driven, or it would take too long.
    """
    made = plan(spec, netlist)
    work = made.cycles * len(netlist["cells"])
    if work > MAX_WORK:
        size = f"{len(netlist['cells']):,} gates for {made.cycles:,} cycles"
        most = f"their product must be at most {MAX_WORK:,}"
        raise ValueError(f"{cut(spec.name)} is too big to be simulated: {size}; {most}")
    return simulate(*wired(made, netlist, stream), made.skip)


def wired(
    made: Plan, netlist: dict[str, Any], stream: Stream, runs: int = RUNS, seed: int = SEED
) -> tuple[dict[str, Any], dict[str, Codes], dict[str, str]]:
    """A netlist with a port for each part, the parts' codes, of shape (cycles, runs), and what each is paced by."""
    ports, inputs, paced = dict(netlist["ports"]), {}, {}
    for part, codes in driven(made, stream, runs, seed):
        name = f"{part.port}[{part.low}+:{part.width}]"
        bits = netlist["ports"][part.port]["bits"][part.low : part.low + part.width]
        ports[name], inputs[name] = {"direction": "input", "bits": bits}, codes
        if part.ready:
            paced[name] = part.ready
    return {**netlist, "ports": ports}, inputs, paced


def driven(made: Plan, stream: Stream, runs: int = RUNS, seed: int = SEED) -> Iterator[tuple[Part, Codes]]:
    """Each part with its codes, of shape (cycles, runs)."""
    rng, shape = np.random.default_rng(seed), (made.cycles, runs)
    stream.check([operands.field for operands in made.operands])
    for part, signal in made.signals:
        shown = np.array([int(signal(number)) for number in range(made.cycles)], dtype=np.int64)
        yield part, np.broadcast_to(shown[:, None], shape)
    for source, operands in [*((stream, operands) for operands in made.operands), *made.others]:
        for part, codes in zip(operands.parts, source.codes(operands.field, *shape, rng), strict=True):
            yield part, np.broadcast_to(codes[:1], shape) if operands.held else codes


def plan(spec: Any, netlist: dict[str, Any]) -> Plan:
    """How a unit is driven that has the netlist's ports."""
    if isinstance(spec, StreamSpec):
        return _of_streams(spec, "rst" in netlist["ports"])
    inputs = {name: port["bits"] for name, port in netlist["ports"].items() if port["direction"] == "input"}
    return _of_ports(spec, {name: len(bits) for name, bits in inputs.items() if name not in ("clk", "rst")})


def _of_ports(spec: Any, ports: dict[str, int]) -> Plan:
    """For a unit whose ports are operands and results. One that has a state needs no reset: what begins it sets it."""
    made, formats = Plan(CYCLES, 0, [], [], []), spec.port_formats
    results = [fmt for name, fmt in formats.items() if name not in ports]
    for port, width in ports.items():
        part, before = Part(port, 0, width), formats.get(port.removesuffix("_in"))
        if port in formats:
            # An operand that is taken once may as well stay.
            held = "take" in ports and port == spec.other
            made.operands.append(Operands(_operand(port, formats[port], results), [part], held))
        elif before is not None:
            made.others.append((NORMAL, Operands(_sum(spec, port, before), [part])))
        elif port in SIGNALS:
            made.signals.append((part, SIGNALS[port]))
        else:
            raise _undriven(spec, port)
    return made


def _of_streams(spec: Any, clocked: bool) -> Plan:
    """For a unit with streams, which begins with a reset if it has a clock."""
    # What fills tables keeps their readers waiting, unless there are others.
    frame = FRAME + (0 if getattr(spec, "overlaps", True) else spec.build)
    skip = 1 + spec.cycles(1)
    reset = [(Part("rst", 0, 1), SIGNALS["clear"])] if clocked else []
    made = Plan(skip + 1 + FRAMES * frame, skip, [*reset], [], [])
    results = [field.format for beat in spec.outputs.values() for field in beat.values()]
    for name in spec.inputs:
        port = f"s_axis_{name}"
        wires, ready = spec.wires[port], f"{port}_tready"
        made.signals.append((Part(f"{port}_tvalid", 0, 1), lambda number: 1))
        if wires.framed:
            made.signals.append((Part(f"{port}_tlast", 0, 1, ready), partial(_ends, _beats_of_frame(spec, name))))
        for field, at in wires.positions.items():
            data, width = f"{port}_tdata", at.format.width
            parts = [Part(data, at.offset + lane * at.step, width, ready) for lane in range(at.lanes)]
            _add(made, spec, (name, field), at.format, parts, results)
    made.signals.extend((Part(f"m_axis_{name}_tready", 0, 1), lambda number: 1) for name in spec.outputs)
    plain = {name: fmt for name, fmt in spec.port_formats.items() if "." not in name}
    for name, fmt in plain.items():
        made.signals.append((Part(name, 0, fmt.width), _constant(spec, name)))
    return made


def _add(made: Plan, spec: Any, name: tuple[str, str], fmt: Format, parts: list[Part], results: list[Format]) -> None:
    """Say how a field of a stream is driven."""
    stream, field = name
    if field in PARAMETERS:
        made.signals.extend((part, _constant(spec, field)) for part in parts)
    elif field in UNIFORM:
        made.others.append((STREAMS["uniform"], Operands(Field(".".join(name), fmt, len(parts)), parts)))
    elif stream == SUMS:
        made.others.append((NORMAL, Operands(_sum(spec, ".".join(name), fmt, len(parts)), parts)))
    else:
        made.operands.append(Operands(_operand(".".join(name), fmt, results, len(parts)), parts))


def _beats_of_frame(spec: Any, stream: str) -> int:
    """How long a stream's frames are; 0: a matrix that is resident stays so."""
    return 0 if getattr(spec, "resident", False) else min(FRAME, spec.frames.get(stream, FRAME))


def _ends(beats: int, number: int) -> bool:
    """Whether a beat of that number ends a frame of so many."""
    return beats > 0 and number % beats == beats - 1


def _constant(spec: Any, name: str) -> Callable[[int], int]:
    """What a parameter shows all the time."""
    if name not in PARAMETERS:
        raise _undriven(spec, name)
    value = PARAMETERS[name](spec)
    return lambda number: value


def _undriven(spec: Any, port: str) -> ValueError:
    return ValueError(f"{cut(spec.name)}: nothing says how port {cut(port)} is driven")


def _sum(spec: Any, name: str, fmt: Format, lanes: int = 1) -> Field:
    """A field of sums: in fixed point, as large as one of the products of which they have room for many."""
    depth = getattr(parse_accumulator(getattr(spec, "accumulator", "kulisch")), "depth", DEPTH)
    return Field(name, fmt, lanes, float(fmt.reach) / depth if isinstance(fmt, Fixed) else 1.0)


def _operand(name: str, fmt: Format, results: list[Format], lanes: int = 1) -> Field:
    """A field of operands; near one, where a float would not hold the products of larger ones."""
    beyond = any(_is_float(result) and fmt.reach**2 > result.reach for result in results)
    return Field(name, fmt, lanes, 1.0 if beyond and _is_float(fmt) else None)


def _is_float(fmt: Format) -> bool:
    return isinstance(fmt, PowerOfTwo) or is_float(fmt)
