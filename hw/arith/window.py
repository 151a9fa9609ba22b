"""A few bits of a shifted number, and flags for what is outside them: cheaper than all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import fabric
from hw.arith.flags import Segment, any_counted, any_set
from hw.arith.logic import Logic
from hw.arith.steps import bits
from hw.arith.wires import any_of


@dataclass
class Window:
    """Neighbouring bits of a number.

    Attributes
    ----------
    kept : Value
    beyond : Value
        Whether bits above differ from the number's sign.
    lost : Value
        Whether a bit below is one.
    """

    kept: Value
    beyond: Value
    lost: Value


def shift_window(m: Logic, name: str, value: Value, amount: Value, width: int) -> Window:
    """The lowest `width` bits of ``value >> amount`` for a signed value, two of the amount's bits a stage.

    The large steps go first: after each, only what smaller ones can still bring into the window is kept.
    """
    current = bits(value)
    sign = current[-1]
    near = min(len(amount), (len(value) - 1).bit_length())
    beyond: list[Value] = []
    lost: list[Value] = []
    for low in reversed(range(0, near, 2)):
        select = amount[low : min(low + 2, near)]
        counts = [n << low for n in range(1 << len(select))]
        kept = min(len(current), width + (1 << low) - 1)
        numbers = range(1 << len(select))
        gone = [Segment(current[start:end], numbers[n + 1 :]) for n, (start, end) in enumerate(pairwise(counts))]
        lost += any_counted(m, f"{name}_lost{low}", gone, select)
        if kept < len(current):
            top = len(current) - (current[-1] is sign)
            ends = [min(kept + count, top) for count in [*counts, top]]
            above = [Segment(current[start:end], numbers[: n + 1]) for n, (start, end) in enumerate(pairwise(ends))]
            beyond += any_counted(m, f"{name}_beyond{low}", above, select, sign)
        moved = [[*current[count:], *[sign] * count] for count in counts]
        choices = [tuple(wires[place] for wires in moved) for place in range(kept)]
        current = bits(fabric(m).choose(m, f"{name}_by{low}", choices, select))
    kept_bits, far = Cat(*current, *[sign] * (width - len(current)))[:width], amount[near:]
    if not len(far):
        return Window(kept_bits, any_set(m, f"{name}_beyond", beyond), any_set(m, f"{name}_lost", lost))
    gone = m.wire(f"{name}_gone", far.any())
    return Window(
        m.wire(name, Mux(gone, sign.replicate(width), kept_bits)),
        m.wire(f"{name}_beyond", any_set(m, f"{name}_outside", beyond) & ~gone),
        m.wire(f"{name}_lost", Mux(gone, value.any(), any_set(m, f"{name}_passed", lost))),
    )


def normalise_window(m: Logic, name: str, value: Value, width: int) -> tuple[Value, Value]:
    """The top bits of `value` shifted left until the first is one, and by how many places.

    The last of the `width` bits tells whether any below it is one. As in `normalise`, zero stays zero, and its
    count is all ones.
    """
    current, tests, lost = bits(value), [], []
    for weight in (1 << n for n in reversed(range((len(value) - 1).bit_length()))):
        empty = m.wire(f"{name}_empty{weight}", ~Cat(*current[-weight:]).any())
        cut = max(0, len(current) - (width - 1 + weight - 1))
        if cut:
            dropped = _any_below(m, f"{name}_lost{weight}", current, [max(0, cut - weight), cut])
            lost.append(Mux(empty, *dropped))
        stay, move = Cat(*current[cut:]), Cat(*([Const(0, 1)] * weight + current)[cut : len(current)])
        current = bits(m.wire(f"{name}_by{weight}", Mux(empty, move, stay)))
        tests.append(empty)
    top = Cat(*[Const(0, 1)] * max(0, width - 1 - len(current)), *current[-(width - 1) :])
    below = _any(m, f"{name}_lost", [*lost, *current[: -(width - 1)]])
    return m.wire(name, Cat(below, top)), m.wire(f"{name}_count", Cat(*reversed(tests)))


def _any(m: Logic, name: str, wires: Sequence[Value]) -> Value:
    """Whether any is set; none of no wires."""
    return any_of(m, name, *wires) if wires else Const(0, 1)


def _any_below(m: Logic, name: str, wires: Sequence[Value], counts: Sequence[int]) -> list[Value]:
    """For each count whether one of so many first wires is set; each wire is looked at once."""
    ends = sorted(set(counts))
    upto: dict[int, Value] = {0: Const(0, 1)}
    for start, end in zip([0, *ends], ends, strict=False):
        if end > start:
            here = _any(m, f"{name}_{end}", wires[start:end])
            upto[end] = here if not start else upto[start] | here
    return [upto[count] for count in counts]


def _pick(select: Value, choices: Sequence[Value]) -> Value:
    """The choice of that number."""
    if len(choices) == 1:
        return choices[0]
    half = len(choices) // 2
    return Mux(select[-1], _pick(select[:-1], choices[half:]), _pick(select[:-1], choices[:half]))
