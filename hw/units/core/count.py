"""Counting a step ahead: what is shown, and that it is the last, come from registers, so nobody waits for a comparison.

What is counted begins with a step of its own, when all that it depends on is settled and nothing has asked for it yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith.compare import above


@dataclass
class Count:
    """Something that goes from a first one to a last one, again and again.

    Attributes
    ----------
    number, ends : Signal
        Tells one from another, nothing else; and that it is the last one.
    following, following_ends : Signal
        The same of the one after it.
    """

    number: Signal
    ends: Signal
    following: Signal
    following_ends: Signal


def add_count(m: Module, name: str, last: Value, step: Value, clear: Value, first: int = 0) -> Count:
    """A count from `first` to `last`, added to `m`.

    Parameters
    ----------
    m : Module
    name : str
        Of its signals.
    last : Value
        It stays from the cycle before the last one of `clear` on.
    step, clear : Value of one bit
        It goes on; it begins anew, and shows the first one after the next step.
    first : int
    """
    width = max(len(last), (first + 1).bit_length())
    number, ends = Signal(width, name=name), Signal(name=f"{name}_ends")
    # One more than what it stands for: so it is compared before the step that it counts.
    following = Signal(width, init=first + 1, name=f"{name}_following")
    following_ends, single = Signal(name=f"{name}_following_ends"), Signal(name=f"{name}_single")
    m.d.sync += single.eq(last == first)
    with m.If(step):
        m.d.sync += [
            number.eq(following),
            ends.eq(following_ends),
            following.eq(Mux(following_ends, first + 1, following + 1)[:width]),
            following_ends.eq(single | (following == last)),
        ]
    with m.If(clear):
        m.d.sync += [following.eq(first + 1), following_ends.eq(single)]
    return Count(number, ends, following, following_ends)


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
        # No block but the last one is gone through in less cycles than it has rows, so there is time.
        gone = Signal(name="block_gone")
        m.d.sync += gone.eq(step)
    following = Cat(~more, Mux(more, height, rest[: len(rows)]))
    if height > 2 and not quick:
        following, known = Signal(len(following), name="block_next"), following
        m.d.sync += following.eq(known)
    with m.If(step):
        m.d.sync += Cat(bottom, rows).eq(following)
    with m.If(gone):
        m.d.sync += rest.eq((rest - height)[: len(rest)].as_signed())
    with m.If(idle):
        m.d.sync += rest.eq(total)
    return Heights(rows, bottom)


def add_supply(m: Module, name: str, most: int, given: Value, used: Value, clear: Value) -> tuple[Value, Value]:
    """Whether anything is there, and will be in the next cycle; no comparison of places is waited for.

    Parameters
    ----------
    m : Module
    name : str
        Of its signals.
    most : int
        How much can be there.
    given, used, clear : Value of one bit
        One comes, one goes, nothing is there.
    """
    amount, some, after = Signal(range(most + 1), name=name), Signal(name=f"{name}_some"), Signal(name=f"{name}_after")
    many = above(amount, 1)
    m.d.comb += after.eq(given | Mux(used, many, some))
    m.d.sync += some.eq(after)
    with m.If(given != used):
        # One more, or one less, which is all ones more.
        step = Cat(Const(1, 1), used.replicate(len(amount) - 1)) if len(amount) > 1 else Const(1, 1)
        m.d.sync += amount.eq((amount + step)[: len(amount)])
    with m.If(clear):
        m.d.sync += [amount.eq(0), some.eq(0)]
    return some, after
