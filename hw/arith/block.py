"""Multiplier blocks as cells, where synthesis would leave their registers unused.

A step of products has a `Block` beside its expression. The scheduler sees the expression; when the step is written, the
block takes in the registers that stand right before and right behind it, and becomes a cell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Signal, Value
from amaranth.hdl._ast import SignalDict

from hw.arith.logic import Logic, Registered, Writer, is_wires, replace
from hw.arith.product import star


@dataclass(frozen=True)
class Side:
    """What enters a cell: a factor, or two that the halves take.

    Attributes
    ----------
    factors : tuple of Value
        Signed or unsigned.
    enable : Value or None
        The clock enable of the cell's register for it; None if it has none.
    """

    factors: tuple[Value, ...]
    enable: Value | None


class BlockCell(ABC):
    """The multiplier block of a family.

    Attributes
    ----------
    width : int
        Bits of a factor.
    products : int
        Products that it makes, each of factors of its own.
    depth : int
        Registers that it can have behind its multiplier.
    common_enable : bool
        Whether all its registers share an enable.
    """

    width: int
    products: int = 1
    depth: int = 1
    common_enable: bool = False

    def fits(self, x: Value, y: Value) -> bool:
        """Whether it takes these factors: a product of one bit needs no block."""
        return all(1 < len(factor) <= self.width and not isinstance(factor, Const) for factor in (x, y))

    @abstractmethod
    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        """The cell that makes `products`, with so many registers behind the multiplier, all of one `enable`."""


class Ecp5Block(BlockCell):
    """Lattice ECP5's MULT18X18D: registers before it, inside and behind it, each with an enable of its own.

    Source: Lattice's technical note TN1267, and nextpnr's ecp5/arch.cc, which times these registers.
    """

    width, depth = 18, 2

    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        kept = [("INPUTA", x.enable), ("INPUTB", y.enable)]
        kept += [(name, enable if registers >= least else None) for name, least in (("OUTPUT", 1), ("PIPELINE", 2))]
        used = [(name, value) for name, value in kept if value is not None]
        ports: dict[str, Any] = {}
        enables: list[Value] = []
        for name, value in used:
            number = next((n for n, known in enumerate(enables) if known is value), len(enables))
            enables += [value] if number == len(enables) else []
            ports |= {f"p_REG_{name}_CLK": "CLK0", f"p_REG_{name}_CE": f"CE{number}", f"p_REG_{name}_RST": "RST0"}
        ports |= {"i_CLK0": ClockSignal() if used else Const(0, 1), "i_RST0": Const(0, 1)}
        ports |= {f"i_CE{number}": enables[number] if number < len(enables) else Const(1, 1) for number in range(4)}
        for letter, side in (("A", x), ("B", y)):
            wires = widened(side.factors[0], self.width)
            ports |= {f"i_{letter}{n}": wires[n] for n in range(self.width)}
            ports[f"i_SIGNED{letter}"] = Const(side.factors[0].shape().signed, 1)
            ports[f"i_SOURCE{letter}"] = Const(0, 1)
        ports |= {f"i_C{n}": Const(0, 1) for n in range(self.width)}
        wires = shown(products[0], 2 * self.width)
        return Instance("MULT18X18D", **ports, **{f"o_P{n}": wires[n] for n in range(2 * self.width)})


BLOCKS: dict[str, BlockCell] = {"MULT18X18D": Ecp5Block()}
"""By a target's block."""


def multiply_in_block(m: Logic, name: str, x: Value, y: Value) -> Signal:
    """``x * y``, for a multiplier block: as a cell where there is one, or as an operator."""
    cell = BLOCKS.get(m.target.block)
    if cell is None or not cell.fits(x, y):
        return star(m, name, x, y)
    return multiply_together(m, name, cell, [(x, y)])[0]


def multiply_together(m: Logic, name: str, cell: BlockCell, pairs: Sequence[tuple[Value, Value]]) -> list[Signal]:
    """The products of pairs of factors that fit, all by one cell."""
    given = []
    for pair in pairs:
        # What is more than wires gets one, so that what enters the cell is as it came out of a register.
        x, y = (factor if is_wires(factor) else m.wire(f"{name}_factor", factor) for factor in pair)
        given.append((x, y))
    names = [name] if len(pairs) == 1 else [f"{name}_{n}" for n in range(len(pairs))]
    products = [Signal((x * y).shape(), name=own) for own, (x, y) in zip(names, given, strict=True)]
    block = Block(cell, tuple(x for x, _ in given), tuple(y for _, y in given), m.registered)
    m.block(name, products, Cat(x * y for x, y in given), block)
    return products


@dataclass
class Block:
    """What a step of products is written as.

    Attributes
    ----------
    cell : BlockCell
    x, y : tuple of Value
        The factors.
    registered : SignalDict
        What is known of signals that are registers outside of the datapath: a `Registered` of each.
    """

    cell: BlockCell
    x: tuple[Value, ...]
    y: tuple[Value, ...]
    registered: SignalDict

    def write(self, writer: Writer, products: Sequence[Signal], stage: int, behind: int) -> Instance:
        """The cell, with `behind` registers or as many of them as it has behind it.

        `writer` learns in which stage the products are there.
        """
        registers = 0 if writer.reset else min(behind, self.cell.depth)
        x, y = (self._side(writer, factors, stage) for factors in (self.x, self.y))
        for target in products:
            writer.born[target] = stage + registers
        return self.cell.instance(x, y, products, writer.enable if registers else None, registers)

    def _side(self, writer: Writer, factors: tuple[Value, ...], stage: int) -> Side:
        """A side as it enters the cell: before its registers, if all its wires come out of registers of one enable."""
        signals = [signal for factor in factors for signal in factor._rhs_signals()]
        earlier: SignalDict = SignalDict()
        enables: list[Value] = []
        for signal in signals:
            if stage > writer.born.get(signal, 0) and not writer.reset:
                earlier[signal] = writer.seen(signal, stage - 1)
                enables.append(writer.enable)
            elif stage == 0 and signal in self.registered:
                known: Registered = self.registered[signal]
                earlier[signal] = known.before
                enables.append(known.enable)
        common = [writer.enable] if self.cell.common_enable else enables
        if not signals or len(enables) < len(signals) or any(enable is not common[0] for enable in enables):
            return Side(tuple(writer.at(factor, stage) for factor in factors), None)
        return Side(tuple(replace(factor, earlier) for factor in factors), enables[0])


def widened(factor: Value, width: int) -> list[Value]:
    """The bits of a factor, and above them its sign or zeros."""
    fill = factor[-1] if factor.shape().signed else Const(0, 1)
    return [*(factor[n] for n in range(len(factor))), *[fill] * (width - len(factor))]


def shown(product: Signal, width: int) -> list[Value]:
    """What a cell's output of so many bits drives: a product, and above it what nobody reads."""
    above = Signal(width - len(product), name=f"unused_above_{product.name}")
    return [*(product[n] for n in range(len(product))), *(above[n] for n in range(len(above)))]
