"""A matrix of constants times numbers, from its digits to rows."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Value

from hw.arith import Logic, fabric
from hw.datapath.shiftadd.depth import depth_of
from hw.datapath.shiftadd.joined import joined
from hw.datapath.shiftadd.solve import solve
from hw.datapath.shiftadd.turned import spelled, turned
from hw.datapath.shiftadd.write import write
from hw.formats import Span


def times(
    m: Logic, matrix: tuple[tuple[int, ...], ...], numbers: Sequence[Value], inputs: Span, span: Span
) -> list[Value]:
    """The product of a matrix by numbers, each with its own sign.

    Parameters
    ----------
    m : Logic
        Where the rows are added.
    matrix : tuple of rows
    numbers : sequence of Value
        One for each column.
    inputs, span : Span
        Of the numbers, and of all results.
    """
    addends = fabric(m).addends
    graph = solve(matrix, inputs, depth_of(matrix, m.form), addends)
    return write(m, spelled(joined(turned(graph), addends)), numbers, span)
