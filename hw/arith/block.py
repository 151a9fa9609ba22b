"""Multiplier blocks as cells, where synthesis would leave their registers unused.

A step of products has a `Block` beside its expression. The scheduler sees the expression; when the step is written, the
block takes in the registers that stand right before and right behind it, and becomes a cell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Const, Instance, Signal, Value
from amaranth.hdl._ast import SignalDict

from hw.arith.steps import Absorbs, Registered
from hw.arith.writer import Writer, replace


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
        Products that one cell makes, each of factors of its own, of at most `half` bits; 1 if it is not split so.
    depth : int
        Registers that it can have behind its multiplier.
    common_enable : bool
        Whether all its registers share an enable.
    """

    width: int
    products: int = 1
    half: int = 0
    depth: int = 1
    common_enable: bool = False

    def fits(self, x: Value, y: Value) -> bool:
        """Whether it takes these factors: a product of one bit needs no block."""
        return all(1 < len(factor) <= self.width and not isinstance(factor, Const) for factor in (x, y))

    @abstractmethod
    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        """The cell that makes `products`, with so many registers behind the multiplier, all of one `enable`."""


@dataclass
class Block(Absorbs):
    """What a step of products is written as.

    Attributes
    ----------
    cell : BlockCell
    x, y : tuple of Value
        The factors.
    """

    cell: BlockCell
    x: tuple[Value, ...]
    y: tuple[Value, ...]
    registered: SignalDict

    @property
    def depth(self) -> int:  # type: ignore[override]
        return self.cell.depth

    def write(self, writer: Writer, products: Sequence[Signal], stage: int, behind: int) -> Instance:
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
