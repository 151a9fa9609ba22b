"""A graph's sums as carry rows."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.ice40 import Ice40
from hw.arith.steps import bits, extend
from hw.datapath.shiftadd.graph import Graph, Term
from hw.datapath.shiftadd.inverses import write_with_inverses
from hw.datapath.shiftadd.turned import passed
from hw.formats import Span


def write(m: Logic, graph: Graph, inputs: Sequence[Value], span: Span) -> list[Value]:
    """The results, in as many bits as `span` has.

    Parameters
    ----------
    m : Logic
        Where the rows are added.
    graph : Graph
        As `spelled` leaves it, of sums of no more terms than the fabric's rows add.
    inputs : sequence of Value
        Each with its own sign.
    span : Span
        Of all results.
    """
    rows = fabric(m)
    if isinstance(rows, Ice40):
        return write_with_inverses(m, rows, graph, inputs, span)
    numbers = list(inputs)
    for place, terms in enumerate(graph.sums, graph.count):
        numbers.append(_sum(m, numbers, terms, graph.spans[place]))
    return [_result(numbers, term, span) for term in graph.results]


def _sum(m: Logic, numbers: Sequence[Value], terms: Sequence[Term], span: Span) -> Value:
    """A sum of shifted numbers: what lies below all but one passes, and a row adds the rest."""
    low, *above = sorted(terms, key=lambda term: term.shift)
    below, width = passed(terms), span.width
    lowest = low_bits(numbers[low.number], below)
    apart = len(numbers[low.number]) <= below and not numbers[low.number].shape().signed
    if apart and len(above) == 1 and not above[0].negative:
        # They lie side by side.
        whole = Cat(*lowest, *low_bits(numbers[above[0].number], width - below))
        return whole.as_signed() if span.signed else whole
    parts = [Cat(*low_bits(_shifted(numbers, term), width)[below:]) for term in terms]
    signs = [term.negative for term in terms]
    if len(terms) == 1:
        parts, signs = [Const(0, width), *parts], [False, *signs]
    whole = Cat(*lowest, fabric(m).add_signed(m, "sum", parts, signs))
    return whole.as_signed() if span.signed else whole


def _shifted(numbers: Sequence[Value], term: Term) -> Value:
    number = numbers[term.number]
    shifted = Cat(Const(0, term.shift), number)
    return shifted.as_signed() if number.shape().signed else shifted


def low_bits(number: Value, width: int) -> list[Value]:
    """The lowest bits of a number, by its sign if it has fewer."""
    return bits(extend(number, max(width, len(number))))[:width]


def _result(numbers: Sequence[Value], term: Term | None, span: Span) -> Value:
    return Const(0, span.width) if term is None else extend(_shifted(numbers, term), span.width)
