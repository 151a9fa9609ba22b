"""Products that are left to the family's multiplier blocks."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Signal, Value

from hw.arith.block import Block, BlockCell
from hw.arith.blockcells import BLOCKS
from hw.arith.logic import Logic
from hw.arith.product import star
from hw.arith.steps import is_wires
from hw.target import Target


def block_of(target: Target) -> BlockCell | None:
    """The multiplier block of a target, where it is written as a cell."""
    return BLOCKS.get(target.block)


def multiply_in_block(m: Logic, name: str, x: Value, y: Value) -> Signal:
    """``x * y``, for a multiplier block: as a cell where there is one, or as an operator."""
    cell = block_of(m.target)
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
