"""Units with streams at their edges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.specs.stream import Beat, StreamSpec
from hw.target import GENERIC, Target
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

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        said = {"clk": "clock, rising edge", "rst": "synchronous reset: forgets all that is under way"}
        for name, beat in (self.spec.inputs | self.spec.outputs).items():
            ours = name in self.spec.inputs
            said[f"{name}__payload"] = describe(beat)
            said[f"{name}__valid"] = f"{'you have' if ours else 'there is'} a beat; it stays until it is taken"
            said[f"{name}__ready"] = "the beat is taken at this edge" if ours else "you take the beat at this edge"
        return said


def describe(beat: Beat) -> str:
    """A beat's fields and where they are."""
    parts, low = [], 0
    for name, field in beat.items():
        count = "" if field.lanes is None else f"{field.lanes} x "
        parts.append(f"[{low + field.width - 1}:{low}] {name}: {count}{field.format}")
        low += field.width
    return "; ".join(parts)


class Feedforward(Streamed):
    """A unit whose one result stream depends on one beat of each input stream, and on nothing before.

    Registers move on together, whenever the result at the end is taken or there is none: so the way of `ready`
    is one gate, and a beat that waits at the end holds those behind it. Subclasses give `compute`.
    """

    @abstractmethod
    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        """Logic, added to `m`, from the input streams' payloads to the fields of the result."""

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        inputs = [getattr(self, name) for name in spec.inputs]
        (output,) = (getattr(self, name) for name in spec.outputs)
        logic = Logic(self.target, spec.latency, getattr(spec, "form", "small"))
        fields = self.compute(logic, {name: getattr(self, name).payload for name in spec.inputs})
        shown = {name: logic.result(value) for name, value in fields.items()}

        offered: Value = Const(1, 1)
        for source in inputs:
            offered &= source.valid
        move = Signal()
        valid = moved(m, offered, move, spec.latency)
        m.d.comb += [output.valid.eq(valid), move.eq(output.ready | ~valid if spec.latency else output.ready)]
        for source in inputs:
            # A beat goes when all streams have one.
            others = [other.valid for other in inputs if other is not source]
            m.d.comb += source.ready.eq(move & Value.cast(all_of(others)))
        logic.into(m, move, reset=False)
        for name, value in shown.items():
            m.d.comb += Value.cast(output.payload[name]).eq(value)
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
