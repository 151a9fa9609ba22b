"""Counting a step ahead: what is shown, and that it is the last, come from registers, so nobody waits for a comparison.

What is counted begins with a step of its own, when all that it depends on is settled and nothing has asked for it yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Mux, Signal, Value

from hw.arith.compare import above


@dataclass
class Count:
    """A number that goes from a first one to a last one, again and again.

    Attributes
    ----------
    number : Signal
    ends : Signal
        It is the last one.
    following : Signal
        The one after it.
    """

    number: Signal
    ends: Signal
    following: Signal


def add_count(m: Module, name: str, last: Value, step: Value, clear: Value, first: int = 0) -> Count:
    """A count up to `last`, added to `m`.

    Parameters
    ----------
    m : Module
    name : str
        Of its signals.
    last : Value
        As wide as the count.
    step, clear : Value of one bit
        It goes on; it begins anew, and shows the first number after the next step.
    first : int
    """
    number, ends = Signal(len(last), name=name), Signal(name=f"{name}_ends")
    following, turn = Signal(len(last), init=first, name=f"{name}_following"), Signal(name=f"{name}_turn")
    m.d.comb += turn.eq(following == last)
    with m.If(step):
        m.d.sync += [
            number.eq(following),
            ends.eq(turn),
            following.eq(Mux(turn, first, (following + 1)[: len(last)])),
        ]
    with m.If(clear):
        m.d.sync += following.eq(first)
    return Count(number, ends, following)


@dataclass
class Heights:
    """The rows of a block, of blocks that follow each other down a matrix.

    Attributes
    ----------
    rows : Signal
    bottom : Signal
        It is the last block.
    """

    rows: Signal
    bottom: Signal


def add_heights(m: Module, total: Value, height: int, idle: Value, step: Value, quick: bool = False) -> Heights:
    """Blocks of `height` rows, the last one of what is left of `total`.

    Parameters
    ----------
    m : Module
    total : Value
        Rows in all.
    height : int
    idle, step : Value of one bit
        It waits for another matrix; to the next block, or, after that, to the first one.
    quick : bool
        Whether it may go on in every cycle though a block has several rows.
    """
    rows, bottom = Signal(range(height + 1), name="block_rows"), Signal(name="bottom")
    # Below this block; one may be looked at after the last one.
    rest = Signal(range(-2 * height, 1 << len(total)), name="rows_below")
    more, gone = above(rest, height), step
    if height > 1 and not quick:
        # No block but the last one is gone through in one cycle, so there is time.
        gone = Signal(name="block_gone")
        m.d.sync += gone.eq(step)
    with m.If(step):
        m.d.sync += [rows.eq(Mux(more, height, rest[: len(rows)])), bottom.eq(~more)]
    with m.If(gone):
        m.d.sync += rest.eq((rest - height)[: len(rest)].as_signed())
    with m.If(idle):
        m.d.sync += rest.eq(total)
    return Heights(rows, bottom)
