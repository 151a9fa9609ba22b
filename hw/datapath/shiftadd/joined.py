"""Sums of three terms, where a fabric's rows take as many: a sum that is used once goes into the one that uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hw.datapath.shiftadd.graph import Graph, Term
from hw.datapath.shiftadd.turned import row_width


def joined(graph: Graph, addends: int) -> Graph:
    """The graph with sums of up to so many terms, each with what saves most, from the results on."""
    if addends < 3:
        return graph
    count, uses = graph.count, graph.uses()
    sums: dict[int, tuple[Term, ...]] = dict(enumerate(graph.sums, count))
    for number in reversed(range(count, count + len(graph.sums))):
        if number not in sums:
            continue
        terms = sums[number]
        options = []
        for term in terms:
            if term.number in sums and uses[term.number] == 1 and len(sums[term.number]) == 2:
                whole = _opened(terms, term, sums[term.number])
                apart = row_width(terms, graph.spans[number]) + row_width(sums[term.number], graph.spans[term.number])
                options.append((row_width(whole, graph.spans[number]) - apart, term.number, whole))
        if options and min(options)[0] < 0:
            _, absorbed, sums[number] = min(options, key=lambda option: option[:2])
            del sums[absorbed]
    return _kept(graph, sums)


def _opened(terms: Sequence[Term], term: Term, inner: Sequence[Term]) -> tuple[Term, ...]:
    """The terms with one of them taken apart."""
    own = [Term(t.number, t.shift + term.shift, t.negative ^ term.negative) for t in inner]
    return (*(other for other in terms if other is not term), *own)


def _kept(graph: Graph, sums: dict[int, tuple[Term, ...]]) -> Graph:
    """The graph of the sums that are left."""
    numbers = [*range(graph.count), *sorted(sums)]
    place = {number: n for n, number in enumerate(numbers)}

    def moved(term: Term) -> Term:
        return replace(term, number=place[term.number])

    return replace(
        graph,
        sums=tuple(tuple(map(moved, sums[number])) for number in sorted(sums)),
        results=tuple(moved(term) if term else None for term in graph.results),
        spans=tuple(graph.spans[number] for number in numbers),
    )
