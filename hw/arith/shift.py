"""Barrel shifters: a shift by a number on a wire, two of its bits a stage.

A stage chooses one of four, which is a LUT6, or two LUT4 and the multiplexer beside them.
"""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.place import Place, always
from hw.arith.steps import bits
from hw.formats.messages import echo


def shift_left(m: Logic, name: str, value: Value, amount: Value, width: int, fill: Value | None = None) -> Signal:
    """``value << amount`` modulo ``2**width``, with the sign of `value`.

    Parameters
    ----------
    m : Logic
        Where it is added.
    name : str
        Of the result's wire.
    value : Value
    amount : Value
        Unsigned.
    width : int
        Of the result: bits that are shifted beyond it are dropped.
    fill : Value of one bit, optional
        What comes in from below, if not zero.
    """
    _check(amount, width)
    below, current = Const(0, 1) if fill is None else fill, value
    stages, far = _stages(amount, width)
    # The small steps go first, while the number is still narrow.
    for weight, select in stages:
        widened = min(width, len(current) + weight * ((1 << len(select)) - 1))
        here = _padded(current, widened)
        choices = [Cat(*[*[below] * (n * weight), *here][:widened]) for n in range(1 << len(select))]
        chosen = _choose(select, choices)
        current = _signed_as(value, m.wire(f"{name}_by{weight}", chosen))
    result = Cat(_padded(current, width))
    if far is not None:
        result = Mux(far, below.replicate(width), result)
    return m.wire(name, _signed_as(value, result))


def shift_right(m: Logic, name: str, value: Value, amount: Value, width: int) -> Signal:
    """The lowest `width` bits of ``value >> amount``, with the sign of `value`."""
    _check(amount, width)
    sign, current = _fill(value), value
    stages, far = _stages(amount, len(value))
    # The large steps go first: fewer bits can still get into a narrow result.
    for weight, select in reversed(stages):
        kept = min(len(value), width + weight - 1)
        choices = [_moved(current, n * weight, kept, sign) for n in range(1 << len(select))]
        current = m.wire(f"{name}_by{weight}", _choose(select, choices))
    result = _moved(current, 0, width, sign)
    if far is not None:
        result = Mux(far, sign.replicate(width), result)
    return m.wire(name, _signed_as(value, result))


def shift_right_sticky(m: Logic, name: str, value: Value, amount: Value) -> tuple[Signal, Signal]:
    """``value >> amount``, and whether any bit that is one was shifted out."""
    _check(amount, len(value))
    sign, current = _fill(value), value
    stages, far = _stages(amount, len(value))
    lost: list[Value] = []
    for weight, select in reversed(stages):
        counts = [n * weight for n in range(1 << len(select))]
        lost.append(
            m.wire(
                f"{name}_lost{weight}",
                _choose(select, [current[:count].any() for count in counts]),
            )
        )
        choices = [_moved(current, count, len(value), sign) for count in counts]
        current = m.wire(f"{name}_by{weight}", _choose(select, choices))
    result, sticky = _moved(current, 0, len(value), sign), Cat(*lost).any()
    if far is not None:
        # The flag comes last, so that its wide OR runs beside the stages.
        result, sticky = Mux(far, sign.replicate(len(value)), result), Mux(far, value.any(), sticky)
    return m.wire(name, _signed_as(value, result)), m.wire(f"{name}_sticky", sticky)


def shift_and_negate(m: Logic, name: str, x: Value, amount: Value, negate: Value, drop: int, width: int) -> Value:
    """``(-x if negate else x) << amount``, without its lowest `drop` bits, which are zero, in `width` bits.

    x is negated while it is narrow, or, where a row has room for it, with the last stage.
    """
    step = 1 << len(amount) - 1
    if not fabric(m).folds_four or len(amount) < 2 or step >= width + drop:
        signed = fabric(m).negate(m, f"{name}_narrow", x, negate, len(x) + 1).as_signed()
        return shift_left(m, name, signed, amount, width + drop)[drop:]
    near = bits(shift_left(m, f"{name}_near", x, amount[:-1], min(width + drop, len(x) + step - 1)))
    above = [near[-1] if x.shape().signed else Const(0, 1)] * (width + drop)
    pairs = list(zip([*near, *above], [*[Const(0, 1)] * step, *near, *above], strict=False))
    places = [
        Place((*pair, amount[-1], negate), lambda x, y, s, n: ((x & (1 ^ s)) | (y & s)) ^ n, always(0))
        for pair in pairs[drop : width + drop]
    ]
    return fabric(m).row(m, name, places, negate)


def _check(amount: Value, width: int) -> None:
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    if amount.shape().signed:
        raise ValueError(f"amount must be unsigned, got {echo(amount)}")


def _stages(amount: Value, width: int) -> tuple[list[tuple[int, Value]], Value | None]:
    """Pairs of the amount's bits with their weights, and whether it shifts by `width` or more by one bit alone."""
    near = min(len(amount), (width - 1).bit_length())
    stages = [(1 << low, amount[low : min(low + 2, near)]) for low in range(0, near, 2)]
    return stages, amount[near:].any() if near < len(amount) else None


def _choose(select: Value, choices: Sequence[Value]) -> Value:
    """Of two choices or four."""
    if len(choices) == 2:
        return Mux(select, choices[1], choices[0])
    return Mux(select[1], Mux(select[0], choices[3], choices[2]), Mux(select[0], choices[1], choices[0]))


def _padded(value: Value, width: int) -> list[Value]:
    """The lowest `width` bits of a value, extended if it has fewer."""
    return [*bits(value), *[_fill(value)] * (width - len(value))][:width]


def _moved(value: Value, count: int, width: int, sign: Value) -> Value:
    """Bits ``count .. count + width - 1`` of a value, with `sign` beyond its top."""
    return Cat(*bits(value)[count : count + width], *[sign] * (width - max(0, len(value) - count)))


def _fill(value: Value) -> Value:
    return value[-1] if value.shape().signed else Const(0, 1)


def _signed_as(value: Value, result: Value) -> Value:
    return result.as_signed() if value.shape().signed else result
