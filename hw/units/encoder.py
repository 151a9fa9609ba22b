"""The encoder."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.specs.encoder import EncoderSpec
from hw.target import GENERIC, Target
from hw.units.core import index_bits
from hw.units.core.banks import add_memory
from hw.units.processor.controller import Controller
from hw.units.processor.engine import Engine
from hw.units.processor.engines import ENGINES
from hw.units.processor.mover import Mover
from hw.units.processor.pieces import Stage
from hw.units.processor.taker import Taker
from hw.units.processor.weights import Parameters, Weights
from hw.units.stream import Streamed
from hw.units.unit import Unit


class Encoder(Streamed):
    """Takes matrices of a memory through units, as a program says.

    Parameters
    ----------
    spec : EncoderSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    i : In(stream)
        Instructions: the fields of ``spec.instruction``, and ``last`` with a program's last one. One stays on offer
        until it is done.
    w : In(stream)
        ``x``: words; ``last``: the program needs no more.
    y : Out(stream)
        ``x``: words of results, codes of ``spec.code``; and one more, of zeros, with ``last`` and ``status``: 1 an
        instruction was refused, 2 the frame of `w` had not the length that was needed, else 0.

    Raises
    ------
    TypeError
        `spec` is not an EncoderSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: EncoderSpec
    spec_type = EncoderSpec

    def __init__(self, spec: EncoderSpec, target: Target = GENERIC) -> None:
        super().__init__(spec, target)
        self.engines = {name: kind(spec, target, name) for name, kind in ENGINES.items()}

    @cached_property
    def parts(self) -> dict[str, Unit]:
        return {name: part for engine in self.engines.values() for name, part in engine.inner.items()}

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        # Behind registers, so that nothing of it is a path from outside.
        self.fields = fields = Signal.like(self.i.payload, name="instruction", reset_less=True)
        m.d.sync += fields.eq(self.i.payload)
        self._address, self._count = len(fields.a_base), max(len(fields.rows), len(self._codes(fields.words)))
        controller = self._add_controller(m)
        taker = self._add_taker(m, controller)
        weights = Weights(spec.word_bits)
        m.submodules.weights = weights
        m.d.comb += [
            weights.x.valid.eq(self.w.valid),
            weights.x.payload.x.eq(Value.cast(self.w.payload.x)),
            weights.x.payload.last.eq(self.w.payload.last),
            self.w.ready.eq(weights.x.ready),
            weights.drain.eq(controller.drain),
            weights.begin.eq(controller.closing & controller.closed),
            controller.ended.eq(weights.ended),
            controller.error.eq(weights.error),
        ]
        parameters = self._add_parameters(m, controller, weights)
        movers = self._add_movers(m, controller, parameters, weights)
        self._add_memory(m, movers, taker)
        idle = self._add_engines(m, controller, movers, parameters, taker)
        m.d.comb += controller.busy.eq(taker.busy | ~idle)
        self._show(m, controller, taker)
        return m

    def _codes(self, words: Value) -> Value:
        """A number of words, less one, as one of codes, less one."""
        lanes = self.spec.lanes
        return Cat(Const(lanes - 1, lanes.bit_length() - 1), words)

    def _filled(self, count: Value) -> Value:
        return Cat(count, Const(0, self._count - len(count)))

    def _add_controller(self, m: Module) -> Controller:
        m.submodules.controller = controller = Controller(self.spec, self.target)
        read = ("unit", "rows", "words", "columns", "a_streamed")
        m.d.comb += [
            *(getattr(controller, name).eq(getattr(self.fields, name)) for name in read),
            controller.last.eq(self.i.payload.last),
            controller.valid.eq(self.i.valid),
            self.i.ready.eq(controller.ready),
        ]
        return controller

    def _add_taker(self, m: Module, controller: Controller) -> Taker:
        spec, fields = self.spec, self.fields
        m.submodules.taker = taker = Taker(self._address, spec.code.width, spec.lanes, self._count)
        m.d.comb += [
            taker.start.eq(controller.start),
            taker.by_columns.eq(controller.product),
            taker.streamed.eq(fields.c_streamed),
            taker.transposed.eq(fields.transposed & ~fields.c_streamed),
            taker.base.eq(fields.c_base),
            taker.stride.eq(fields.c_stride),
            taker.rows_most.eq(self._filled(fields.rows)),
            taker.words_most.eq(self._filled(Mux(controller.product, fields.columns, fields.words))),
        ]
        return taker

    def _add_parameters(self, m: Module, controller: Controller, weights: Weights) -> Parameters:
        spec, fields = self.spec, self.fields
        slots = list(spec.slots.values())
        words = [slot.parameter_words(spec.word_bits) for slot in slots]
        share = next(slot.share for slot in slots if slot.parameters and not slot.product)
        pieces = spec.lanes // share
        of_row = Cat(Const(pieces - 1, pieces.bit_length() - 1), fields.words)
        of_columns = self._codes(fields.columns)
        count = max(len(of_row), len(of_columns))
        m.submodules.parameters = parameters = Parameters(spec.word_bits, max(words), count)
        each = Signal(index_bits(max(words)), name="words_each")
        for number, taken in enumerate(words):
            with m.If(fields.unit == number):
                m.d.sync += each.eq(max(0, taken - 1))
        m.d.comb += [
            parameters.start.eq(controller.start),
            parameters.used.eq(controller.given),
            parameters.most.eq(Mux(controller.product, of_columns, of_row)),
            parameters.words_most.eq(each),
            parameters.x.valid.eq(weights.y.valid),
            parameters.x.payload.eq(weights.y.payload),
        ]
        return parameters

    def _add_movers(
        self, m: Module, controller: Controller, parameters: Parameters, weights: Weights
    ) -> dict[str, Mover]:
        """What brings the operands; of words from `w` parameters come first."""
        spec, fields, product = self.spec, self.fields, controller.product
        movers = {name: Mover(self._address, spec.word_bits, self._count) for name in "ab"}
        rows, words = self._filled(fields.rows), self._filled(fields.words)
        shapes = {
            "a": (rows, words),
            "b": (
                Mux(product, self._filled(self._codes(fields.words)), rows),
                Mux(product, self._filled(fields.columns), words),
            ),
        }
        used = {"a": Const(1, 1), "b": controller.both}
        for name, mover in movers.items():
            m.submodules[f"mover_{name}"] = mover
            stride, (down, across) = getattr(fields, f"{name}_stride"), shapes[name]
            m.d.comb += [
                mover.start.eq(controller.start),
                mover.used.eq(used[name]),
                mover.streamed.eq(getattr(fields, f"{name}_streamed")),
                mover.base.eq(getattr(fields, f"{name}_base")),
                mover.inner.eq(Mux(product, stride, 1)),
                mover.outer.eq(Mux(product, 1, stride)),
                mover.inner_most.eq(Mux(product, down, across)),
                mover.outer_most.eq(Mux(product, across, down)),
                mover.w.valid.eq(weights.y.valid & ~parameters.busy),
                mover.w.payload.eq(weights.y.payload),
            ]
        ready = Cat(mover.w.ready for mover in movers.values()).any()
        m.d.comb += weights.y.ready.eq(Mux(parameters.busy, parameters.x.ready, ready))
        return movers

    def _add_memory(self, m: Module, movers: dict[str, Mover], taker: Taker) -> None:
        """The memory has one port to read: the first operand goes first."""
        a, b = movers["a"], movers["b"]
        m.d.comb += [a.granted.eq(a.ask), b.granted.eq(b.ask & ~a.ask)]
        may, at = Signal(name="may_write"), Signal(self._address, name="read_address")
        m.d.comb += [may.eq(taker.enable.any()), at.eq(Mux(a.ask, a.at, b.at))]
        written = taker.enable, taker.into, taker.data
        word = add_memory(m, self.target, may, written, at, Const(1, 1), self.spec.depth)
        m.d.comb += [mover.data.eq(word) for mover in movers.values()]

    def _add_engines(
        self, m: Module, controller: Controller, movers: dict[str, Mover], parameters: Parameters, taker: Taker
    ) -> Value:
        """The engines, of which the instruction's unit chooses one; whether that is idle."""
        spec, fields = self.spec, self.fields
        ready: dict[str, list[Value]] = {"a": [], "b": [], "p": []}
        valid, result, idle = [], Const(0, spec.word_bits), []
        m.submodules.result = stage = Stage(spec.word_bits)
        for name, engine in self.engines.items():
            m.submodules[f"engine_{name}"] = engine
            chosen = Signal(name=f"{name}_chosen")
            numbers = [number for number, slot in enumerate(spec.slots.values()) if slot.engine == name]
            m.d.sync += chosen.eq(Cat(fields.unit == number for number in numbers).any())
            settings = ("unit", "rows", "words", "columns", "spare", "relu")
            m.d.comb += [
                engine.start.eq(controller.start & chosen),
                *(getattr(engine, setting).eq(getattr(fields, setting)) for setting in settings),
            ]
            for operand, mover in movers.items():
                taken: Any = getattr(engine, operand)
                m.d.comb += [
                    taken.valid.eq(mover.y.valid & chosen),
                    Value.cast(taken.payload).eq(Value.cast(mover.y.payload)),
                ]
                ready[operand].append(taken.ready & chosen)
            self._give(m, engine, parameters, chosen)
            ready["p"].append(engine.p.ready & chosen)
            m.d.comb += engine.y.ready.eq(stage.x.ready & chosen)
            valid.append(engine.y.valid & chosen)
            result = result | (engine.y.payload & chosen.replicate(spec.word_bits))
            idle.append(engine.idle | ~chosen)
        m.d.comb += [
            *(mover.y.ready.eq(Cat(ready[operand]).any()) for operand, mover in movers.items()),
            parameters.y.ready.eq(Cat(ready["p"]).any()),
            stage.x.valid.eq(Cat(valid).any()),
            stage.x.payload.eq(result),
            taker.x.valid.eq(stage.y.valid),
            taker.x.payload.eq(stage.y.payload),
            stage.y.ready.eq(taker.x.ready),
        ]
        return Cat(idle).all()

    def _give(self, m: Module, engine: Engine, parameters: Parameters, chosen: Value) -> None:
        """Parameters: those of an engine that takes fewer words are at the top."""
        width, beat = engine.parameter_bits, parameters.y.payload.x
        low = len(beat) - -(-width // self.spec.word_bits) * self.spec.word_bits
        m.d.comb += [
            engine.p.valid.eq(parameters.y.valid & chosen),
            engine.p.payload.x.eq(beat[low : low + width]),
            engine.p.payload.last.eq(parameters.y.payload.last),
        ]

    def _show(self, m: Module, controller: Controller, taker: Taker) -> None:
        """Results, and what closes a program."""
        y = self.y
        m.d.comb += [
            y.valid.eq(taker.y.valid | controller.closing),
            Value.cast(y.payload.x).eq(taker.y.payload & ~controller.closing.replicate(self.spec.word_bits)),
            y.payload.status.eq(controller.status & controller.closing.replicate(2)),
            y.payload.last.eq(controller.closing),
            taker.y.ready.eq(y.ready),
            controller.closed.eq(y.ready),
        ]
