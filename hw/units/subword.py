"""The dot product whose multipliers come apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.steps import bits, extend
from hw.arith.term import plain_term
from hw.arith.tree import sum_terms
from hw.arith.wires import truncate
from hw.formats.base import integers
from hw.specs.subword import NIBBLES, SubwordSpec
from hw.units.stream import Feedforward

NIBBLE = 4


class Subword(Feedforward):
    """``sum = a[0] * w[0] + a[1] * w[1] + ...``, of numbers of 8 or 4 bits, a beat a cycle.

    A lane has four multipliers of nibbles. Products that count alike are summed up over all lanes first, so that
    what a mode shifts is shifted once.

    Parameters
    ----------
    spec : SubwordSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a : In(stream)
        ``x``: of each lane four nibbles, which are one number of 8 bits and something of no meaning, two of 8 bits,
        or four of 4; ``mode``: 0 a and w of 8 bits, 1 w of 4, 3 both of 4; 2 is as 0.
    w : In(stream)
        ``x``: of each lane one number of 8 bits, two of 4 or four of 4, and else something of no meaning.
    sum : Out(stream)
        ``x``: the sum of all products.

    Raises
    ------
    TypeError
        `spec` is not a SubwordSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: SubwordSpec
    spec_type = SubwordSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        mode = Value.cast(beats["a"].mode)
        halved = m.wire("w_halved", mode[0])
        quartered = m.wire("a_halved", mode.all())
        lanes = []
        for lane in range(self.spec.lanes):
            a, w = ([Value.cast(beats[name].x[NIBBLES * lane + n]) for n in range(NIBBLES)] for name in ("a", "w"))
            lanes.append(_products(m, f"lane{lane}", a, w, halved, quartered))
        sums = [self._sum(m, f"sum{n}", list(products)) for n, products in enumerate(zip(*lanes, strict=True))]
        # Of four products those of the upper nibbles of a count 16 times as much, unless all are numbers.
        low, high = (_joined(m, f"pair{n}", sums[n], sums[n + 1], quartered) for n in (0, 2))
        # What is above is copies of the sign, whatever the mode.
        return {"x": truncate(m, "sum", _joined(m, "total", low, high, halved), self.spec.result.width)}

    def _sum(self, m: Logic, name: str, products: list[Value]) -> Value:
        signs = integers(len(products[0]), True)
        return sum_terms(m, name, [plain_term(product) for product in products], signs)


def _products(m: Logic, name: str, a: list[Value], w: list[Value], halved: Value, quartered: Value) -> list[Value]:
    """The products of nibbles of a lane. Those of 8 by 8 bits take the lower two of each, each with each; of 8 by 4
    bits, two by two, those of a meet one of w."""
    x = [
        _signed(m, f"{name}_a0", a[0], quartered),
        a[1].as_signed(),
        _signed(m, f"{name}_a2", _chosen(m, f"{name}_a2", halved, a[2], a[0]), quartered),
        _chosen(m, f"{name}_a3", halved, a[3], a[1]).as_signed(),
    ]
    low = _signed(m, f"{name}_w0", w[0], halved)
    y = [
        low,
        _signed(m, f"{name}_w1", _chosen(m, f"{name}_w1", quartered, w[1], w[0]), halved),
        _chosen(m, f"{name}_w2", quartered, w[2], w[1]).as_signed(),
        _chosen(m, f"{name}_w3", quartered, w[3], w[1]).as_signed(),
    ]
    return [multiply(m, f"{name}_product{n}", *pair) for n, pair in enumerate(zip(x, y, strict=True))]


def _chosen(m: Logic, name: str, flag: Value, one: Value, zero: Value) -> Value:
    return m.wire(f"{name}_chosen", Mux(flag, one, zero))


def _signed(m: Logic, name: str, nibble: Value, signed: Value) -> Value:
    """A nibble whose highest bit is a sign, or not."""
    return Cat(nibble, m.wire(f"{name}_sign", nibble[-1] & signed)).as_signed()


def _joined(m: Logic, name: str, low: Value, high: Value, flag: Value) -> Value:
    """``low + high`` if the flag is set, else ``low + 16 * high``."""
    width = max(len(low), len(high) + NIBBLE) + 1
    plain, moved = (bits(extend(value, width)) for value in (high, Cat(Const(0, NIBBLE), high).as_signed()))
    shifted = m.wire(f"{name}_shifted", Cat(Mux(flag, *pair) for pair in zip(plain, moved, strict=True)))
    return fabric(m).add(m, name, low, shifted, width).as_signed()
