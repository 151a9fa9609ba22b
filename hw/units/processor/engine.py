"""What all engines have in common: the interface at which the controller sees them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.specs.encoder import EncoderSpec
from hw.target import Target
from hw.units.processor.mover import word_layout
from hw.units.unit import Unit


class Engine(wiring.Component):
    """Takes the words of operands and the beats of parameters, and gives the words of a result. Subclasses do it.

    Parameters
    ----------
    spec : EncoderSpec
    target : Target
    name : str
        Its own, of those that slots name.

    Members
    -------
    start : In(1)
        An instruction begins that is one of its own.
    idle : Out(1)
        Another one may begin, when all of this one's words are taken.
    unit, rows, words, columns, spare, relu : In
        Fields of the instruction: `hw.specs.instructions`.
    a, b : In(stream)
        Words of operands, and with the last one `last`.
    p : In(stream)
        Beats of parameters, the last one with `last`.
    y : Out(stream)
        Words of the result.
    """

    # As of a `Unit`: an encoder that is refused never uses its engines.
    _MustUse__silence = True

    def __init__(self, spec: EncoderSpec, target: Target, name: str) -> None:
        self.spec, self.target, self.name = spec, target, name
        settings = ("unit", "rows", "words", "columns", "spare", "relu")
        ports: dict[str, Any] = {field: In(spec.instruction[field].width) for field in settings}
        word, bits = word_layout(spec.word_bits), self.parameter_bits
        ports |= {"start": In(1), "idle": Out(1)}
        ports |= {operand: In(stream.Signature(word)) for operand in "ab"}
        ports |= {"p": In(stream.Signature(data.StructLayout({"x": bits, "last": 1})))}
        super().__init__({**ports, "y": Out(stream.Signature(spec.word_bits))})

    @property
    def parameter_bits(self) -> int:
        """Bits of a beat of parameters."""
        return max(slot.parameter_bits for slot in self.spec.slots.values() if slot.engine == self.name)

    @property
    def inner(self) -> dict[str, Unit]:
        """Modules that it instantiates by these names."""
        return {}

    def numbers(self, field: str) -> Value:
        """A count of words, less one, as one of codes, less one."""
        lanes = self.spec.lanes
        return Cat(Const(lanes - 1, lanes.bit_length() - 1), getattr(self, field))

    def elaborate(self, platform: object) -> Module:
        raise NotImplementedError


class Copy(Engine):
    """Words as they are."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self.idle.eq(1),
            self.y.valid.eq(self.a.valid),
            self.y.payload.eq(self.a.payload.x),
            self.a.ready.eq(self.y.ready),
        ]
        return m
