"""A graph's sums as carry rows."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.steps import bits, extend
from hw.datapath.shiftadd.graph import Graph, Term
from hw.datapath.shiftadd.turned import negative_of, passed
from hw.formats import Span


def write(m: Logic, graph: Graph, inputs: Sequence[Value], span: Span) -> list[Value]:
    """The results, in as many bits as `span` has.

    Parameters
    ----------
    m : Logic
        Where the rows are added.
    graph : Graph
        Of sums of no more terms than the fabric's rows add.
    inputs : sequence of Value
        Each with its own sign.
    span : Span
        Of all results.
    """
    numbers = list(inputs)
    for place, terms in enumerate(graph.sums, graph.count):
        numbers.append(_sum(m, numbers, terms, graph.spans[place]))
    return [_result(m, graph, numbers, term, span) for term in graph.results]


def _sum(m: Logic, numbers: Sequence[Value], terms: Sequence[Term], span: Span) -> Value:
    """A sum of shifted numbers: what lies below all but one passes, and a row adds the rest."""
    if all(term.negative for term in terms):
        return _negative(m, _sum(m, numbers, [term.negated() for term in terms], negative_of(span)), span)
    low, *above = sorted(terms, key=lambda term: term.shift)
    below, width = passed(terms), span.width
    lowest = bits(extend(numbers[low.number], max(width, len(numbers[low.number]))))[:below]
    if len(numbers[low.number]) <= below and not numbers[low.number].shape().signed and not above[1:]:
        # Side by side: nothing meets.
        whole = Cat(*lowest, *bits(extend(numbers[above[0].number], width - below)))
    else:
        shifted = [Cat(Const(0, term.shift), numbers[term.number]) for term in terms]
        signed = [numbers[term.number].shape().signed for term in terms]
        parts = [
            Cat(*bits(extend(value.as_signed() if sign else value, max(width, len(value))))[below:width])
            for value, sign in zip(shifted, signed, strict=True)
        ]
        row = fabric(m).add_signed(m, "sum", parts, [term.negative for term in terms])
        whole = Cat(*lowest, row)
    return whole.as_signed() if span.signed else whole


def _negative(m: Logic, number: Value, span: Span) -> Value:
    zero = Const(0, span.width)
    row = fabric(m).add_signed(
        m, "negative", [zero, Cat(*bits(extend(number, max(span.width, len(number))))[: span.width])], [False, True]
    )
    return row.as_signed() if span.signed else row


def _result(m: Logic, graph: Graph, numbers: Sequence[Value], term: Term | None, span: Span) -> Value:
    if term is None:
        return Const(0, span.width)
    number = numbers[term.number]
    if term.negative:
        number = _negative(m, number, negative_of(graph.spans[term.number]))
    shifted = Cat(Const(0, term.shift), number)
    return extend(shifted.as_signed() if number.shape().signed else shifted, span.width)
