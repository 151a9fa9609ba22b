"""Multipliers made of rows, each for the fabric whose cells it fits: exact, of any widths and signs."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith.fabric import Fabric
from hw.arith.logic import Logic
from hw.arith.place import Place
from hw.arith.product import as_product
from hw.arith.steps import bits, extend


def conditional(m: Logic, fabric: Fabric, name: str, x: Value, y: Value, fast: bool) -> Signal:
    """Rows that each add x or nothing: where a cell takes ``sel ? sum ^ x ^ carry : sum``."""
    x, y = (x, y) if len(x) >= len(y) else (y, x)
    groups = [(low, min(low + 2, len(y))) for low in range(0, len(y), 2)] if fast else [(0, len(y))]
    rows = []
    for low, high in groups:
        signed = y.shape().signed and high == len(y)
        rows.append((low, _conditional_chain(m, fabric, f"{name}_{low}", x, y[low:high], signed)))
    return as_product(m, name, _signed_tree(m, fabric, name, rows, len(x) + len(y)), x, y)


def _conditional_chain(m: Logic, fabric: Fabric, name: str, x: Value, y: Value, signed: bool) -> Value:
    """``x * y``, row after row; the top bit of y has a negative weight if `signed`."""
    x_signed, count = x.shape().signed, len(x) + 1
    addend = bits(extend(x, count))
    if len(y) == 1 and signed:
        gated = Cat(bit & y[0] for bit in addend)
        return fabric.negate(m, f"{name}_row0", gated, y[0], count).as_signed()
    # s - x is ~(~s + x): the row before the one that subtracts puts out what it carries on inverted.
    subtracting = len(y) - 1 if signed else 0
    inverted = subtracting == 1
    gated = [bit & y[0] for bit in bits(x)]
    row: Value = m.wire(f"{name}_row0", Cat(gated[0], *(~bit if inverted else bit for bit in gated[1:])))
    done = [row[0]]
    for index in range(1, len(y)):
        above = row[-1] if x_signed else Const(int(inverted), 1)
        total = [*bits(row)[1:], above, above][:count]
        inverted = index + 1 == subtracting
        flips = [index == subtracting or (inverted and place > 0) for place in range(count)]
        row = fabric.conditional(m, f"{name}_row{index}", total, addend, y[index], flips)
        done.append(row[0])
    result = Cat(*done, row[1:])
    return result.as_signed() if x_signed or signed else result


def booth(m: Logic, fabric: Fabric, name: str, x: Value, y: Value, fast: bool) -> Signal:
    """Rows that add -2, -1, 0, 1 or 2 times x: where a LUT takes six wires."""
    if _rows(x) * (len(y) + 2) < _rows(y) * (len(x) + 2):
        x, y = y, x
    odd, count = _is_odd(y), _rows(y)
    digits = Cat(Const(0, 1), *bits(extend(y, len(y) + 2) if y.shape().signed else Cat(y, Const(0, 2)))[odd:])
    groups = [(low, min(low + 2, count)) for low in range(0, count, 2)] if fast else [(0, count)]
    lowest = y[0] if odd else None
    rows = [
        (2 * low, _booth_chain(m, fabric, f"{name}_{low}", x, digits[2 * low : 2 * high + 1], None if low else lowest))
        for low, high in groups
    ]
    total = _signed_tree(m, fabric, name, rows, len(x) + len(y) - odd)
    if lowest is not None:
        total = Cat(m.wire(f"{name}_lowest", x[0] & lowest), total)
    return as_product(m, name, total, x, y)


def _is_odd(y: Value) -> bool:
    """Whether a multiplier has one bit more than its digits: the first row, which has no sum to add, takes it in."""
    return len(y) > 2 and len(y) % 2 == y.shape().signed


def _rows(y: Value) -> int:
    """Radix-4 digits of a multiplier; an unsigned one has a zero above its top bit."""
    return (len(y) - _is_odd(y) + 1) // 2 if y.shape().signed else (len(y) - _is_odd(y)) // 2 + 1


def _booth_chain(m: Logic, fabric: Fabric, name: str, x: Value, digits: Value, lowest: Value | None) -> Value:
    """``x`` times digits, row after row, plus half of ``x * lowest``, rounded down; each digit has three bits, and
    shares the lowest with the one before it."""
    above_x = x[-1] if x.shape().signed else Const(0, 1)
    shifted = [Const(0, 1), *bits(x), *[above_x] * 2]
    done: list[Value] = []
    total: list[Value] = [Const(0, 1)] * (len(x) + 2)
    for digit in range(len(digits) // 2):
        below, one, above = bits(digits)[2 * digit : 2 * digit + 3]
        if digit == 0 and lowest is not None:
            halved = [*bits(x)[1:], *[above_x] * 3]
            places = [
                Place((halved[i], lowest, one, above, shifted[i + 1], shifted[i]), _halved_bit, _first_bit, whole=True)
                for i in range(len(x) + 2)
            ]
        else:
            places = [
                Place((total[i], below, one, above, shifted[i + 1], shifted[i]), lambda s, *_: s, _booth_bit)
                for i in range(len(x) + 2)
            ]
        row = fabric.row(m, f"{name}_row{digit}", places, above)
        done += [row[0], row[1]]
        total = [*bits(row)[2:], row[-1], row[-1]]
    return Cat(*done, *total[:-2]).as_signed()


def _halved_bit(above: int, lowest: int, *_: int) -> int:
    return above & lowest


def _first_bit(_above: int, _lowest: int, one: int, two: int, x: int, x_below: int) -> int:
    return _booth_bit(0, 0, one, two, x, x_below)


def _booth_bit(_sum: int, below: int, one: int, above: int, x: int, x_below: int) -> int:
    """A bit of a digit times x: the ones' complement if the digit is negative."""
    return ((x & (one ^ below)) | (x_below & (1 ^ one ^ below) & (one ^ above))) ^ above


def _signed_tree(m: Logic, fabric: Fabric, name: str, rows: list[tuple[int, Value]], width: int) -> Value:
    """The sum of ``value * 2**base``, each with its own sign, modulo ``2**width``."""
    level = 0
    while len(rows) > 1:
        merged = []
        for index in range(0, len(rows) - 1, 2):
            (base, low), (top, high) = rows[index], rows[index + 1]
            upper = low[top - base :].as_signed() if low.shape().signed else low[top - base :]
            signed = low.shape().signed or high.shape().signed
            # An unsigned number beside a signed one needs a sign of its own.
            count = max(len(value) + (signed and not value.shape().signed) for value in (upper, high)) + 1
            total = fabric.add(m, f"{name}_sum{level}_{index}", upper, high, min(count, width - top))
            joined = Cat(low[: top - base], total)
            merged.append((base, joined.as_signed() if signed else joined))
        rows, level = merged + rows[len(rows) & ~1 :], level + 1
    value = rows[0][1]
    return extend(value, max(width, len(value)))
