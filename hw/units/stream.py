"""Units with streams at their edges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.specs.stream import Beat, StreamSpec, Wires
from hw.target import GENERIC, Target
from hw.units.outlet import Outlet
from hw.units.unit import Unit, check_form, check_unit


def layout(beat: Beat) -> data.StructLayout:
    """A beat as the layout of a payload: a field of lanes is an array."""
    return data.StructLayout(
        {
            name: field.format.width if field.lanes is None else data.ArrayLayout(field.format.width, field.lanes)
            for name, field in beat.items()
        }
    )


class Streamed(Unit):
    """A unit with the streams of its spec as members. Subclasses give `spec_type` and `elaborate`."""

    spec_type: type[StreamSpec]

    def __init__(self, spec: StreamSpec, target: Target = GENERIC) -> None:
        check_unit(spec, self.spec_type, target)
        check_form(getattr(spec, "form", "small"), target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        streams = {name: In(stream.Signature(layout(beat))) for name, beat in spec.inputs.items()}
        streams |= {name: Out(stream.Signature(layout(beat))) for name, beat in spec.outputs.items()}
        super().__init__({**streams, **self.plain_ports()})

    def plain_ports(self) -> dict[str, Any]:
        """Members beside the streams: none, if a subclass does not say."""
        return {}

    @cached_property
    def outside(self) -> AxiStreams:
        return AxiStreams(self)

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        said = {"clk": "clock, rising edge", "rst": "synchronous reset: forgets all that is under way"}
        for name, wires in self.spec.wires.items():
            said |= {f"{name}_{part}": meaning for part, meaning in describe(wires).items()}
        return said


class AxiStreams(Unit):
    """A unit as it is written: each stream is an AXI4-Stream, a beat being `tdata`, filled up to bytes, and `tlast`.

    Parameters
    ----------
    unit : Streamed

    Members
    -------
    s_axis_X_*, m_axis_X_* : AXI4-Stream
        Stream X of the unit; `hw.specs.stream.Wires` says what is where.
    and those of the unit that are no streams
    """

    def __init__(self, unit: Streamed) -> None:
        self.unit, self.spec = unit, unit.spec
        super().__init__({**stream_members(unit.spec.wires), **unit.plain_ports()})

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        return self.unit.meanings

    def elaborate(self, platform: object) -> Module:
        m, unit = self.unit.elaborate(platform), self.unit
        for name in self.spec.inputs:
            tdata, tvalid, tready, *tlast = stream_ports(self, f"s_axis_{name}")
            inner = getattr(unit, name)
            codes = Value.cast(inner.payload)
            # What frames have to say of their end is above all else.
            m.d.comb += [
                codes.eq(Cat(tdata[: len(codes) - len(tlast)], *tlast)),
                inner.valid.eq(tvalid),
                tready.eq(inner.ready),
            ]
        for name in self.spec.outputs:
            tdata, tvalid, tready, *tlast = stream_ports(self, f"m_axis_{name}")
            inner = getattr(unit, name)
            codes = Value.cast(inner.payload)
            width = len(codes) - len(tlast)
            m.d.comb += [tdata.eq(codes[:width]), tvalid.eq(inner.valid), inner.ready.eq(tready)]
            m.d.comb += [last.eq(codes[width:]) for last in tlast]
        for name, member in unit.plain_ports().items():
            ours, theirs = getattr(self, name), getattr(unit, name)
            m.d.comb += theirs.eq(ours) if member.flow is In else ours.eq(theirs)
        return m


def stream_members(wires: Mapping[str, Wires]) -> dict[str, Any]:
    """The ports of streams, as members of a component."""
    ports: dict[str, Any] = {}
    for name, these in wires.items():
        into, out_of = (In, Out) if these.incoming else (Out, In)
        ports |= {f"{name}_tdata": into(these.width), f"{name}_tvalid": into(1), f"{name}_tready": out_of(1)}
        ports |= {f"{name}_tlast": into(1)} if these.framed else {}
    return ports


def stream_ports(component: Any, name: str) -> list[Signal]:
    """A stream's `tdata`, `tvalid`, `tready` and, if it has that, `tlast`."""
    parts = [f"{name}_{part}" for part in ("tdata", "tvalid", "tready", "tlast")]
    return [getattr(component, port) for port in parts if port in component.signature.members]


def pins_in(spec: StreamSpec, name: str, data: Value, valid: Value, ready: Signal, last: Value | None = None) -> Any:
    """An instance's arguments for a stream that it takes."""
    port = f"s_axis_{name}"
    filled = Cat(data, Const(0, spec.wires[port].width - len(data)))
    pins = {f"i_{port}_tdata": filled, f"i_{port}_tvalid": valid, f"o_{port}_tready": ready}
    return pins | ({} if last is None else {f"i_{port}_tlast": last})


def pins_out(spec: StreamSpec, name: str, data: Value, valid: Signal, ready: Value, last: Signal | None = None) -> Any:
    """An instance's arguments for a stream that it gives."""
    port = f"m_axis_{name}"
    filled = Cat(data, Signal(spec.wires[port].width - len(data), name=f"unused_{name}"))
    pins = {f"o_{port}_tdata": filled, f"o_{port}_tvalid": valid, f"i_{port}_tready": ready}
    return pins | ({} if last is None else {f"o_{port}_tlast": last})


def describe(wires: Wires) -> dict[str, str]:
    """What each of a stream's wires carries."""
    fields = []
    for name, position in wires.positions.items():
        count = "" if position.lanes == 1 else f"{position.lanes} x "
        fields.append(f"[{position.end - 1}:{position.offset}] {name}: {count}{position.format}")
    ours = wires.incoming
    return {
        "tdata": "; ".join(fields),
        "tvalid": f"{'you have' if ours else 'there is'} a beat; it stays until it is taken",
        "tready": "the beat is taken at this edge" if ours else "you take the beat at this edge",
        "tlast": "the beat ends a frame",
    }


class Feedforward(Streamed):
    """A unit whose one result stream depends on one beat of each input stream, and on nothing before.

    Registers move on together, and a beat that waits at the end, beside one aside, holds those behind it. Subclasses
    give `compute`.

    Attributes
    ----------
    puts_aside : bool
        Whether one is put aside. Else the way of `ready` is a gate, and no more beats are inside than registers.
    """

    puts_aside = True

    @abstractmethod
    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        """Logic, added to `m`, from the input streams' payloads to the fields of the result."""

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        inputs = [getattr(self, name) for name in spec.inputs]
        (output,) = (getattr(self, name) for name in spec.outputs)
        logic = Logic(self.target, spec.latency, getattr(spec, "form", "small"))
        fields = self.compute(logic, {name: getattr(self, name).payload for name in spec.inputs})
        result = Cat(fields[name] for name in output.payload.shape().members)

        offered = Value.cast(all_of([source.valid for source in inputs]))
        if spec.latency and self.puts_aside:
            outlet = Outlet(m, output)
            move = outlet.move
            held = logic.feedback(outlet.full), logic.feedback(outlet.aside)
            payload, shown = logic.result(result), logic.result(logic.wire("shown", Mux(*held, result)))
            outlet.offer(moved(m, offered, move, spec.latency), payload, shown)
        else:
            move = Signal(name="move")
            valid = moved(m, offered, move, spec.latency)
            m.d.comb += [output.valid.eq(valid), Value.cast(output.payload).eq(logic.result(result))]
            m.d.comb += move.eq(output.ready | ~valid if spec.latency else output.ready)
        for source in inputs:
            # A beat goes when all streams have one.
            others = [other.valid for other in inputs if other is not source]
            m.d.comb += source.ready.eq(move & Value.cast(all_of(others)))
        logic.into(m, move, reset=False)
        return m


def all_of(values: list[Value]) -> Value:
    """Whether all are set; of none, one."""
    result: Value = Const(1, 1)
    for value in values:
        result = result & value
    return result


def moved(m: Module, flag: Value, enable: Value, stages: int, name: str = "valid") -> Value:
    """A flag behind as many registers, which are reset."""
    for stage in range(1, stages + 1):
        register = Signal(name=f"{name}_q{stage}")
        with m.If(enable):
            m.d.sync += register.eq(flag)
        flag = register
    return flag
