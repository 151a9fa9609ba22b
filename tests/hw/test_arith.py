"""The building blocks, on every fabric's cells as Yosys models them, against numpy's integers; and the pipeliner."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, Const, Fragment, Module, Mux, Shape, Signal, Value
from amaranth.hdl._ast import SignalDict, SwitchValue
from amaranth.sim import Simulator
from numpy.typing import NDArray

from hw.arith import FABRICS, Logic, fabric, multiply
from hw.arith.align import Shift, align
from hw.arith.compare import above, below, greater
from hw.arith.compress import compress, compress_3, compress_4, compress_add
from hw.arith.gates import gated
from hw.arith.place import Function, Place
from hw.arith.popcount import popcount
from hw.arith.product import halves
from hw.arith.rounding import increment, round_up, rounded, rounded_stochastic
from hw.arith.schedule import read, schedule
from hw.arith.segments import cut, in_segments
from hw.arith.shift import shift_left, shift_right, shift_right_sticky
from hw.arith.steps import Datapath
from hw.arith.term import Bit, Term
from hw.arith.tree import sum_terms
from hw.arith.zeros import leading_zeros, normalise
from hw.formats import Span
from hw.formats.rounding import ROUNDINGS
from hw.narrowing import narrowings
from hw.target import GENERIC, TARGETS
from hw.timing.delays import delays_of
from rtl_gen.cells import cell_models
from sim.netlist import Words, read_netlist, to_words

Array = NDArray[np.int64]
# Portable RTL, and the families whose cells have a form of their own.
FORMS = ["generic", *(name for name, target in TARGETS.items() if target.carry)]
# The others' rows are written by the same classes, for other cells.
DISTINCT = ("generic", "ecp5", "ice40", "xcup")
# Every pair of two bytes, each with 32 more bits at random.
RUNS = 1 << 16
INPUTS: dict[str, Array] = {
    "a": np.arange(RUNS) & 255,
    "b": np.arange(RUNS) >> 8,
    "c": np.random.default_rng(0).integers(0, 1 << 32, RUNS),
}


@dataclass(frozen=True)
class Case:
    """A primitive: how it is built from the inputs, and what it must give; only the result's bits count."""

    name: str
    build: Callable[[Logic, Value, Value, Value], Value]
    expected: Callable[[Array, Array, Array], Any]
    fast: bool = False
    """Whether it is the fast form."""
    relatives: bool = True
    """Whether it is for `RELATIVES` too."""


def taken(value: Value, width: int, signed: bool, low: int = 0) -> Value:
    part = value[low : low + width]
    return part.as_signed() if signed else part


def number(codes: Array, width: int, signed: bool, low: int = 0) -> Array:
    """The same as `taken`, of integers."""
    code = codes >> low & (1 << width) - 1
    return code - ((code >> width - 1) << width) if signed else code


def products() -> Iterator[Case]:
    widths = [(8, 8), (4, 4), (7, 5), (5, 7), (3, 8), (8, 2), (2, 2), (1, 4), (4, 1), (1, 1)]
    for (i, j), s, t, fast in product(widths, *[(False, True)] * 3):
        if fast and min(i, j) < 3:
            continue
        yield Case(
            f"{Shape(i, s)} * {Shape(j, t)}, {fast=}",
            lambda m, a, b, c, i=i, j=j, s=s, t=t, fast=fast: fabric(m).multiply(
                m, "p", m.wire("x", taken(a, i, s)), m.wire("y", taken(b, j, t)), fast
            ),
            lambda a, b, c, i=i, j=j, s=s, t=t: number(a, i, s) * number(b, j, t),
            fast=fast,
            relatives=i + j < 11 or (i, j) == (5, 7),
        )
    # Chains of rows beside one another, and a tree of them.
    for (i, j), s, t, fast in product([(13, 11), (12, 16)], *[(False, True)] * 3):
        yield Case(
            f"{Shape(i, s)} * {Shape(j, t)}, {fast=}",
            lambda m, a, b, c, i=i, j=j, s=s, t=t, fast=fast: fabric(m).multiply(
                m, "p", m.wire("x", taken(c, i, s)), m.wire("y", taken(c, j, t, 16)), fast
            ),
            lambda a, b, c, i=i, j=j, s=s, t=t: number(c, i, s) * number(c, j, t, 16),
            fast=fast,
            relatives=False,
        )


def halved_products() -> Iterator[Case]:
    for (i, j), s, t, levels in product([(8, 8), (5, 7)], *[(False, True)] * 2, (2, 3)):
        yield Case(
            f"{Shape(i, s)} * {Shape(j, t)} in halves, {levels=}",
            lambda m, a, b, c, i=i, j=j, s=s, t=t, n=levels: halves(m, "p", taken(a, i, s), taken(b, j, t), n),
            lambda a, b, c, i=i, j=j, s=s, t=t: number(a, i, s) * number(b, j, t),
        )


def function(contents: list[int]) -> Function:
    """The function with that truth table, of ints, of Values and of arrays."""

    def chosen(values: tuple[Any, ...], contents: list[int]) -> Any:
        if not values:
            return contents[0]
        half = len(contents) // 2
        last, rest = values[-1], values[:-1]
        return (chosen(rest, contents[:half]) & (1 ^ last)) | (chosen(rest, contents[half:]) & last)

    return lambda *values: chosen(values, contents)


def rows() -> Iterator[Case]:
    rng = random.Random(1)
    for index in range(12):
        # Wires of each place, and its two functions. Lone wires and constants are the usual, so they come often.
        places: list[tuple[list[int], Function, Function]] = []
        for _ in range(rng.randint(1, 6)):
            wires = rng.sample(range(31), rng.randint(0, 6))
            tables = [[rng.randint(0, 1) for _ in range(1 << len(wires))] for _ in "xy"]
            if index % 2 and wires:
                tables[rng.randint(0, 1)] = rng.choice([[0, 1], [1, 0], [0, 0], [1, 1]]) * (1 << len(wires) - 1)
            places.append((wires, function(tables[0]), function(tables[1])))
        carry = index % 3

        def build(m: Logic, a: Value, b: Value, c: Value, places: Any = places, carry: int = carry) -> Value:
            drawn = [Place(tuple(c[wire] for wire in wires), x, y) for wires, x, y in places]
            return fabric(m).row(m, "sum", drawn, c[31] if carry == 2 else carry)

        def expected(a: Array, b: Array, c: Array, places: Any = places, carry: int = carry) -> Array:
            total = c >> 31 & 1 if carry == 2 else np.full_like(c, carry)
            for place, (wires, x, y) in enumerate(places):
                given = [c >> wire & 1 for wire in wires]
                total = total + (x(*given) + y(*given) << place)
            return total

        yield Case(f"row {index}", build, expected)


def segments() -> Iterator[Case]:
    """Rows and rows that add to them, cut where any may be."""
    rng = random.Random(2)
    for index in range(12):
        width = rng.randint(4, 12)
        begins = sorted(rng.sample(range(1, width), rng.randint(1, 3)))
        wires = [rng.sample(range(31), 3) for _ in range(width)]
        functions = [function([rng.randint(0, 1) for _ in range(8)]) for _ in "xy"]

        def build(
            m: Logic, a: Value, b: Value, c: Value, n: int = index, w: Any = wires, f: Any = functions, s: Any = begins
        ) -> Value:
            first = fabric(m).row(
                m, "sum", [Place(tuple(c[i] for i in place), *f) for place in w], c[31] if n % 2 else 0
            )
            total = fabric(m).add(m, "total", first.as_signed() if n % 3 else first, b.as_signed(), len(w) + 1, n % 2)
            rows = {number: s for number, step in enumerate(m.steps) if step.row is not None}
            m.steps = [part.step for part in cut(Datapath(m.steps, [total], SignalDict(), []), rows)]
            assert sum(target is total for step in m.steps for target in step.targets) == 1
            assert not any(target is first for step in m.steps for target in step.targets)
            return total

        def expected(a: Array, b: Array, c: Array, n: int = index, w: Any = wires, f: Any = functions) -> Array:
            first = c >> 31 & 1 if n % 2 else 0 * c
            for place, given in enumerate([[c >> i & 1 for i in place] for place in w]):
                first = first + (f[0](*given) + f[1](*given) << place)
            return number(first, len(w), bool(n % 3)) + number(b, 8, True) + n % 2

        yield Case(f"segments {index}", build, expected)


def sums() -> Iterator[Case]:
    shapes = [
        (8, 8, False, False, 9),
        (5, 8, True, False, 9),
        (3, 6, True, True, 7),
        (8, 8, True, True, 6),
        (1, 1, False, False, 1),
    ]
    for (i, j, s, t, width), carry in product(shapes, (0, 1, 2)):
        yield Case(
            f"add {(i, j, s, t, width, carry)}",
            lambda m, a, b, c, i=i, j=j, s=s, t=t, width=width, carry=carry: fabric(m).add(
                m, "sum", taken(a, i, s), taken(b, j, t), width, c[0] if carry == 2 else carry
            ),
            lambda a, b, c, i=i, j=j, s=s, t=t, carry=carry: (
                number(a, i, s) + number(b, j, t) + (c & 1 if carry == 2 else carry)
            ),
        )
    rng = random.Random(2)
    for count, width in product(range(4), (8, 5)):
        constant, values = rng.randrange(1 << width), [rng.randrange(1 << width) for _ in range(count)]
        yield Case(
            f"add_constant {constant} overrides {values}",
            lambda m, a, b, c, width=width, constant=constant, values=values: fabric(m).add_constant(
                m, "sum", a[:width], constant, [(c[n], value) for n, value in enumerate(values)]
            ),
            lambda a, b, c, constant=constant, values=values: (
                np.select([(c >> n & 1) == 1 for n in range(len(values))], values, a + constant)
                if values
                else a + constant
            ),
        )
    for width, signed, negate in product((8, 5), (False, True), (False, True)):
        yield Case(
            f"accumulate {Shape(width, signed)} {negate=}",
            lambda m, a, b, c, width=width, signed=signed, negate=negate: fabric(m).accumulate(
                m, "sum", a, c[0], taken(b, width, signed), c[1] if negate else None
            ),
            lambda a, b, c, width=width, signed=signed, negate=negate: (
                a * (1 - (c & 1)) + number(b, width, signed) * ((1 - 2 * (c >> 1 & 1)) if negate else 1)
            ),
        )
        yield Case(
            f"negate {Shape(width, signed)} to {width + negate} bits",
            lambda m, a, b, c, width=width, signed=signed, more=negate: fabric(m).negate(
                m, "n", taken(a, width, signed), c[0], width + more
            ),
            lambda a, b, c, width=width, signed=signed: number(a, width, signed) * (1 - 2 * (c & 1)),
        )
    for width in (8, 5):
        yield Case(
            f"accumulate_moved {width}",
            lambda m, a, b, c, width=width: fabric(m).accumulate_moved(m, "sum", a, c[0], taken(b, width, True)),
            lambda a, b, c, width=width: np.where(c & 1, number(a, 8, True) >> 1, a) + number(b, width, True),
        )
    for flips in (0, 0xFF, 0x5A):
        yield Case(
            f"conditional, flips {flips:02x}",
            lambda m, a, b, c, flips=flips: fabric(m).conditional(
                m, "sum", list(a), list(b), c[0], [bool(flips >> n & 1) for n in range(8)]
            ),
            lambda a, b, c, flips=flips: (a + b * (c & 1)) ^ flips,
        )
    for s, t in product((False, True), repeat=2):
        yield Case(
            f"greater {s} {t}",
            lambda m, a, b, c, s=s, t=t: greater(m, "gt", taken(a, 7, s), taken(b, 8, t)),
            lambda a, b, c, s=s, t=t: number(a, 7, s) > number(b, 8, t),
        )
    yield Case("increment", lambda m, a, b, c: increment(m, "i", a, c[0]), lambda a, b, c: a + (c & 1))


def bounds() -> Iterator[Case]:
    for constant, width, signed in product(
        (-129, -128, -7, 0, 1, 2, 77, 96, 127, 128, 255, 256), (8, 5, 1), (False, True)
    ):
        yield Case(
            f"{Shape(width, signed)} below and above {constant}",
            lambda m, a, b, c, k=constant, w=width, s=signed: m.wire(
                "r", Cat(below(taken(a, w, s), k), above(taken(a, w, s), k))
            ),
            lambda a, b, c, k=constant, w=width, s=signed: (
                (number(a, w, s) < k) + 2 * (number(a, w, s) > k).astype(np.int64)
            ),
        )


def shifts() -> Iterator[Case]:
    for (width, bits, result), signed in product(
        [(8, 3, 15), (8, 4, 8), (5, 5, 12), (3, 2, 1), (6, 1, 7)], (False, True)
    ):
        name = f"{Shape(width, signed)} by {bits} bits in {result}"

        def right(a: Array, b: Array, c: Array, width: int = width, bits: int = bits, signed: bool = signed) -> Array:
            return number(a, width, signed) >> number(b, bits, False)

        yield Case(
            f"shift_left {name}",
            lambda m, a, b, c, w=width, n=bits, r=result, s=signed: shift_left(m, "s", taken(a, w, s), b[:n], r),
            lambda a, b, c, w=width, n=bits, s=signed: number(a, w, s) << number(b, n, False),
        )
        yield Case(
            f"shift_left {name}, filled",
            lambda m, a, b, c, w=width, n=bits, r=result, s=signed: shift_left(m, "s", taken(a, w, s), b[:n], r, c[0]),
            lambda a, b, c, w=width, n=bits, s=signed: (
                (number(a, w, s) << number(b, n, False)) + ((1 << number(b, n, False)) - 1) * (c & 1)
            ),
        )
        yield Case(
            f"shift_right {name}",
            lambda m, a, b, c, w=width, n=bits, r=result, s=signed: shift_right(m, "s", taken(a, w, s), b[:n], r),
            right,
        )
        yield Case(
            f"shift_right_sticky {name}",
            lambda m, a, b, c, w=width, n=bits, s=signed: Cat(*shift_right_sticky(m, "s", taken(a, w, s), b[:n])),
            lambda a, b, c, right=right, w=width, n=bits, s=signed: (
                (right(a, b, c) & (1 << w) - 1)
                | ((right(a, b, c) << number(b, n, False) != number(a, w, s)).astype(np.int64) << w)
            ),
        )


def selections() -> Iterator[Case]:
    for count in (1, 2, 3, 4, 5, 7, 8, 11, 16, 17):
        width = (count - 1).bit_length()

        def words(a: Value, c: Value, count: int = count) -> list[Value]:
            return [Cat(a[n % 8], c[5 * n % 31 : 5 * n % 31 + 2]) for n in range(count)]

        def index(m: Logic, b: Value, count: int = count, width: int = width) -> Value:
            return m.wire("index", Mux(b[:width] < count, b[:width], 0))

        def word(a: Array, b: Array, c: Array, count: int = count, width: int = width) -> Array:
            n = np.where(b & (1 << width) - 1 < count, b & (1 << width) - 1, 0)
            return (a >> n % 8 & 1) | (c >> 5 * n % 31 & 3) << 1

        yield Case(
            f"select of {count}",
            lambda m, a, b, c, words=words, index=index: fabric(m).select(m, "s", words(a, c), index(m, b)),
            word,
        )


def gates() -> Iterator[Case]:
    """Choices of two and of four, some of one wire several times; and functions of as many wires as a LUT has."""
    for count in (1, 2):
        places = [[0, 1, 2, 3], [4, 4, 5, 6], [7, 7, 7, 7], [0, 3, 3, 3]]

        def chosen(a: Array, b: Array, c: Array, places: Any = places, count: int = count) -> Array:
            number = b & (1 << count) - 1
            return sum((a >> np.array(few)[number] & 1) << n for n, few in enumerate(places))

        yield Case(
            f"choose by {count}",
            lambda m, a, b, c, places=places, n=count: fabric(m).choose(
                m, "s", [[a[place] for place in few[: 1 << n]] for few in places], b[:n]
            ),
            chosen,
        )
    for count in range(1, 5):
        contents = [random.Random(count).randint(0, 1) for _ in range(1 << count)]
        gate = function(contents)
        yield Case(
            f"gate of {count}",
            lambda m, a, b, c, n=count, f=gate: fabric(m).gate(m, "g", [a[k] for k in range(n)], f),
            lambda a, b, c, n=count, contents=contents: np.array(contents)[a & (1 << n) - 1],
        )


def terms() -> Iterator[Case]:
    """Sums of shifted numbers, each with its own sign, or one beside it, or none."""
    for count, (signed, negated), least in product((1, 3, 9), [(False, False), (False, True), (True, True)], (0, 1)):
        # Three bits, shifted by up to three: by one at least, where the lowest bit is left out.
        span = Span(0 if not negated else -32 if signed else -56, 32 if signed else 56, 0)
        shift = Shift(3, signed, least, 3, least, 6 - least)

        def built_terms(
            m: Logic, a: Value, b: Value, c: Value, n: int = count, s: Any = shift, g: bool = negated, of: Span = span
        ) -> Value:
            summed = []
            for k in range(n):
                amount = Cat(c[2 * k] | s.least, c[2 * k + 1])
                shifted = align(m, "near", taken(a, 3, s.signed, k % 6), amount, s)
                summed.append(Term(shifted, s.signed, b[k % 8] if g else None))
            return sum_terms(m, "sum", summed, of)

        def total(a: Array, b: Array, c: Array, n: int = count, s: Any = shift, g: bool = negated) -> Array:
            result = np.zeros_like(a)
            for k in range(n):
                shifted = number(a, 3, s.signed, k % 6) << (c >> 2 * k & 3 | s.least)
                result += (shifted >> s.least) * (1 - 2 * (b >> k % 8 & 1) if g else 1)
            return result

        yield Case(f"{count} terms {signed=} {negated=} {least=}", built_terms, total)
    for width in (1, 2, 6, 11):
        yield Case(
            f"three in {width} bits",
            lambda m, a, b, c, width=width: fabric(m).add_three(m, "t", a, taken(b, 5, True), c[:8], width),
            lambda a, b, c: a + number(b, 5, True) + (c & 255),
        )


def counts() -> Iterator[Case]:
    """Ones among bits as they are, and among those of two and three wires, one of which they have in common."""
    functions = [lambda x: x, lambda x, y: 1 ^ x ^ y, lambda x, y, z: (x & y) | (z & (1 ^ x ^ y))]
    for wires, count in product((1, 2, 3), (1, 2, 3, 4, 5, 7, 12, 20, 41)):
        bits = [[(5 * k + 11 * n) % 48 if n < 2 else 3 for n in range(wires)] for k in range(count)]

        def counted(m: Logic, a: Value, b: Value, c: Value, bits: Any = bits, f: Any = functions[wires - 1]) -> Value:
            given = Cat(a, b, c)
            return popcount(m, "n", [Bit(tuple(given[n] for n in places), f) for places in bits])

        def expected(a: Array, b: Array, c: Array, bits: Any = bits, f: Any = functions[wires - 1]) -> Any:
            given = a | b << 8 | c << 16
            return sum(f(*(given >> n & 1 for n in places)) & 1 for places in bits)

        yield Case(f"ones among {count} of {wires}", counted, expected)
    for carries in (1, 2):
        yield Case(
            f"three and {carries} bits",
            lambda m, a, b, c, n=carries: fabric(m).add_three(m, "t", a, b, c[:8], 10, [c[8 + k] for k in range(n)]),
            lambda a, b, c, n=carries: a + b + (c & 255) + sum(c >> 8 + k & 1 for k in range(n)),
        )


def zeros() -> Iterator[Case]:
    def length(codes: Array) -> Array:
        return np.frexp(codes.astype(np.float64))[1].astype(np.int64)

    for width in (1, 2, 3, 4, 5, 7, 8, 13, 16):
        mask, most = (1 << width) - 1, (1 << (width - 1).bit_length()) - 1

        def both(a: Array, b: Array, c: Array, width: int = width, mask: int = mask, most: int = most) -> Array:
            code = a + (b << 8) & mask
            count = np.where(code == 0, most, width - length(code))
            return (code << count & mask) | count << width

        yield Case(
            f"leading_zeros of {width}",
            lambda m, a, b, c, width=width: leading_zeros(m, "z", Cat(a, b)[:width]),
            lambda a, b, c, width=width, mask=mask: width - length(a + (b << 8) & mask),
        )
        yield Case(
            f"normalise {width}", lambda m, a, b, c, width=width: Cat(*normalise(m, "n", Cat(a, b)[:width])), both
        )


def compressions() -> Iterator[Case]:
    rng = random.Random(3)
    for index in range(12):
        # Low bit in the 48 that there are, width, sign, and base.
        taps = [(rng.randrange(40), rng.randint(1, 8), rng.random() < 0.5, rng.randrange(9)) for _ in range(index + 1)]
        width = rng.choice((6, 12, 18))

        def operands(a: Value, b: Value, c: Value, taps: Any = taps) -> list[tuple[int, Value]]:
            return [(base, taken(Cat(a, b, c), wide, signed, low)) for low, wide, signed, base in taps]

        def total(a: Array, b: Array, c: Array, taps: Any = taps) -> Array:
            code = a | b << 8 | c << 16
            return sum((number(code, wide, signed, low) << base for low, wide, signed, base in taps), np.zeros_like(a))

        yield Case(
            f"compress_add {taps} in {width}",
            lambda m, a, b, c, operands=operands, width=width: compress_add(m, "s", operands(a, b, c), width),
            total,
        )
        yield Case(
            f"compress {taps} in {width}",
            lambda m, a, b, c, operands=operands, width=width: m.wire(
                "s", sum(compress(m, "t", operands(a, b, c), width), Const(0, 1))
            )[:width],
            total,
        )
    yield Case(
        "compress_3",
        lambda m, a, b, c: (lambda s, t: m.wire("s", s + (t << 1)))(*compress_3(m, "t", a, b, c[:8])),
        lambda a, b, c: a + b + (c & 255),
    )
    yield Case(
        "compress_4",
        lambda m, a, b, c: (lambda s, t: m.wire("s", s + (t << 1)))(*compress_4(m, "t", a, b, c[:8], c[8:16])),
        lambda a, b, c: a + b + (c & 255) + (c >> 8 & 255),
    )


def rounded_quarters(mode: str, magnitude: Array, negative: Array) -> Array:
    """A number of quarters, with a sign, rounded to a whole magnitude; by its definition on values."""
    value = np.where(negative == 1, -magnitude, magnitude) / 4
    toward, away = np.trunc(value), np.where(value < 0, np.floor(value), np.ceil(value))
    results = {
        "nearest_even": np.rint(value),
        "nearest_away": np.trunc(value + np.copysign(0.5, value)),
        "toward_zero": toward,
        "up": np.ceil(value),
        "down": np.floor(value),
        "odd": np.where(toward % 2 == 1, toward, away),
    }
    return np.abs(results[mode]).astype(np.int64)


def roundings() -> Iterator[Case]:
    for mode in ROUNDINGS:
        if mode == "stochastic":
            continue
        yield Case(
            f"rounded {mode}",
            lambda m, a, b, c, mode=mode: rounded(m, "r", mode, a, b[0], b[1], b[2]),
            lambda a, b, c, mode=mode: rounded_quarters(mode, 4 * a + 2 * (b & 1) + (b >> 1 & 1), b >> 2 & 1),
        )
        yield Case(
            f"round_up {mode}",
            lambda m, a, b, c, mode=mode: m.wire("u", round_up(mode, b[2], a[0], b[0], b[1])),
            lambda a, b, c, mode=mode: rounded_quarters(mode, 4 * a + 2 * (b & 1) + (b >> 1 & 1), b >> 2 & 1) - a,
        )
    for count in (1, 4, 8):
        yield Case(
            f"rounded_stochastic {count}",
            lambda m, a, b, c, n=count: rounded_stochastic(m, "r", a, b[:n], c[:n]),
            lambda a, b, c, n=count: a + (number(b, n, False) + number(c, n, False) >> n),
        )


# What has rows is built of every fabric's cells; the rest is the same everywhere.
ROWS = {
    group.__name__: list(group())
    for group in (products, rows, segments, sums, terms, counts, roundings, selections, gates)
}
PORTABLE = {group.__name__: list(group()) for group in (halved_products, bounds, shifts, zeros, compressions)}


# Their multipliers are those of ecp5 or xcup; only the cells of a row differ, which takes fewer products to show.
RELATIVES = ("nexus", "machxo2", "xc7")


def groups(target: str) -> dict[str, list[Case]]:
    """What is worth a test on a target."""
    if target == "generic":
        return ROWS | PORTABLE
    if target in RELATIVES:
        return ROWS | {"products": [case for case in ROWS["products"] if case.relatives and not case.fast]}
    return ROWS


def codes(rows: Words) -> Array:
    """The inverse of `to_words`."""
    bits = np.unpackbits(rows.astype("<u8").view(np.uint8), axis=1, bitorder="little").astype(np.int64)
    return sum((row << n for n, row in enumerate(bits)), 0 * INPUTS["a"])


def built(target: str) -> tuple[Module, list[Signal], dict[tuple[str, str], range]]:
    """A module with all of a target's cases, its ports, and where in the last of them each case's result is."""
    top, (a, b, c) = Module(), (Signal(8, name="a"), Signal(8, name="b"), Signal(32, name="c"))
    results: list[Signal] = []
    where: dict[tuple[str, str], range] = {}
    end = 0
    for group, cases in groups(target).items():
        for index, case in enumerate(cases):
            m = Logic(TARGETS[target])
            results.append(m.result(m.wire("result", case.build(m, a, b, c).as_unsigned())))
            top.submodules[f"{group}_{index}"] = inside = Module()
            m.into(inside, Const(1))
            begin, end = end, end + len(results[-1])
            where[group, case.name] = range(begin, end)
    out = Signal(end, name="out")
    top.d.comb += out.eq(Cat(*results))
    return top, [a, b, c, out], where


@dataclass(frozen=True)
class Answers:
    """What a target's cases put out, each its bits in all runs; and what they drop of their values."""

    target: str
    bits: dict[tuple[str, str], Words]
    dropped: list[str]


def simulated(target: str, design: str) -> Words:
    """Every output bit of a design in all runs, with Yosys's models for a target's cells."""
    netlist = read_netlist(design, "top", cell_models(TARGETS[target]), "rtlil")
    widths = {"a": 8, "b": 8, "c": 32}
    return netlist.evaluate({port: to_words(INPUTS[port], width) for port, width in widths.items()})["out"]


@pytest.fixture(scope="module", params=FORMS)
def answers(request: Any) -> Answers:
    target: str = request.param
    top, ports, where = built(target)
    dropped = list(narrowings(Fragment.get(top, None)))
    outputs = simulated(target, rtlil.convert(top, ports=ports, emit_src=False))
    return Answers(target, {key: outputs[bits.start : bits.stop] for key, bits in where.items()}, dropped)


def wrong(answers: Answers, group: str) -> Iterator[str]:
    """A line for each case that differs from the integers."""
    for case in groups(answers.target)[group]:
        seen = answers.bits[group, case.name]
        expected = np.broadcast_to(np.asarray(case.expected(**INPUTS)), RUNS).astype(np.int64) & (1 << len(seen)) - 1
        if not np.array_equal(seen, to_words(expected, len(seen))):
            bad = np.flatnonzero(codes(seen) != expected)
            given = ", ".join(f"{name}={values[bad[0]]:#x}" for name, values in INPUTS.items())
            yield f"{case.name}: {given} gave {codes(seen)[bad[0]]}, not {expected[bad[0]]}; {bad.size} such"


def test_every_form_of_row_is_tried() -> None:
    assert {TARGETS[name].carry for name in FORMS} == set(FABRICS)


@pytest.mark.kept(*(f"{target}-{group}" for target in DISTINCT for group in ROWS))
@pytest.mark.parametrize("group", ROWS)
def test_rows_of_cells_compute_what_integers_do(answers: Answers, group: str) -> None:
    assert list(wrong(answers, group)) == []


@pytest.mark.parametrize("group", PORTABLE)
@pytest.mark.parametrize("answers", ["generic"], indirect=True)
def test_portable_primitives_compute_what_integers_do(answers: Answers, group: str) -> None:
    assert list(wrong(answers, group)) == []


@pytest.mark.kept(*DISTINCT)
def test_no_primitive_drops_bits_silently(answers: Answers) -> None:
    assert answers.dropped == []


def chain(m: Logic, a: Value, b: Value, c: Value) -> Value:
    """A datapath of several steps, some beside others, on which registers can lie in many ways."""
    x, y = m.wire("x", taken(a, 8, True)), m.wire("y", taken(b, 8, True))
    p = multiply(m, "p", x, y)
    count = leading_zeros(m, "count", c)
    shifted = shift_right(m, "shifted", p, count, 16)
    total = fabric(m).add(m, "total", shifted, p, 17)
    return m.wire("flagged", total ^ Cat(greater(m, "more", x, y), Const(0, 16)))


def played(m: Logic, result: Value, ports: list[Signal], rows: list[tuple[int, ...]]) -> list[int]:
    """What `result` shows before each edge, while `ports`, of which the first is the enable, see `rows`."""
    top = Module()
    m.into(top, ports[0])
    # A clock needs something to drive.
    top.d.sync += Signal(name="tick").eq(1)
    seen = []

    async def bench(ctx: Any) -> None:
        for row in rows:
            for port, value in zip(ports, row, strict=True):
                ctx.set(port, value)
            await ctx.delay(1e-8)
            seen.append(ctx.get(result))
            await ctx.tick()

    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def inputs_of(seed: int, cycles: int = 60) -> tuple[list[Signal], list[tuple[int, ...]]]:
    """An enable and the inputs of `chain`, and what they see."""
    rng = random.Random(seed)
    ports = [Signal(width, name=name) for name, width in (("en", 1), ("a", 8), ("b", 8), ("c", 8))]
    return ports, [(int(rng.random() < 0.7), *(rng.randrange(256) for _ in "abc")) for _ in range(cycles)]


def delayed(answers: list[int], enables: list[int], stages: int) -> list[int | None]:
    """What a pipeline of so many stages shows, whose registers hold while it is not enabled; None before it is full."""
    accepted: list[int | None] = [None] * stages
    shown = []
    for answer, enable in zip(answers, enables, strict=True):
        shown.append([*accepted, answer][-1 - stages] if stages else answer)
        if enable:
            accepted.append(answer)
    return shown


@pytest.mark.parametrize("stages", range(6))
def test_registers_delay_and_change_nothing_else(stages: int) -> None:
    ports, rows = inputs_of(stages)
    answers = []
    for count in (0, stages):
        m = Logic(GENERIC, count)
        answers.append(played(m, m.result(chain(m, *ports[1:])), ports, rows))
    plain, cut = answers
    expected = delayed(plain, [row[0] for row in rows], stages)
    assert [(e if e is None else s) for s, e in zip(cut, expected, strict=True)] == expected
    assert sum(e is not None for e in expected) > len(rows) // 2


@pytest.mark.parametrize("seed", range(12))
def test_any_datapath_can_be_cut_into_any_number_of_stages(seed: int) -> None:
    def random_steps(m: Logic, values: list[Value]) -> Value:
        rng = random.Random(seed)
        pool = list(values)
        for index in range(rng.randint(1, 14)):
            x, y = rng.choice(pool[-4:]), rng.choice(pool)
            pool.append(m.wire(f"step{index}", rng.choice((x ^ y, (x + y)[:8], ~x, Cat(y[4:], x[:4])))))
        return pool[-1]

    ports, rows = inputs_of(seed, 40)
    m = Logic(GENERIC)
    expected = played(m, m.result(random_steps(m, ports[1:])), ports, rows)
    stages = 0
    while True:
        stages += 1
        m = Logic(GENERIC, stages)
        result = m.result(random_steps(m, ports[1:]))
        try:
            seen = played(m, result, ports, rows)
        except ValueError as error:
            assert str(error) == f"pipeline must be at most {stages - 1} for so little logic, got {stages}"
            break
        wanted = delayed(expected, [row[0] for row in rows], stages)
        assert [(w if w is None else s) for s, w in zip(seen, wanted, strict=True)] == wanted


@pytest.mark.parametrize("stages", range(4))
def test_a_register_that_feeds_back_is_read_in_the_last_stage(stages: int) -> None:
    ports, rows = inputs_of(stages)
    en, a, b, _ = ports
    m = Logic(GENERIC, stages)
    register = m.feedback(Signal(20, name="register"))
    total = fabric(m).accumulate(m, "total", register, Const(0, 1), m.wire("p", multiply(m, "product", a, b)))
    # A step behind the sum, and a deeper one beside it that no result needs.
    inverted = m.wire("inverted", ~total)
    m.wire("beside", m.wire("beside2", m.wire("beside1", a * b * a)[:8] * b)[:8] * b)
    shown = m.result(inverted)
    plan = m.schedule().stages
    assert {
        stage for step, stage in zip(m.steps, plan, strict=True) if any(source is register for source in step.sources)
    } == {stages}
    top = Module()
    with top.If(en):
        top.d.sync += register.eq(~shown)
    m.into(top, en)
    sums, seen = [], []

    async def bench(ctx: Any) -> None:
        accepted = [0] * stages
        for enable, x, y, _ in rows:
            for port, value in ((en, enable), (a, x), (b, y)):
                ctx.set(port, value)
            await ctx.tick()
            if enable:
                accepted.append(x * y)
            sums.append(sum(accepted[: len(accepted) - stages]) % (1 << 20))
            seen.append(ctx.get(register))

    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert seen == sums


@pytest.mark.parametrize(("stages", "ahead", "ago"), [(0, 0, 1), (1, 0, 1), (3, 2, 1), (4, 3, 2), (4, 4, 3), (5, 4, 5)])
def test_a_loop_adds_to_what_was_so_many_operands_ago(stages: int, ahead: int, ago: int) -> None:
    ports, rows = inputs_of(stages + ago)
    _, a, _, c = ports
    m = Logic(GENERIC, stages)
    # What is before the first operand counts as zero: the first ones clear it.
    cleared = m.wire("cleared", c[0])
    past = m.feedback(Signal(16, name="past"), ahead)
    halves = m.wire("low", (past[:8] + a)[:9])
    total = m.wire("total", Cat(halves[:8], past[8:] + halves[8]) & ~cleared.replicate(16))
    m.close(past, total, ago)
    shown = m.result(m.wire("both", total + m.earlier("before", total, 2)))
    rows = [(en, a, b, c | (index < 12)) for index, (en, a, b, c) in enumerate(rows)]
    totals: list[int] = []
    for enable, x, _, clear in rows:
        if enable:
            totals.append(0 if clear & 1 or len(totals) < ago else (totals[-ago] + x) % (1 << 16))
    both = [total + (totals[index - 2] if index > 1 else 0) for index, total in enumerate(totals)]
    entered, expected = 0, []
    for row in rows:
        at = entered - stages
        expected.append(both[at] if 0 <= at < len(both) and (stages or row[0]) else None)
        entered += row[0]
    seen = played(m, shown, ports, rows)
    assert [(e if e is None else s) for s, e in zip(seen, expected, strict=True)] == expected
    assert len({e for e in expected if e}) > 3


def long_rows(m: Logic, a: Value, b: Value, c: Value) -> Value:
    """A chain of long rows, and one that needs the top of the last."""
    total: Value = Cat(a, b, c, a, b, c)
    for index in range(4):
        total = fabric(m).add(m, f"total{index}", total, Cat(*[c, a, b][: index + 1], a, ~b, c), 48, a[index])
    return fabric(m).negate(m, "magnitude", total, total[-1], 48)


@pytest.mark.parametrize("stages", range(1, 7))
def test_long_rows_are_cut_where_registers_come_between_and_change_nothing_else(stages: int) -> None:
    ports, rows = inputs_of(stages)
    answers, parts = [], []
    for count in (0, stages):
        m = Logic(GENERIC, count)
        result = m.result(long_rows(m, *ports[1:]))
        answers.append(played(m, result, ports, rows))
        parts.append([step.name for step in m.steps if "_part" in step.name])
    plain, seen = answers
    wanted = delayed(plain, [row[0] for row in rows], stages)
    assert [(w if w is None else s) for s, w in zip(seen, wanted, strict=True)] == wanted
    assert not parts[0] and bool(parts[1]) == (stages > 5)


def test_no_segments_of_a_row_share_a_stage() -> None:
    _, a, b, c = inputs_of(0)[0]
    m = Logic(GENERIC, 6)
    m.result(long_rows(m, a, b, c))
    plan = m.schedule()
    stages: dict[str, list[int]] = {}
    for step, stage in zip(m.steps, plan.stages, strict=True):
        if step.name.startswith(("total", "magnitude")) and "_part" in step.name:
            stages.setdefault(step.name.split("_part")[0], []).append(stage)
    assert stages
    for row in stages.values():
        assert row == sorted(set(row)) and len(row) > 1


def test_segments_make_the_longest_stage_shorter() -> None:
    _, a, b, c = inputs_of(0)[0]
    m = Logic(GENERIC, 6)
    m.result(long_rows(m, a, b, c))
    datapath = Datapath(m.steps, [result for result, _ in m.results], m.late, m.loops)
    whole = schedule(read(datapath), 6, delays_of("generic"))
    _, plan = in_segments(datapath, 6, delays_of("generic"))
    assert plan.period < whole.period


def test_a_row_that_waits_for_a_register_of_the_last_stage_stays_whole() -> None:
    _, a, b, c = inputs_of(0)[0]
    m = Logic(GENERIC, 6)
    register = m.feedback(Signal(48, name="register"))
    m.result(fabric(m).accumulate(m, "next", register, Const(0, 1), m.wire("given", long_rows(m, a, b, c))))
    m.schedule()
    assert [step.name for step in m.steps if step.name.startswith("next") and step.row is not None] == ["next"]


def test_choices_of_a_constant_by_a_late_flag_are_gates() -> None:
    flag, early, x, y = Signal(1, name="flag"), Signal(1), Signal(4), Signal(4, name="y")

    def is_late(signal: Signal) -> bool:
        return signal is flag

    values = [
        Mux(flag, 5, x),
        Mux(flag, x, 5),
        Mux(early, 3, Mux(flag, 9, x)),
        Mux(flag, Cat(x[:2], Const(2, 2)), y),
        Mux(flag, Const(-3, 4), x.as_signed()).as_signed(),
        Cat(Mux(flag, 0, x[0]), y),
        Mux(flag, 5, x)[1:3],
        Mux(flag, Cat(x, y), x.as_signed()),
    ]
    made = [gated(value, is_late) for value in values]
    assert not isinstance(made[0], SwitchValue) and not isinstance(made[1], SwitchValue)
    assert [len(value) for value in made] == [len(value) for value in values]
    # Nothing is late, or nothing is a constant.
    assert gated(values[0], lambda signal: False) is values[0]
    assert gated(Mux(flag, x, y), is_late)._rhs_signals() == Mux(flag, x, y)._rhs_signals()
    top = Module()
    wrong = Signal()
    top.d.comb += wrong.eq(Cat(a != b for a, b in zip(values, made, strict=True)).any())
    top.d.sync += Signal(name="tick").eq(1)
    found = []

    async def bench(ctx: Any) -> None:
        for given in range(1 << 10):
            ctx.set(Cat(flag, early, x, y), given)
            await ctx.delay(1e-8)
            found.append(ctx.get(wrong))

    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert found == [0] * (1 << 10)


def test_a_loop_that_does_not_fit_is_given_the_time_it_needs() -> None:
    a, past = Signal(8), Signal(8, name="past")
    m = Logic(GENERIC, 4)
    m.feedback(past, 2)
    total = m.wire("total", (m.wire("half", (past + a)[:8]) + m.wire("late", ~a))[:8])
    m.close(past, total, 2)
    m.result(m.wire("shown", ~total))
    plan = m.schedule()
    stages = dict(zip((step.name for step in m.steps), plan.stages, strict=True))
    # It is read two stages before the last, and closed in the next one at most.
    assert stages["half"] == 2 and stages["total"] == 3


def test_more_registers_than_steps_are_refused() -> None:
    a = Signal(8)
    m = Logic(GENERIC, 3)
    m.result(m.wire("y", m.wire("x", a + 1) + 1))
    with pytest.raises(ValueError, match="^pipeline must be at most 2 for so little logic, got 3$"):
        m.into(Module(), Const(1))


def test_an_input_may_be_a_result() -> None:
    ports, rows = inputs_of(0)
    m = Logic(GENERIC, 0)
    assert played(m, m.result(ports[1]), ports, rows) == [row[1] for row in rows]
    m = Logic(GENERIC, 1)
    m.result(ports[1])
    with pytest.raises(ValueError, match="pipeline must be at most 0"):
        m.into(Module(), Const(1))


def test_arguments_are_checked() -> None:
    m, a, wide = Logic(), Signal(8), Signal(65)
    with pytest.raises(TypeError, match="^target must be a Target, got 'ecp5'$"):
        Logic("ecp5")  # type: ignore[arg-type]
    for x, y, message in ((a, wide, "y must have 1..64 bits, got 65"), (Signal(0), a, "x must have 1..64 bits, got 0")):
        with pytest.raises(ValueError, match=message):
            multiply(m, "p", x, y)
    with pytest.raises(ValueError, match="^width must be at least 1, got 0$"):
        shift_left(m, "s", a, a, 0)
    with pytest.raises(ValueError, match="^amount must be unsigned, got"):
        shift_right(m, "s", a, a.as_signed(), 8)
    with pytest.raises(ValueError, match="^width must be at least 1, got 0$"):
        compress(m, "s", [(0, a)], 0)
    with pytest.raises(ValueError, match=r"^bases of rows must be 0 or more, got \[0, -1\]$"):
        compress(m, "s", [(0, a), (-1, a)], 8)
    with pytest.raises(ValueError, match="^rounding must be one of"):
        rounded(m, "r", "nearest", a, a[0], a[1], a[2])
    with pytest.raises(ValueError, match="^mode must be a rounding without random bits, got 'stochastic'"):
        round_up("stochastic", a[0], a[1], a[2], a[3])
    with pytest.raises(ValueError, match="^random must have fraction's 3 bits, and at least 1, got 2$"):
        rounded_stochastic(m, "r", a, a[:3], a[:2])
