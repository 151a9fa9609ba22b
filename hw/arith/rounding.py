"""Rounding a magnitude whose last bits go."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.place import Place, always
from hw.arith.steps import bits, extend
from hw.formats.rounding import check_rounding


def round_up(mode: str, negative: Value, odd: Value, half: Value, rest: Value) -> Value:
    """Whether a magnitude goes to the one above it.

    Parameters
    ----------
    mode : str
        A key of `ROUNDINGS` that takes no random bits.
    negative : Value
        The number's sign.
    odd : Value
        The last bit that stays.
    half : Value
        The first bit that goes.
    rest : Value
        Whether any bit below `half` is one.
    """
    _check_mode(mode)
    return {
        "nearest_even": half & (rest | odd),
        "nearest_away": half,
        "toward_zero": Const(0, 1),
        "up": ~negative & (half | rest),
        "down": negative & (half | rest),
        "odd": ~odd & (half | rest),
    }[mode]


def rounded(m: Logic, name: str, mode: str, kept: Value, half: Value, rest: Value, negative: Value) -> Signal:
    """The magnitude `kept`, rounded by what was below it, in one bit more."""
    _check_mode(mode)
    if mode == "toward_zero":
        return m.wire(name, extend(kept, len(kept) + 1))
    if mode == "odd":
        # Only the last bit can change: no carry.
        return m.wire(name, Cat(kept[0] | half | rest, kept[1:], Const(0, 1)))
    return increment(m, name, kept, m.wire(f"{name}_up", round_up(mode, negative, kept[0], half, rest)))


def rounded_stochastic(m: Logic, name: str, kept: Value, fraction: Value, random: Value) -> Signal:
    """The magnitude `kept` with `random` added to the leading bits that go, in one bit more."""
    if len(fraction) != len(random) or not len(random):
        raise ValueError(f"random must have fraction's {len(fraction)} bits, and at least 1, got {len(random)}")
    width = len(fraction) + len(kept) + 1
    total = fabric(m).add(m, f"{name}_all", Cat(fraction, kept), random, width)
    return m.wire(name, total[len(fraction) :])


def increment(m: Logic, name: str, value: Value, carry: Value) -> Signal:
    """``value + carry`` for a `carry` of one bit, in one bit more than `value` has; unsigned, as all rows are."""
    places = [Place((wire,), lambda a: a, always(0)) for wire in bits(extend(value, len(value) + 1))]
    return fabric(m).row(m, name, places, carry)


def _check_mode(mode: str) -> None:
    check_rounding(mode)
    if mode == "stochastic":
        raise ValueError("mode must be a rounding without random bits, got 'stochastic'; see rounded_stochastic")
