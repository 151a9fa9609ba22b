"""Logic that computes a plan: tables, a product, sums, and what exceptions give instead."""

from __future__ import annotations

import numpy as np
from amaranth.hdl import Cat, Const, Mux, Value
from numpy.typing import NDArray

from hw.arith import Logic, fabric
from hw.arith.steps import extend
from hw.arith.wires import lookup, truncate
from hw.datapath.unpack import kind_of
from hw.formats import Format, Minifloat
from hw.functions.diagram import Diagram, columns
from hw.functions.keys import key_of
from hw.functions.plan import Along, Plan
from hw.functions.wanted import has_sign


def computed(m: Logic, plan: Plan, source: Format, result: Format, code: Value) -> Value:
    """Logic, added to `m`: the code of a function's result.

    Parameters
    ----------
    m : Logic
    plan : Plan
        Of the function from `source` to `result`.
    source, result : Format
    code : Value
        Of x, as wide as `source`.
    """
    word = _word(m, plan, source, code)
    parts = [word]
    if has_sign(result):
        sign: Value = code[-1] if plan.signed and source.span.signed else Const(0, 1)
        if plan.signed and isinstance(result, Minifloat) and result.convention == "fnuz":
            # What would be -0 is the NaN.
            sign = m.wire("sign", sign & word.any())
        parts.append(sign)
    return _with_exceptions(m, plan, source, code, Cat(*parts))


def _word(m: Logic, plan: Plan, source: Format, code: Value) -> Value:
    """The result's word, by the lines of a key."""
    lines, key = plan.lines, key_of(m, plan.front, source, code)
    width = plan.word + lines.shift
    given = {"constant": (lines.constant, width), "slope": (lines.slope >> lines.zeros, lines.slope_width)}
    given["along"] = (lines.along, int(plan.along is not None))
    tables = _tables(m, key[len(key) - lines.index :], given)
    total: Value = tables["constant"]
    if plan.along is not None:
        k = _along(plan.along, key, lines.shift, width)
        total = fabric(m).add(m, "run", total, m.wire("k", k & tables["along"].replicate(width)), width)
    if lines.slope_width:
        offset, slope = key[: lines.offset], m.wire("c1", tables["slope"]).as_signed()
        product = fabric(m).multiply(m, "product", slope, offset, m.form == "fast")
        rise = Cat(Const(0, lines.zeros), product).as_signed()
        total = fabric(m).add(m, "total", total, extend(rise, max(width, len(rise)))[:width], width)
    return truncate(m, "word", total, plan.word, lines.shift) if lines.shift else m.wire("word", total)


def _along(along: Along, key: Value, shift: int, width: int) -> Value:
    """The key itself, or its inverse, at its place."""
    key = key[: along.bits].as_signed() if along.signed else Cat(key[: along.bits], Const(0, 1)).as_signed()
    key, up = ~key if along.inverted else key, along.up + shift
    moved = Cat(Const(0, up), key).as_signed() if up >= 0 else key[-up:].as_signed()
    return extend(moved, max(width, len(moved)))[:width]


def _tables(m: Logic, index: Value, given: dict[str, tuple[NDArray[np.int64], int]]) -> dict[str, Value]:
    """Words by the number of a block: all tables share what they have in common."""
    diagram = Diagram(len(index), fabric(m).lut_inputs)
    bits = {name: columns(entries, width) for name, (entries, width) in given.items()}
    for table in (table for tables in bits.values() for table in tables):
        diagram.add(table)
    wires: dict[int, Value] = {}
    for table, node in diagram.nodes.items():
        if node.by is None:
            inputs = [index[n] for n in node.wires]
            contents = [
                table >> sum((n >> i & 1) << wire for i, wire in enumerate(node.wires)) & 1
                for n in range(1 << len(inputs))
            ]
            wires[table] = inputs[0] if len(inputs) == 1 else lookup(m, "leaf", Cat(*inputs), 1, contents.__getitem__)
        else:
            wires[table] = m.wire(
                "branch", Mux(index[node.by], *(_bit(diagram, wires, t) for t in (node.one, node.zero)))
            )
    return {name: Cat(*(_bit(diagram, wires, table) for table in tables)) for name, tables in bits.items()}


def _bit(diagram: Diagram, wires: dict[int, Value], table: int) -> Value:
    plain = diagram.plain(table)
    wire = wires[plain] if plain else Const(0, 1)
    return ~wire if table & 1 else wire


def _with_exceptions(m: Logic, plan: Plan, source: Format, code: Value, found: Value) -> Value:
    for kind, here in _kinds(m, plan, source, code).items():
        found = Mux(here, Const(dict(plan.exceptions)[kind], len(found)), found)
    return m.wire("y", found)


def _kinds(m: Logic, plan: Plan, source: Format, code: Value) -> dict[str, Value]:
    """Whether x is of each kind that is an exception; the last one that is goes first."""
    wanted = dict(plan.exceptions)
    negative = code[-1] if source.span.signed else Const(0, 1)
    zero: Value = code == 0
    flags: dict[str, Value | None] = {}
    if isinstance(source, Minifloat):
        kind = kind_of(source, m, code, "x", source.subnormals)
        zero, infinite = kind.zero, kind.infinite
        flags |= {"nan": kind.nan}
        if infinite is not None:
            flags |= {"infinity": infinite & ~negative, "-infinity": infinite & negative}
    flags |= {"negative": negative, "zero": zero & ~negative, "-zero": zero & negative}
    order = ("negative", "zero", "-zero", "infinity", "-infinity", "nan")
    return {kind: m.wire("is_" + kind.replace("-", "minus_"), flags[kind]) for kind in order if kind in wanted}
