"""Carry rows of AMD's fabrics: a LUT of six wires before each place of the carry chain.

A place puts out ``S ^ carry`` and passes the carry on where S is one; where it is zero the carry out
is the wire DI, which can be one of the LUT's second output. Sources: Yosys's cell models,
share/xilinx/cells_sim.v, CARRY4, CARRY8, LUT6_2.
"""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith.fabric import Fabric, row_delay
from hw.arith.logic import Cell, Logic
from hw.arith.multiplier import booth, parts, star, tabled
from hw.arith.place import Place, bit, plain

CHAIN = {"CARRY4": 4, "CARRY8": 8}
LUT_INPUTS = 6


class Xilinx(Fabric):
    """Rows of LUTs and carry cells.

    Parameters
    ----------
    kind : str
        The carry cell: a key of `CHAIN`.
    """

    def __init__(self, kind: str) -> None:
        self.kind, self.length = kind, CHAIN[kind]

    def row(self, m: Logic, name: str, places: Sequence[Place], carry: Value | int = 0) -> Signal:
        count = -(-len(places) // self.length) * self.length
        propagate, total = Signal(len(places), name=f"{name}_s"), Signal(len(places), name=name)
        beyond = Signal(count - len(places), name=f"unused_above_{name}")
        carries = Signal(count, name=f"{name}_carry")
        second = Signal(len(places), name=f"{name}_d")
        luts: list[Cell] = []
        generate: list[Value] = []
        read = []
        for index, place in enumerate(places):
            lut, wire = self._lut(m, f"{name}_{index}", place, propagate[index], second[index])
            luts.append(lut)
            generate.append(wire)
            read.append(wire is second[index])
        fill = [Const(0, 1)] * (count - len(places))
        s, d, o = Cat(propagate, *fill), Cat(*generate, *fill), Cat(total, beyond)
        chain = []
        for low in range(0, count, self.length):
            here = slice(low, low + self.length)
            chain.append(
                Cell(
                    self.kind,
                    {"CARRY_TYPE": "SINGLE_CY8"} if self.kind == "CARRY8" else {},
                    {**self._enter(carries[low - 1] if low else None, carry), "S": s[here], "DI": d[here]},
                    {"O": o[here], "CO": carries[here]},
                )
            )
        m.cells(name, [*luts, *chain], [total, propagate, second, carries, beyond], row_delay(len(places)))
        return total

    def multiply(self, m: Logic, name: str, x: Value, y: Value, fast: bool = False) -> Signal:
        if sum(not isinstance(bit, Const) for bit in [*parts(x), *parts(y)]) <= LUT_INPUTS:
            return tabled(m, name, x, y)
        return booth(m, self, name, x, y, fast) if min(len(x), len(y)) > 1 else star(m, name, x, y)

    def _enter(self, before: Value | None, carry: Value | int) -> dict[str, Value]:
        carry = carry if isinstance(carry, Value) else Const(carry, 1)
        if self.kind == "CARRY8":
            return {"CI": carry if before is None else before, "CI_TOP": Const(0, 1)}
        return {"CI": Const(0, 1) if before is None else before, "CYINIT": carry if before is None else Const(0, 1)}

    def _lut(self, m: Logic, name: str, place: Place, propagate: Value, second: Value) -> tuple[Cell, Value]:
        """The LUT of a place, and the wire that makes its carry; functions that do not fit get LUTs before it."""
        fitted = _fitted(place.trimmed(), propagate, second) or _fitted(_split(m, name, place), propagate, second)
        assert fitted is not None
        return fitted


def _fitted(place: Place, propagate: Value, second: Value) -> tuple[Cell, Value] | None:
    """One LUT for a place, if it fits: it puts out `propagate`, and `second` where no bare wire makes the carry."""
    count = len(place.inputs)
    if count > LUT_INPUTS:
        return None
    x, y = place.tables()
    s = [a ^ b for a, b in zip(x, y, strict=True)]
    contents = sum(value << n for n, value in enumerate(s))
    inputs = {f"I{n}": wire for n, wire in enumerate(place.inputs)}
    for wire, values in [
        *((Const(k, 1), [k] * len(x)) for k in (0, 1)),
        *((wire, [i >> n & 1 for i in range(len(x))]) for n, wire in enumerate(place.inputs)),
    ]:
        if all(a == v for a, v, p in zip(x, values, s, strict=True) if not p):
            if not count:
                inputs, contents, count = {"I0": Const(0, 1)}, contents * 3, 1
            return Cell(f"LUT{count}", {"INIT": Const(contents, 1 << count)}, inputs, {"O": propagate}), wire
    if count == LUT_INPUTS:
        return None
    # The lower half of the table is the second output's.
    contents = sum(s[n % len(s)] << n for n in range(32))
    lower = sum(x[n % len(x)] << n for n in range(32))
    inputs |= {f"I{n}": Const(0, 1) for n in range(count, 5)} | {"I5": Const(1, 1)}
    both = Const(lower | contents << 32, 64)
    return Cell("LUT6_2", {"INIT": both}, inputs, {"O6": propagate, "O5": second}), second


def _split(m: Logic, name: str, place: Place) -> Place:
    """The place with its functions on wires."""
    x, y = (
        m.wire(f"{name}_{part}", bit(function(*place.inputs))) for part, function in (("x", place.x), ("y", place.y))
    )
    return plain(x, y)
