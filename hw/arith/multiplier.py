"""Multipliers made of rows, each for the fabric whose cells it fits: exact, of any widths and signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith.fabric import Fabric
from hw.arith.logic import Logic
from hw.arith.place import Place, always, plain
from hw.arith.product import as_product, parts
from hw.arith.steps import bits, extend


@dataclass
class Row:
    """A number on its way to the sum: ``value * 2**base``, and what it can't exceed."""

    base: int
    value: Value
    most: int


def paired(m: Logic, fabric: Fabric, name: str, x: Value, y: Value) -> Signal:
    """Rows that add two partial products each, then a tree: where a LUT takes ``(a & b) ^ (c & d)``.

    Signs are Baugh and Wooley's: a partial product of negative weight enters inverted, with a
    constant. The constants stand in places of the rows that are free.
    """
    width, sign = len(x) + len(y), (x.shape().signed, y.shape().signed)
    constant = sum(-1 << i + j for i, j in _negative(len(x), len(y), sign)) & ((1 << width) - 1)
    free = constant & ((1 << (width - 1)) - 1)
    rows = []
    for low in range(0, len(y), 2):
        partial = _Pair(x, y, low, sign)
        free = partial.take(free)
        places = partial.places(width - low)
        rows.append(Row(low, fabric.row(m, f"{name}_row{low}", places, partial.carry), partial.most))
    # What found no place is a row of its own.
    if free:
        rows.append(Row(0, Const(free, width), free))
    top = bool(constant >> (width - 1))
    total = _tree(m, fabric, name, rows, width, top)
    return as_product(m, name, total, x, y)


def _negative(m: int, n: int, sign: tuple[bool, bool]) -> list[tuple[int, int]]:
    """The partial products that have a negative weight."""
    return [(i, j) for i in range(m) for j in range(n) if (sign[0] and i == m - 1) != (sign[1] and j == n - 1)]


class _Pair:
    """The row of y's bits `low` and ``low + 1``, with constant ones in its free places."""

    def __init__(self, x: Value, y: Value, low: int, sign: tuple[bool, bool]) -> None:
        self.x, self.y, self.low = parts(x), parts(y), low
        self.negative = set(_negative(len(x), len(y), sign))
        self.ones: set[tuple[int, str]] = set()
        self.carry = 0

    @property
    def most(self) -> int:
        """The highest sum: every partial product one."""
        single = (1 << len(self.x)) - 1
        second = 2 * single if self.low + 1 < len(self.y) else 0
        return single + second + sum(1 << place for place, _ in self.ones) + self.carry

    def take(self, constant: int) -> int:
        """Put ones of `constant` into free places; what remains of it."""
        for place, side in ((0, "y"), (len(self.x), "x")):
            weight = 1 << self.low + place
            if constant & weight:
                self.ones.add((place, side))
                constant -= weight
        # Two ones make one of twice the weight: the lowest place has room for two, and the carry.
        weight = 1 << self.low + 1
        if constant & weight and (0, "y") not in self.ones:
            self.ones.add((0, "y"))
            self.carry = 1
            constant -= weight
        return constant

    def places(self, limit: int) -> list[Place]:
        count = min(self.most.bit_length(), limit)
        return [self._place(index) for index in range(count)]

    def _place(self, index: int) -> Place:
        x, y = self._partial(index, self.low, "x", index), self._partial(index - 1, self.low + 1, "y", index)
        # An inverted one goes first: some carry chains see the first two wires only.
        x, y = (y, x) if y.inverted and not x.inverted else (x, y)
        cut = len(x.wires)
        return Place(
            (*x.wires, *y.wires), lambda *given: x.function(*given[:cut]), lambda *given: y.function(*given[cut:])
        )

    def _partial(self, i: int, j: int, side: str, index: int) -> _Partial:
        if 0 <= i < len(self.x) and j < len(self.y):
            inverted = (i, j) in self.negative
            return _Partial(
                (self.x[i], self.y[j]), (lambda a, b: 1 ^ (a & b)) if inverted else (lambda a, b: a & b), inverted
            )
        return _Partial((), always(int((index, side) in self.ones)), False)


@dataclass
class _Partial:
    wires: tuple[Value, ...]
    function: Callable[..., int]
    inverted: bool


def _tree(m: Logic, fabric: Fabric, name: str, rows: Sequence[Row], width: int, invert_top: bool) -> Value:
    """The sum of rows modulo ``2**width``, its top bit inverted if asked, neighbours first."""
    level = 0
    while len(rows) > 1:
        merged = []
        for index in range(0, len(rows) - 1, 2):
            last = len(rows) == 2
            merged.append(
                _merge(
                    m, fabric, f"{name}_sum{level}_{index}", rows[index], rows[index + 1], width, last and invert_top
                )
            )
        rows = merged + list(rows[len(rows) & ~1 :])
        level += 1
    value = rows[0].value
    if level == 0:
        value = extend(value, max(width, len(value)))[:width]
        value = Cat(value[:-1], ~value[-1]) if invert_top else value
    return value


def _merge(m: Logic, fabric: Fabric, name: str, low: Row, high: Row, width: int, invert_top: bool) -> Row:
    """``low + high``: the bits below the higher row's base pass by."""
    if low.base > high.base:
        low, high = high, low
    pass_by = high.base - low.base
    most = low.most + (high.most << pass_by)
    count = width - high.base if invert_top else min((most >> pass_by).bit_length(), width - high.base)
    upper = bits(low.value)[pass_by:]
    pairs = zip(_padded(upper, count), _padded(bits(high.value), count), strict=True)
    places = [plain(a, b) for a, b in pairs]
    if invert_top:
        places[-1] = Place(places[-1].inputs, lambda a, b: 1 ^ a, lambda a, b: b)
    total = fabric.row(m, name, places)
    return Row(low.base, Cat(*_padded(bits(low.value), pass_by)[:pass_by], total), most)


def _padded(wires: Sequence[Value], count: int) -> list[Value]:
    return [*wires[:count], *[Const(0, 1)] * (count - len(wires))]


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
    if _digits(x) * (len(y) + 2) < _digits(y) * (len(x) + 2):
        x, y = y, x
    count = _digits(y)
    groups = [(low, min(low + 2, count)) for low in range(0, count, 2)] if fast else [(0, count)]
    rows = [(2 * low, _booth_chain(m, fabric, f"{name}_{low}", x, y, low, high)) for low, high in groups]
    return as_product(m, name, _signed_tree(m, fabric, name, rows, len(x) + len(y)), x, y)


def _digits(y: Value) -> int:
    """Radix-4 digits of a multiplier; an unsigned one has a zero above its top bit."""
    return (len(y) + 1) // 2 if y.shape().signed else len(y) // 2 + 1


def _booth_chain(m: Logic, fabric: Fabric, name: str, x: Value, y: Value, low: int, high: int) -> Value:
    """``x`` times y's digits `low` to ``high - 1``, row after row."""
    recoded = [Const(0, 1), *bits(extend(y, len(y) + 2) if y.shape().signed else Cat(y, Const(0, 2)))]
    shifted = [Const(0, 1), *bits(x), *[x[-1] if x.shape().signed else Const(0, 1)] * 2]
    done: list[Value] = []
    total: list[Value] = [Const(0, 1)] * (len(x) + 2)
    for digit in range(low, high):
        below, one, above = recoded[2 * digit : 2 * digit + 3]
        places = [
            Place((total[i], below, one, above, shifted[i + 1], shifted[i]), lambda s, *_: s, _booth_bit)
            for i in range(len(x) + 2)
        ]
        row = fabric.row(m, f"{name}_row{digit}", places, above)
        done += [row[0], row[1]]
        total = [*bits(row)[2:], row[-1], row[-1]]
    return Cat(*done, *total[:-2]).as_signed()


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
