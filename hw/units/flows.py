"""What makes an array follow one of the dataflows: which beats it takes, and the flags that go with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from hw.specs.array import ArraySpec
from hw.units.groups import Group
from hw.units.skew import delayed, taps


@dataclass
class Control:
    """What goes into the columns beside the operands, and when a beat of sums comes out.

    Attributes
    ----------
    flags : list of Value
        The two that move with an operand, a bit for each row.
    beside : list of dict
        The further inputs of each group of columns.
    valid, last : Value
        Of the output.
    """

    flags: list[Value]
    beside: list[dict[str, Value]]
    valid: Value
    last: Value


def output_stationary(m: Module, spec: ArraySpec, columns: Sequence[Group], ports: Any, move: Value) -> Control:
    """Pairs of beats go in; after the last of a tile its rows leave the columns one by one.

    Parameters
    ----------
    m : Module
        Where it is added.
    spec : ArraySpec
    columns : sequence of Group
        Its columns.
    ports : Array
        Has the streams as members.
    move : Value
        Whether everything moves on in this cycle.
    """
    a, b = ports.a, ports.b
    # `move` is known last, and a long wire: what it enables need not look at it.
    offered, fire, ends, done, apart, leaving, final = (
        Signal(name=name) for name in ("offered", "fire", "ends", "done", "apart", "leaving", "final")
    )
    first = Signal(init=1)
    # Rows of the last tile that are still to leave, and the row that leaves the first column now.
    busy, row = (Signal(range(spec.rows), name=name) for name in ("busy", "row"))
    remaining = Signal(name="remaining")
    complete = delayed(m, "complete", done, move, spec.pe.latency, reset=True)
    m.d.comb += [
        ends.eq(a.payload.last | b.payload.last),
        apart.eq(a.payload.last ^ b.payload.last),
        # While rows of a tile are still to leave, no other may end.
        offered.eq(a.valid & b.valid & ~(ends & remaining)),
        fire.eq(offered & move),
        done.eq(offered & ends),
        a.ready.eq(fire),
        b.ready.eq(fire),
        leaving.eq(complete | row.any()),
        final.eq(leaving & (row == spec.rows - 1)),
    ]
    with m.If(fire):
        m.d.sync += first.eq(ends)
        with m.If(apart):
            m.d.sync += ports.error.eq(1)
    if spec.rows > 1:
        with m.If(move):
            count(m, busy, busy - 1, done, remaining, spec.rows - 1)
            count(m, remaining, busy != 1, done, remaining, 1)
            count(m, row, row + 1, final, leaving, 0)
    rows = taps(m, "row_of", row, move, spec.columns - 1)
    after = spec.gathering + spec.columns - 1
    return Control(
        [along(m, "valid", offered, move, ports.row_starts), along(m, "first", first, move, ports.row_starts)],
        [{"row": rows[group.first]} if spec.rows > 1 else {} for group in columns],
        delayed(m, "valid_out", leaving, move, after, reset=True),
        delayed(m, "last_out", final, move, after),
    )


def operand_stationary(m: Module, spec: ArraySpec, columns: Sequence[Group], ports: Any, move: Value) -> Control:
    """A tile of the operand that stays is loaded while the one before is used; each beat of the other gives a sum.

    The parameters are those of `output_stationary`.
    """
    moving, other, c = (getattr(ports, name) for name in (spec.pe.moving, spec.pe.other, "c"))
    # `move` is known last, and a long wire: what it enables need not look at it.
    offered, fire, swap, load, full = (Signal(name=name) for name in ("offered", "fire", "swap", "load", "full"))
    loaded, underway = (Signal(name=name) for name in ("loaded", "underway"))
    index = Signal(range(spec.rows))
    m.d.comb += [
        offered.eq(moving.valid & c.valid & (underway | loaded)),
        fire.eq(offered & move),
        swap.eq(offered & ~underway),
        # A row may be loaded in the very cycle in which its elements begin to use what they had: with a swap, that is.
        load.eq(other.valid & (~loaded | (moving.valid & c.valid & ~underway))),
        full.eq(load & (index == spec.rows - 1)),
        moving.ready.eq(fire),
        c.ready.eq(fire),
        other.ready.eq(load & move),
    ]
    with m.If(fire):
        m.d.sync += underway.eq(~moving.payload.last)
    with m.If(move & (swap | full)):
        m.d.sync += loaded.eq(full)
    if spec.rows > 1:
        with m.If(move):
            count(m, index, index + 1, full, load, 0)
    takes = [delayed(m, f"take_{n}", load & (index == n), move, n) for n in range(spec.rows)]
    return Control(
        [Cat(takes), along(m, "swap", swap, move, ports.row_starts)],
        [_sums_so_far(m, spec, c, move, group) for group in columns],
        delayed(m, "valid_out", offered, move, spec.latency, reset=True),
        delayed(m, "last_out", moving.payload.last, move, spec.latency),
    )


CONTROLS: dict[str, Callable[[Module, ArraySpec, Sequence[Group], Any, Value], Control]] = {
    "os": output_stationary,
    "ws": operand_stationary,
    "is": operand_stationary,
}
"""By dataflow."""


def along(m: Module, name: str, flag: Value, move: Value, starts: Sequence[int]) -> Value:
    """A flag as the first element of each row gets it."""
    passed = taps(m, f"{name}_of", flag, move, max(starts))
    return Cat(passed[start] for start in starts)


def count(m: Module, register: Signal, following: Value, restart: Value, go: Value, start: int) -> None:
    """Count on when `go` is set, from `start` when `restart` is."""
    with m.If(restart):
        m.d.sync += register.eq(start)
    with m.Elif(go):
        m.d.sync += register.eq(following[: len(register)])


def _sums_so_far(m: Module, spec: ArraySpec, c: Any, move: Value, group: Group) -> dict[str, Value]:
    """What enters columns above their first elements: it meets the product behind the element's pipeline."""
    cycles, found = spec.pe.latency - 1 + group.first, {}
    for name in spec.sum_beat:
        value = Cat(Value.cast(getattr(c.payload, name)[column]) for column in group.numbers)
        found[f"{name}_in"] = delayed(m, f"c_{name}_{group.first}", value, move, cycles)
    return found
