"""Which sums are made as their negatives, so that rows have something to take away from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from hw.datapath.shiftadd.graph import Graph, Term
from hw.formats import Span


def row_width(terms: Sequence[Term], span: Span) -> int:
    """Places of the row, or rows, of a sum.

    Where the lowest term is not taken away, it passes below the next. Of terms that are all taken away the sum is made
    first, and then its negative.
    """
    if all(term.negative for term in terms):
        return row_width([term.negated() for term in terms], negative_of(span)) + span.width
    return span.width - passed(terms)


def passed(terms: Sequence[Term]) -> int:
    """How many bits of the lowest term are a sum's, too."""
    low, *above = sorted(terms, key=lambda term: term.shift)
    return above[0].shift if above and not low.negative else low.shift


def negative_of(span: Span) -> Span:
    """The span of a number's negative."""
    return Span(-span.hi, -span.lo, span.lsb)


def turned(graph: Graph) -> Graph:
    """The graph, with sums made as their negatives where the rows are narrower for it.

    A sum that is used once goes with the one that uses it: for both of its signs the best is known before, so the whole
    is the best that there is. One that is used more often has the sign that costs least by itself.
    """
    count, uses = graph.count, graph.uses()
    costs: list[tuple[int, int]] = [(0, 0)] * count
    choices: list[tuple[tuple[bool, ...], tuple[bool, ...]]] = [((), ())] * count
    for number, terms in enumerate(graph.sums, count):
        options = [_best(graph, number, terms, sign, costs, uses) for sign in (False, True)]
        costs.append((options[0][0], options[1][0]))
        choices.append((options[0][1], options[1][1]))
    signs = [False] * len(costs)
    for number in reversed(range(count, len(costs))):
        if uses[number] != 1 or any(term and term.number == number for term in graph.results):
            signs[number] = _better(graph, number, costs[number])
        for term, sign in zip(graph.sums[number - count], choices[number][signs[number]], strict=True):
            if term.number >= count and uses[term.number] == 1:
                signs[term.number] = sign
    return _with(graph, signs)


def _best(
    graph: Graph, number: int, terms: Sequence[Term], sign: bool, costs: Sequence[tuple[int, int]], uses: Sequence[int]
) -> tuple[int, tuple[bool, ...]]:
    """The cost of a sum of that sign with all that is made for it alone, and the signs of its terms."""
    span = negative_of(graph.spans[number]) if sign else graph.spans[number]
    found = []
    for signs in product(*((False, True) if _lone(graph, term, uses) else (False,) for term in terms)):
        given = [Term(t.number, t.shift, t.negative ^ sign ^ own) for t, own in zip(terms, signs, strict=True)]
        below = sum(costs[t.number][own] for t, own in zip(terms, signs, strict=True) if _lone(graph, t, uses))
        found.append((row_width(given, span) + below, signs))
    return min(found)


def _lone(graph: Graph, term: Term, uses: Sequence[int]) -> bool:
    """Whether a term is a sum that is used here only."""
    return term.number >= graph.count and uses[term.number] == 1


def _better(graph: Graph, number: int, costs: tuple[int, int]) -> bool:
    """Whether a sum is better made as its negative: a result that has the other sign is a row more."""
    width = graph.spans[number].width
    wanted = {term.negative for term in graph.results if term and term.number == number}
    return costs[1] + width * (False in wanted) < costs[0] + width * (True in wanted)


def _with(graph: Graph, signs: Sequence[bool]) -> Graph:
    def of(term: Term) -> Term:
        return replace(term, negative=term.negative ^ signs[term.number])

    sums = tuple(
        tuple(of(term).negated() if signs[number] else of(term) for term in terms)
        for number, terms in enumerate(graph.sums, graph.count)
    )
    spans = tuple(negative_of(span) if sign else span for span, sign in zip(graph.spans, signs, strict=True))
    return replace(graph, sums=sums, spans=spans, results=tuple(of(term) if term else None for term in graph.results))


def spelled(graph: Graph) -> Graph:
    """The graph with a sum of its own, of one term, for each negative that no row takes in."""
    place = list(range(graph.count))
    sums: list[tuple[Term, ...]] = []
    spans = list(graph.spans[: graph.count])

    def add(terms: tuple[Term, ...], span: Span) -> int:
        sums.append(terms)
        spans.append(span)
        return len(spans) - 1

    for terms, span in zip(graph.sums, graph.spans[graph.count :], strict=True):
        here = tuple(replace(term, number=place[term.number]) for term in terms)
        if all(term.negative for term in here):
            opposite = add(tuple(term.negated() for term in here), negative_of(span))
            here = (Term(opposite, 0, True),)
        place.append(add(here, span))
    negatives: dict[int, int] = {}
    results: list[Term | None] = []
    for result in graph.results:
        if result and result.negative:
            number = place[result.number]
            if number not in negatives:
                negatives[number] = add((Term(number, 0, True),), negative_of(spans[number]))
            results.append(Term(negatives[number], result.shift))
        else:
            results.append(replace(result, number=place[result.number]) if result else None)
    return replace(graph, sums=tuple(sums), results=tuple(results), spans=tuple(spans))
