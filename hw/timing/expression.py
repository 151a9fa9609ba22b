"""The bits of a datapath that has no registers yet, from its expressions and cells."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Const, Signal, Value
from amaranth.hdl._ast import Concat, Operator, Part, SignalDict, Slice, SwitchValue

from hw.formats.messages import echo
from hw.timing.network import ONE, ZERO, Bit, Network

Bits = list[Bit]


class Reader:
    """Makes bits of values; a signal that nothing has defined comes from outside.

    Attributes
    ----------
    network : Network
        Where they go.
    """

    def __init__(self) -> None:
        self.network = Network()
        self._known: SignalDict = SignalDict()

    def define(self, left: Value, found: Sequence[Bit]) -> None:
        """Let signals, put together, have bits."""
        signals = left.parts if isinstance(left, Concat) else [left]
        for signal in signals:
            self._known[signal], found = list(found[: len(signal)]), found[len(signal) :]

    def define_cell(self, kind: str, inputs: dict[str, Value], outputs: dict[str, Value]) -> None:
        """Let a cell's outputs have bits; each is a signal or a part of one."""
        made = self.network.cell(kind, {port: self.bits(value) for port, value in inputs.items()})
        for port, value in outputs.items():
            for (signal, index), bit in zip(_places(value), made[port], strict=False):
                self._known.setdefault(signal, [ZERO] * len(signal))[index] = bit

    def signal(self, signal: Signal) -> Bits:
        """A signal's bits."""
        if signal not in self._known:
            self._known[signal] = [self.network.source() for _ in range(len(signal))]
        return self._known[signal]

    def bits(self, value: Value) -> Bits:
        """A value's bits, made if they are not there."""
        match value:
            case Signal():
                return self.signal(value)
            case Const():
                return [ONE if value.value >> place & 1 else ZERO for place in range(len(value))]
            case Slice():
                return self.bits(value.value)[value.start : value.stop]
            case Concat():
                return [bit for part in value.parts for bit in self.bits(part)]
            case Operator():
                return self._operator(value)
            case Part():
                return self._part(value)
            case SwitchValue():
                return self._switch(value)
        raise TypeError(f"a datapath can't hold {echo(value)}")

    def _extended(self, value: Value, width: int) -> Bits:
        found = self.bits(value)
        fill = found[-1] if value.shape().signed and found else ZERO
        return [*found, *[fill] * (width - len(found))][:width]

    def _operator(self, value: Operator) -> Bits:
        operator, operands, network = value.operator, value.operands, self.network
        width = max(len(value), *map(len, operands))
        if operator in ("u", "s"):
            return self.bits(operands[0])
        if operator in ("b", "r|", "r&", "r^"):
            return [network.wide({"r&": "&", "r^": "^"}.get(operator, "|"), self.bits(operands[0]))]
        if operator in ("<<", ">>"):
            first = self._extended(operands[0], width)
            fill = first[-1] if operands[0].shape().signed else ZERO
            return network.shifted(first, self.bits(operands[1]), fill, operator == "<<")[: len(value)]
        inputs = [self._extended(operand, width) for operand in operands]
        if operator == "~":
            return [network.invert(bit) for bit in inputs[0]][: len(value)]
        if operator in ("&", "|", "^"):
            return [network.both(operator, *pair) for pair in zip(*inputs, strict=True)][: len(value)]
        if operator in ("==", "!="):
            return [network.equal(zip(*inputs, strict=True), flip=operator == "!=")]
        if operator in ("+", "-"):
            pairs = zip(*inputs, strict=True) if len(inputs) > 1 else ((bit, ONE) for bit in inputs[0])
            return network.row(pairs)[: len(value)]
        if operator in ("<", ">", "<=", ">="):
            return network.row(zip(*inputs, strict=True))[-1:]
        return network.product(inputs, len(value))

    def _part(self, value: Part) -> Bits:
        words, index = self.bits(value.value), self.bits(value.offset)

        def word(place: int) -> Bits:
            places = range(place, place + (value.stride << len(index)), value.stride)
            return [words[n] if n < len(words) else ZERO for n in places]

        return [self.network.select(word(place), index) for place in range(value.width)]

    def _switch(self, value: SwitchValue) -> Bits:
        """The first case that matches: what stands last is there first."""
        test, width = self.bits(value.test), len(value)
        result = [ZERO] * width
        for patterns, case in reversed(value.cases):
            given = self._extended(case, width)
            if patterns is None:
                result = given
                continue
            zeros = [place for place, said in enumerate(reversed(patterns[0])) if said == "0"]
            if len(patterns) == 1 and len(zeros) == 1 and "1" not in patterns[0]:
                # While a bit is zero: the other way round, no inverter stands before the choice.
                chosen, given, result = test[zeros[0]], result, given
            else:
                chosen = self.network.matches(test, patterns)
            result = [self.network.choose(chosen, one, zero) for one, zero in zip(given, result, strict=True)]
        return result


def _places(value: Value) -> list[tuple[Signal, int]]:
    """The signal and the place in it of each bit."""
    match value:
        case Signal():
            return [(value, place) for place in range(len(value))]
        case Slice():
            return _places(value.value)[value.start : value.stop]
        case Concat():
            return [place for part in value.parts for place in _places(part)]
        case Operator():
            # It says how bits are read.
            return _places(value.operands[0])
    raise TypeError(f"a cell can't drive {echo(value)}")
