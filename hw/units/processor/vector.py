"""The engine of units of integers: operands with scales, the unit, and a result with scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, ResetSignal, Signal, Value

from hw.arith.steps import extend
from hw.specs.requant import RequantSpec
from hw.specs.stream import Beat, StreamSpec, beat_width
from hw.units.cast import Cast
from hw.units.gelu import Gelu
from hw.units.layernorm import Layernorm
from hw.units.processor.engine import Engine
from hw.units.processor.kept import Kept
from hw.units.processor.pieces import Gather, Split, Stage
from hw.units.requant import Requant
from hw.units.softmax import Softmax
from hw.units.stream import pins_in, pins_out
from hw.units.unit import Unit


@dataclass
class Passing:
    """Numbers that pass.

    Attributes
    ----------
    x, valid : Value
    ready : Signal
        Driven by those who take them.
    """

    x: Value
    valid: Value
    ready: Signal


class Vector(Engine):
    """Softmax, GELU, layer normalisation and sums of rows, some numbers at a time.

    Both operands pass the same in step, so the handshake of the first does for both.
    """

    @cached_property
    def inner(self) -> dict[str, Unit]:
        spec, target = self.spec, self.target
        cast = {} if spec.cast is None else {"cast": Cast(spec.cast, target)}
        units = {"softmax": Softmax(spec.softmax, target), "gelu": Gelu(spec.gelu, target)}
        units |= {"norm": Layernorm(spec.norm, target)}
        return cast | {"before": Requant(spec.before, target), "after": Requant(spec.after, target)} | units

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        before, after = self._add_kept(m)
        terms = self._operands(m)
        if spec.cast is not None:
            terms = [_through(m, "cast", spec.cast, x, of=f"{name}_") for name, x in zip("ab", terms, strict=True)]
        terms = [
            _scaled(m, "before", spec.before, term, before, f"{name}_") for name, term in zip("ab", terms, strict=True)
        ]
        terms = [_registered(m, f"term_{name}", term) for name, term in zip("ab", terms, strict=True)]
        numbers = _registered(m, "numbers", self._add(m, terms))
        result = _registered(m, "result", self._units(m, numbers))
        codes = _scaled(m, "after", spec.after, result, after, relu=self.relu)
        m.submodules.gather = gather = Gather(len(codes.x), spec.lanes // spec.unit_lanes)
        m.d.comb += [
            self.idle.eq(1),
            gather.x.payload.eq(codes.x),
            gather.x.valid.eq(codes.valid),
            codes.ready.eq(gather.x.ready),
            self.y.valid.eq(gather.y.valid),
            self.y.payload.eq(gather.y.payload),
            gather.y.ready.eq(self.y.ready),
        ]
        return m

    def _add_kept(self, m: Module) -> list[Parameters]:
        """What keeps the scales of operands, and of results, each of which goes round as it is used."""
        spec, low, found = self.spec, 0, []
        results = dict(list(spec.scales.items())[-len(spec.after.parameters) :])
        operands = {name: field for name, field in spec.scales.items() if name not in results}
        for name, fields in (("before", operands), ("after", results)):
            width = beat_width(fields)
            m.submodules[f"kept_{name}"] = kept = Kept(width, spec.row // spec.unit_lanes, self.target)
            m.d.comb += [
                kept.start.eq(self.start),
                kept.most.eq(self._most),
                kept.x.payload.eq(self.p.payload.x[low : low + width]),
                kept.x.valid.eq(self.p.valid),
            ]
            found.append(Parameters(_by_name(fields, kept.y.payload), kept.y.valid, kept.y.ready))
            low += width
        m.d.comb += self.p.ready.eq(kept.x.ready)
        return found

    @property
    def _most(self) -> Value:
        """The number of a row's last piece."""
        pieces = self.spec.lanes // self.spec.unit_lanes
        return Cat(Const(pieces - 1, pieces.bit_length() - 1), self.words)

    def _operands(self, m: Module) -> list[Passing]:
        """Pieces of both operands, each when the other is there; of units with one the second is 0."""
        spec = self.spec
        both = self._is(m, "two", [name for name, slot in spec.slots.items() if "b" in slot.operands])
        splits = {name: Split(spec.code.width * spec.unit_lanes, spec.lanes // spec.unit_lanes) for name in "ab"}
        a, b = splits.values()
        valid, ready = Signal(name="piece_valid"), Signal(name="piece_ready")
        for name, split in splits.items():
            m.submodules[f"split_{name}"], words = split, getattr(self, name)
            m.d.comb += [
                split.x.valid.eq(words.valid),
                split.x.payload.eq(words.payload.x),
                words.ready.eq(split.x.ready),
            ]
        m.d.comb += [
            valid.eq(a.y.valid & (b.y.valid | ~both)),
            a.y.ready.eq(ready & (b.y.valid | ~both)),
            b.y.ready.eq(ready & a.y.valid & both),
        ]
        second = b.y.payload & both.replicate(len(b.y.payload))
        pieces = {"a": Passing(a.y.payload, valid, ready), "b": Passing(second, valid, Signal(name="unused_ready"))}
        return [_registered(m, f"piece_{name}", piece) for name, piece in pieces.items()]

    def _add(self, m: Module, terms: Sequence[Passing]) -> Passing:
        """The sums of both terms."""
        width, (a, b) = self.spec.before.output.width, terms
        m.d.comb += b.ready.eq(a.ready)
        pairs = [
            [term.x.word_select(lane, width).as_signed() for term in terms] for lane in range(self.spec.unit_lanes)
        ]
        total = Signal((width + 1) * len(pairs), name="total")
        m.d.comb += total.eq(Cat((x + y)[: width + 1] for x, y in pairs))
        return Passing(total, a.valid, a.ready)

    def _is(self, m: Module, what: str, names: Sequence[str]) -> Signal:
        """Whether the instruction's unit is one of these."""
        own, flag = [number for number, name in enumerate(self.spec.slots) if name in names], Signal(name=f"is_{what}")
        m.d.sync += flag.eq(Cat(self.unit == number for number in own).any())
        return flag

    def _units(self, m: Module, numbers: Passing) -> Passing:
        """What the instruction's unit makes of sums."""
        spec = self.spec
        keep, last = self._marks(m, numbers)
        given = {"x": numbers.x, "keep": keep}
        found, taken = [], []
        for name, unit in {"softmax": spec.softmax, "gelu": spec.gelu, "norm": spec.norm}.items():
            chosen = self._is(m, name, [name])
            x = Cat(given[field] for field in unit.inputs["x"] if field != "last")
            passing = Passing(x, numbers.valid & chosen, Signal(name=f"{name}_taken"))
            y = _registered(m, f"result_{name}", _through(m, name, unit, passing, last))
            fmt = unit.outputs["y"]["x"].format
            codes = [y.x.word_select(lane, fmt.width) for lane in range(spec.unit_lanes)]
            lanes = [code.as_signed() if fmt.span.signed else code for code in codes]
            found.append((chosen, Passing(self._wide(lanes), y.valid, y.ready)))
            taken.append(passing.ready & chosen)
        chosen = self._is(m, "add", ["add"])
        width = spec.before.output.width + 1
        lanes = [numbers.x.word_select(lane, width).as_signed() for lane in range(spec.unit_lanes)]
        plain = Passing(self._wide(lanes), numbers.valid, Signal(name="sum_ready"))
        found.append((chosen, plain))
        taken.append(plain.ready & chosen)
        m.d.comb += numbers.ready.eq(Cat(taken).any())
        return _chosen(m, found)

    def _wide(self, lanes: Sequence[Value]) -> Value:
        """Results as wide as the widest."""
        return Cat(extend(lane, self.spec.after.input.width) for lane in lanes)

    def _marks(self, m: Module, numbers: Passing) -> tuple[Value, Value]:
        """Which numbers of a piece count, and whether it is the last one of its row."""
        spec, most = self.spec, self._most
        number, keep, last = Signal(len(most), name="piece"), Signal(spec.unit_lanes), Signal(name="last_piece")
        place = len(most) - len(self.words)
        spread = spec.unit_lanes.bit_length() - 1
        m.d.comb += last.eq(number == most)
        for lane in range(spec.unit_lanes):
            within = Cat(Const(lane, spread), number[:place])
            m.d.comb += keep[lane].eq((number[place:] != self.words) | ~(within + self.spare)[len(self.spare)])
        with m.If(numbers.valid & numbers.ready):
            m.d.sync += number.eq(Mux(last, 0, (number + 1)[: len(number)]))
        return keep, last


@dataclass
class Parameters:
    """Parameters by name, a code for each of the numbers that pass beside them."""

    x: dict[str, Value]
    valid: Value
    ready: Signal


def _by_name(fields: Beat, beat: Value) -> dict[str, Value]:
    """The fields of a beat."""
    found, low = {}, 0
    for name, field in fields.items():
        found[name] = beat[low : low + field.width]
        low += field.width
    return found


def _chosen(m: Module, found: Sequence[tuple[Value, Passing]]) -> Passing:
    """The one that passes, of some of which one is chosen."""
    ready = Signal(name="chosen_ready")
    m.d.comb += [passing.ready.eq(ready & chosen) for chosen, passing in found]
    x = reduce(or_, (passing.x & chosen.replicate(len(passing.x)) for chosen, passing in found))
    return Passing(x, Cat(passing.valid & chosen for chosen, passing in found).any(), ready)


def _registered(m: Module, name: str, x: Passing) -> Passing:
    """Numbers a cycle later: neither side has a register at its end."""
    m.submodules[name] = stage = Stage(len(x.x))
    m.d.comb += [stage.x.payload.eq(x.x), stage.x.valid.eq(x.valid), x.ready.eq(stage.x.ready)]
    y = Passing(stage.y.payload, stage.y.valid, Signal(name=f"{name}_ready"))
    m.d.comb += stage.y.ready.eq(y.ready)
    return y


def _through(
    m: Module,
    name: str,
    spec: StreamSpec,
    x: Passing,
    last: Value | None = None,
    port: str = "x",
    of: str = "",
    **pins: Any,
) -> Passing:
    """What comes of numbers in a unit with streams: the module of that name; `of` tells two of them apart."""
    shown = spec.outputs["y"]
    width, end = beat_width({field: shown[field] for field in shown if field != "last"}), Signal(name="unused_end")
    y, valid, ready = Signal(width, name=f"{name}_y"), Signal(name=f"{name}_valid"), Signal(name=f"{name}_ready")
    m.submodules[f"unit_{of}{name}"] = Instance(
        name,
        i_clk=ClockSignal(),
        i_rst=ResetSignal(),
        **pins_in(spec, port, x.x, x.valid, x.ready, Const(0, 1) if last is None else last),
        **pins_out(spec, "y", y, valid, ready, end),
        **pins,
    )
    return Passing(y[: shown["x"].width], valid, ready)


def _scaled(
    m: Module, name: str, spec: RequantSpec, x: Passing, p: Parameters, of: str = "", relu: Value | None = None
) -> Passing:
    """Numbers with scales of their own: of the parameters those whose names begin so, and 0 where there is none."""
    fields = spec.inputs["p"]
    given = Cat(p.x.get(of + field, Const(0, fields[field].width)) for field in fields)
    first = of != "b_"
    ready = p.ready if first else Signal(name="unused_p_ready")
    pins = pins_in(spec, "p", given, p.valid, ready)
    return _through(m, name, spec, x, None, "z", of, **pins, i_relu=Const(0, 1) if relu is None else relu)
