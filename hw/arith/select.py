"""Choosing one of several words by its number, in the fewest LUTs that a family has for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from amaranth.hdl import Const, Mux, Signal, Value

from hw.arith.logic import Logic
from hw.arith.place import Function
from hw.arith.steps import Cell, bits

Lut = Callable[[Sequence[Value], Function, Value], Cell]
"""Makes a cell of four wires, a function of them, and the wire that it drives."""


def tree(words: Sequence[Value], index: Value) -> Value:
    """``words[index]``, by a choice of two for each bit of the number."""
    if len(words) == 1:
        return words[0]
    place = (len(words) - 1).bit_length() - 1
    return Mux(index[place], tree(words[1 << place :], index), tree(words[: 1 << place], index))


def joined(
    m: Logic,
    name: str,
    words: Sequence[Value],
    index: Value,
    leaf: int,
    kinds: Sequence[Sequence[str]],
    lut: Lut | None = None,
    below: bool = False,
) -> Value:
    """``words[index]``, where multiplexers beside the LUTs choose between LUTs.

    Parameters
    ----------
    m, name, words, index
        As for `Fabric.select`.
    leaf : int
        Words that one LUT chooses from, a power of two.
    kinds : sequence of (cell, input if 0, input if 1, select, output)
        The multiplexers: the first joins LUTs, each further one two of the one before.
    lut : Lut, optional
        Makes the LUTs below multiplexers, of two words each, where a LUT can't be below two of them: bits of different
        words may be equal, as those of signs are, and synthesis would make one LUT of two that are.
    below : bool
        Whether it is below a multiplexer.
    """
    if len(words) <= leaf:
        return _pair(m, name, words, index, lut) if below and lut else m.wire(f"{name}_lut", tree(words, index))
    place = (len(words) - 1).bit_length() - 1
    level = place - (leaf.bit_length() - 1)
    # A multiplexer takes nothing but what the one before it, or a full LUT, puts out.
    full = len(words) == 2 << place and level < len(kinds)
    low = joined(m, f"{name}_low", words[: 1 << place], index, leaf, kinds, lut, full)
    high = joined(m, f"{name}_high", words[1 << place :], index, leaf, kinds, lut, full)
    if not full:
        return m.wire(name, Mux(index[place], high, low))
    kind, zero, one, select, out = kinds[level]
    result = Signal(len(low), name=name)
    wires = zip(bits(low), bits(high), bits(result), strict=True)
    cells = [Cell(kind, {}, {zero: x, one: y, select: index[place]}, {out: z}) for x, y, z in wires]
    m.cells(name, cells, [result])
    return result


def _pair(m: Logic, name: str, words: Sequence[Value], index: Value, lut: Lut) -> Value:
    """One of two words, a LUT for each bit."""
    result = Signal(len(words[0]), name=f"{name}_lut")
    spare, columns = Const(0, 1), zip(*map(bits, (*words, result)), strict=True)
    m.cells(name, [lut((x, y, index[0], spare), lambda x, y, n, _: y if n else x, z) for x, y, z in columns], [result])
    return result


def chained(m: Logic, name: str, words: Sequence[Value], index: Value, lut: Lut) -> Value:
    """``words[index]`` by LUTs of four wires, two words each.

    From one to the next goes a bit for each: until the pair of words that is meant, the number's lowest bit, which
    chooses between the two; behind it, what was chosen.
    """
    if len(words) <= 2:
        return m.wire(name, tree(words, index))
    width = len(words[0])
    # An odd last word is its own neighbour.
    words = [*words, words[-1]][: len(words) + len(words) % 2]
    shown: Value = index[0].replicate(width)
    for pair in range(len(words) // 2):
        here = m.wire(f"{name}_pair{pair}", index[1:] == pair)
        following = Signal(width, name=f"{name}_{pair}")
        cells = [
            lut((x, y, before, here), lambda x, y, p, h: (y if p else x) if h else p, after)
            for x, y, before, after in zip(*map(bits, (*words[2 * pair : 2 * pair + 2], shown, following)), strict=True)
        ]
        m.cells(f"{name}_{pair}", cells, [following])
        shown = following
    return shown
