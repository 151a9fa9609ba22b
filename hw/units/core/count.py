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
    following_ends : Signal
        The same of the one after it.
    """

    number: Signal
    ends: Signal
    following_ends: Signal


def add_count(m: Module, name: str, last: Value, step: Value, clear: Value, first: int = 0) -> Count:
    """As many as from `first` to `last`, added to `m`. It counts down, for then its end is compared with a constant.

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
    number, ends = Signal(len(last), name=name), Signal(name=f"{name}_ends")
    following = Signal(len(last), name=f"{name}_following")
    following_ends, single = Signal(name=f"{name}_following_ends"), Signal(name=f"{name}_single")
    m.d.sync += single.eq(last == first)
    with m.If(step):
        m.d.sync += [
            number.eq(following),
            ends.eq(following_ends),
            following.eq(Mux(following_ends, last, following - 1)[: len(last)]),
            following_ends.eq(Mux(following_ends, single, following == first + 1)),
        ]
    with m.If(clear):
        m.d.sync += [following.eq(last), following_ends.eq(single)]
    return Count(number, ends, following_ends)


@dataclass
class Heights:
    """The rows of a block, of blocks that follow each other down a matrix.

    Attributes
    ----------
    rows : Signal
    bottom : Signal
        It is the last block.
    single, single_next : Value
        It has one row; the next one has.
    """

    rows: Signal
    bottom: Signal
    single: Signal
    single_next: Value


def add_heights(m: Module, total: Value, height: int, idle: Value, step: Value, quick: bool = False) -> Heights:
    """Blocks of `height` rows, the last one of what is left of `total`.

    Parameters
    ----------
    m : Module
    total : Value
        Rows in all, which stay from the cycle before the last one of `idle` on.
    height : int
    idle, step : Value of one bit
        It waits for another matrix, and shows its first block; to the next one.
    quick : bool
        Whether it may go on in every cycle though a block has several rows; then nobody may look at these.
    """
    rows, bottom, single = Signal(range(height + 1), name="block_rows"), Signal(name="bottom"), Signal(name="single")
    # Below this block; one may be looked at after the last one.
    rest = Signal(range(-2 * height, 1 << len(total)), name="rows_below")
    # Whether there are more than the next block has; the subtraction is a cycle behind.
    more, gone = Signal(name="more_below"), Signal(name="block_gone")
    second, third = Signal(name="second_block"), Signal(name="third_block")
    m.d.sync += [gone.eq(step), second.eq(above(total, height)), third.eq(above(total, 2 * height))]
    following = Const(1, 1) if height == 1 else Mux(more, height, rest[: len(rows)])
    single_next = Const(1, 1) if height == 1 else ~more & (rest[: len(rows)] == 1)
    with m.If(step):
        m.d.sync += [bottom.eq(~more), rows.eq(following), single.eq(single_next)]
    with m.If(gone):
        m.d.sync += rest.eq((rest - height)[: len(rest)].as_signed())
    if quick or height == 1:
        with m.If(step):
            m.d.sync += more.eq(Mux(gone, above(rest, 3 * height), above(rest, 2 * height)))
    else:
        # No block but the last one is gone through in less cycles than it has rows, so there is time.
        with m.If(gone):
            m.d.sync += more.eq(above(rest, 2 * height))
    with m.If(idle):
        m.d.sync += [
            bottom.eq(~second),
            rows.eq(Mux(second, height, total[: len(rows)])),
            single.eq(Const(1, 1) if height == 1 else total == 1),
            rest.eq((total - height)[: len(rest)].as_signed()),
            more.eq(third),
        ]
    return Heights(rows, bottom, single, single_next)


@dataclass
class Rows:
    """The rows of a block, one after the other, again and again; they count from one.

    Attributes
    ----------
    number, ends : Signal
        Which it is, and that it is the block's last one.
    """

    number: Signal
    ends: Signal


def add_rows(m: Module, block: Heights, step: Value, leaves: Value, clear: Value) -> Rows:
    """The rows of blocks, added to `m`.

    Parameters
    ----------
    m : Module
    block : Heights
    step, leaves : Value of one bit
        To the next row; and, at the last one, to the next block.
    clear : Value of one bit
        It begins anew; it ends two cycles after the blocks' `idle`, or later.
    """
    number, ends = Signal.like(block.rows, init=1, name="row_next"), Signal(name="row_next_ends")
    # Where no block has two rows, every row ends one.
    second = 2 % (1 << len(number))
    following = Signal.like(block.rows, init=second, name="row_following")
    with m.If(step):
        m.d.sync += [
            number.eq(Mux(ends, 1, following)),
            following.eq(Mux(ends, second, following + 1)[: len(following)]),
            ends.eq(Mux(ends, Mux(leaves, block.single_next, block.single), following == block.rows)),
        ]
    with m.If(clear):
        m.d.sync += [number.eq(1), following.eq(second), ends.eq(block.single)]
    return Rows(number, ends)


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
    many = Signal(name=f"{name}_many")
    m.d.comb += after.eq(given | Mux(used, many, some))
    m.d.sync += some.eq(after)
    with m.If(given != used):
        # One more, or one less, which is all ones more.
        step = Cat(Const(1, 1), used.replicate(len(amount) - 1)) if len(amount) > 1 else Const(1, 1)
        m.d.sync += [amount.eq((amount + step)[: len(amount)]), many.eq(Mux(used, above(amount, 2), some))]
    with m.If(clear):
        m.d.sync += [amount.eq(0), some.eq(0), many.eq(0)]
    return some, after
