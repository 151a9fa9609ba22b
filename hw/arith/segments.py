"""Cuts long carry rows into segments where that lets registers stand between them.

A segment's carry goes to the next one on a wire of its own, and so behind a register. What reads a row reads its
segments: a row that adds to the sum of another begins when the lowest segment is there, not when all are, and a chain
of rows takes one stage more, not one more a row. Where no register has come between two segments they are one again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from amaranth.hdl import Cat, Signal, Value
from amaranth.hdl._ast import Concat, Operator, SignalDict, Slice

from hw.arith.schedule import Schedule, fits, read, schedule
from hw.arith.steps import Datapath, Step, rebuilt
from hw.timing.delays import Delays

MOST = 4
"""Segments of the longest row."""
SHORTEST = 8
"""Places that a segment has, at least."""
WORTH = 0.93
"""A stage's length, of that without segments, for them to be worth their cells."""

Bounds = Mapping[int, Sequence[int]]
"""By the number of a row's step, where its segments begin, from the second on."""
Place = tuple[int, int]
"""Of a step: the number of that which it was made of, and of a segment the lowest place."""


def in_segments(datapath: Datapath, stages: int, delays: Delays) -> tuple[Sequence[Step], Schedule]:
    """Steps with rows in as few segments as help, and their schedule.

    Raises
    ------
    TooDeep
        As `schedule`.
    """
    uncut = read(datapath)
    steps, best = datapath.steps, schedule(uncut, stages, delays)
    widths = _cuttable(datapath)
    widest = max(widths.values(), default=0)
    # Odd, since carry cells of two places have one that the carry leaves by.
    lengths = [length for count in range(2, MOST + 1) if (length := -(-widest // count) | 1) >= SHORTEST]
    if not lengths or not fits(uncut, stages, replace(delays, carry=0.0), WORTH * best.period):
        return steps, best
    for length in dict.fromkeys(lengths):
        bounds = {number: range(length, width - SHORTEST // 2, length) for number, width in widths.items()}
        parts = cut(datapath, bounds)
        whole = read(replace(datapath, steps=[part.step for part in parts]))
        if fits(whole, stages, delays, WORTH * best.period):
            steps, best = _joined(datapath, bounds, parts, schedule(whole, stages, delays))
    return steps, best


def _joined(
    datapath: Datapath, bounds: Bounds, parts: Sequence[Part], plan: Schedule
) -> tuple[Sequence[Step], Schedule]:
    """The steps with rows cut only where a register comes between, and their stages."""
    stage = {part.place: number for part, number in zip(parts, plan.stages, strict=True)}
    apart = {}
    for number, begins in bounds.items():
        pairs = zip([0, *begins], begins, strict=False)
        apart[number] = [high for low, high in pairs if stage[number, low] != stage[number, high]]
    joined = cut(datapath, apart)
    return [part.step for part in joined], replace(plan, stages=[stage[part.place] for part in joined])


def _cuttable(datapath: Datapath) -> dict[int, int]:
    """By its step's number how many places each row has; without those that wait for a register of the last stage."""
    last: SignalDict = SignalDict((signal, True) for signal, ahead in datapath.late.items() if not ahead)
    found = {}
    for number, step in enumerate(datapath.steps):
        if any(source in last for source in step.sources):
            for target in step.targets:
                last[target] = True
        elif step.row is not None:
            found[number] = len(step.targets[0])
    return found


@dataclass(frozen=True)
class Part:
    """A step, and what it was made of."""

    place: Place
    step: Step


def cut(datapath: Datapath, bounds: Bounds) -> list[Part]:
    """The steps of a datapath, with rows in segments that begin where `bounds` says."""
    cutter, parts = _Cutter(), []
    for number, step in enumerate(datapath.steps):
        begins = bounds.get(number, ())
        if step.row is not None and len(begins):
            parts += [Part((number, low), made) for low, made in cutter.segments(step, begins)]
        else:
            parts.append(Part((number, 0), cutter.read(step)))
    ends = [loop.value for loop in datapath.loops]
    read: SignalDict = SignalDict((signal, True) for part in parts for signal in part.step.sources)
    for signal in (*datapath.results, *ends):
        read[signal] = True
    return [part for part in parts if part.place[1] >= 0 or part.step.targets[0] in read]


class _Cutter:
    """Writes rows in segments, and lets others read these."""

    def __init__(self) -> None:
        self._segments: SignalDict = SignalDict()

    def segments(self, step: Step, begins: Sequence[int]) -> Iterator[tuple[int, Step]]:
        """By its lowest place each segment; and, by -1, what puts them together for those who need the whole."""
        row, total = step.row, step.targets[0]
        assert row is not None
        carry, made = row.carry, []
        for index, (low, high) in enumerate(zip([0, *begins], [*begins, len(total)], strict=True)):
            name = f"{step.name}_part{index}"
            segment = Signal(high - low, name=name)
            leaves = Signal(1, name=f"{name}_leaves") if high < len(total) else None
            yield low, self.read(row.write(name, segment, low, carry, leaves))
            made.append(segment)
            carry = row.carry if leaves is None else leaves
        self._segments[total] = Cat(*made)
        yield -1, Step(step.name, [total], total, Cat(*made))

    def read(self, step: Step) -> Step:
        """A step that reads segments where it read a row that has some."""
        if step.block is not None or step.ago or not any(source in self._segments for source in step.sources):
            return step
        cells = [replace(cell, inputs={port: self._seen(v) for port, v in cell.inputs.items()}) for cell in step.cells]
        return replace(step, value=None if step.value is None else self._seen(step.value), cells=cells)

    def _seen(self, value: Value) -> Value:
        if isinstance(value, Signal):
            return self._segments.get(value, value)
        if isinstance(value, Slice):
            # Of the segments only those that have its bits.
            return _sliced(self._seen(value.value), value.start, value.stop)
        return rebuilt(value, self._seen)


def _sliced(value: Value, start: int, stop: int) -> Value:
    """Bits of a value, of those parts only that have them."""
    match value:
        case Operator() if value.operator in ("u", "s"):
            return _sliced(value.operands[0], start, stop)
        case Concat():
            found, low = [], 0
            for part in value.parts:
                high = low + len(part)
                if low < stop and start < high:
                    found.append(_sliced(part, max(start - low, 0), min(stop - low, len(part))))
                low = high
            return Cat(*found)
    return value[start:stop]
