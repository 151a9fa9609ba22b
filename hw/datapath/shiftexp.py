"""I-ViT's exponential in integers, by shifts (arXiv 2207.01405)."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import above
from hw.arith.place import Place
from hw.arith.steps import bits, extend


@dataclass
class Power:
    """A number ``m * 2**-q``, both unsigned; `m` is above ``steps`` and at most twice that."""

    m: Value
    q: Value


def base_two(x: int) -> int:
    """About ``x * log2(e)``: what is a power of e has this exponent as a power of two."""
    return x + (x >> 1) - (x >> 4)


def reach(distance: int, steps: int, most: int | None) -> int:
    """The highest exponent `q` at a distance from the highest number, of which `most` are told apart."""
    q = -base_two(-distance) // steps
    return q if most is None else min(q, most)


def exponential(x: int, steps: int, shifts: int) -> int:
    """``exp(x / steps) * steps * 2**shifts``, about, of a number of at most 0."""
    t = min(-base_two(x), shifts * steps)
    q, rest = divmod(t, steps)
    return (2 * steps - rest << shifts - q) >> 1


def below_highest(m: Logic, distance: Value, steps: int, most: int) -> Value:
    """``-base_two(-distance)``, and at most ``most * steps``, for an unsigned distance."""
    # Halves are rounded up, sixteenths too: what is cut off enters as a carry.
    width = len(distance) + 1
    whole = fabric(m).add(m, "halved", distance, distance[1:], width, distance[0])
    cut_off = m.wire("cut_off", distance[:4].any())
    places = _difference(bits(extend(whole, width)), bits(extend(distance[4:], width)))
    t = fabric(m).row(m, "exponent", places, m.wire("exact", ~cut_off))
    limit = most * steps
    if limit >= 1 << len(t):
        return t
    return m.wire("limited", Mux(above(t, limit), Const(limit, len(t)), t))


def below_bound(m: Logic, x: Value, steps: int, bound: int) -> Value:
    """``bound * steps - base_two(x)``, unsigned, for an x of which no number has a `base_two` above that."""
    # Modulo a power of two above: -x is ~x and one more, as often as something is taken away.
    highest = bound * steps - base_two(-(1 << len(x) - 1) if x.shape().signed else 0)
    width = max(highest.bit_length(), len(x) + 1)
    number = extend(x, width)
    less = Cat(~bit for bit in bits(number))
    halves = Cat(less[1:], less[-1])
    one = fabric(m).add(m, "halved", less, halves, width, 1)
    sixteenth = Cat(*bits(x)[4:], x[-1]).as_signed() if x.shape().signed else x[4:]
    two = fabric(m).add(m, "base_two", one, extend(sixteenth, max(width, len(sixteenth))), width, 1)
    return fabric(m).add_constant(m, "exponent", two, bound * steps)


def power(m: Logic, t: Value, steps: int, highest: int) -> Power:
    """``2**-(t / steps)``, about: ``q = t // steps`` by restoring steps, and a line for what is left.

    Parameters
    ----------
    m : Logic
        Where it is added.
    t : Value
        Unsigned.
    steps : int
        1 or more: ``ceil(1 / scale)``.
    highest : int
        The highest that `q` is.
    """
    count = max(1, highest.bit_length())
    if steps & (steps - 1):
        rest, quotient = _restored(m, t, steps, count)
    else:
        place = steps.bit_length() - 1
        rest, quotient = _cut(t, 0, place), _cut(t, place, count)
    wide = steps.bit_length() + 1
    significand = fabric(m).add_constant(m, "significand", m.wire("less", ~_wide(rest, wide)), 2 * steps + 1)
    return Power(significand, quotient)


def _restored(m: Logic, t: Value, steps: int, count: int) -> tuple[Value, Value]:
    """What is left of a division by a constant, and a quotient of so many bits."""
    width, found = (2 * steps - 1).bit_length(), list[Value]()
    lower, upper = list(bits(t)), list[Value]()
    lower += [Const(0, 1)] * max(0, count - 1 + width - len(lower))
    start = count - 1
    lower, upper = lower[:start], lower[start : start + width]
    for step in range(count):
        if step:
            upper = [lower.pop(), *upper[: width - 1]]
        here = Cat(*upper)
        taken = fabric(m).add(m, f"less{step}", here, Const((1 << width) - steps, width + 1), width + 1)
        fits = m.wire(f"fits{step}", taken[width])
        upper = bits(m.wire(f"rest{step}", Mux(fits, taken[:width], here)))
        found.insert(0, fits)
    return Cat(*upper[: (steps - 1).bit_length()]), Cat(*found)


def _difference(x: list[Value], y: list[Value]) -> list[Place]:
    return [Place(pair, lambda a, b: a, lambda a, b: 1 ^ b) for pair in zip(x, y, strict=True)]


def _cut(t: Value, low: int, count: int) -> Value:
    """So many bits from a place on; zeros above the top."""
    return Cat(*[*bits(t)[low : low + count], *[Const(0, 1)] * (low + count - max(low, len(t)))][:count])


def _wide(value: Value, width: int) -> Value:
    return Cat(value, Const(0, width - len(value)))
