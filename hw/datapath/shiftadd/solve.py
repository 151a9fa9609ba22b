"""Which sums are made: the pair that saves most is shared first, then each result is a tree of what is left."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from hw.datapath.shiftadd.graph import Graph, Matrix, Term
from hw.datapath.shiftadd.sums import Digit, Pattern, Place, Sums
from hw.formats import Span


@lru_cache(maxsize=256)
def solve(matrix: tuple[tuple[int, ...], ...], inputs: Span, depth: int, addends: int = 2, tries: int = 1) -> Graph:
    """A graph of few and narrow sums.

    Parameters
    ----------
    matrix : tuple of rows
    inputs : Span
        Of each column's number.
    depth : int
        Sums on the way to a result, at most: no less than a tree of the digits has.
    addends : int
        Numbers that a row adds, 2 or 3: where a row takes three of what is not shared, sharing saves less.
    tries : int
        How many times it is tried, from the second on with some chance in what is shared first.
    """
    found = [_shared(matrix, inputs, depth, addends, seed) for seed in range(tries)]
    return min(found, key=cost_of)


def cost_of(graph: Graph) -> int:
    """Places of all rows."""
    return sum(
        graph.spans[graph.count + n].width - max(term.shift for term in terms) for n, terms in enumerate(graph.sums)
    )


def _shared(matrix: Matrix, inputs: Span, depth: int, addends: int, seed: int) -> Graph:
    sums = Sums(matrix, inputs, depth)
    _share(sums, addends - 1, random.Random(seed) if seed else None)
    results = []
    for index in range(len(matrix)):
        _join(sums, index)
        results.append(_term(sums.digits[index]))
    return _graph(sums, results)


def _share(sums: Sums, least: int, chance: random.Random | None) -> None:
    """Make pairs that are in more places than `least` numbers of their own, those that save most first."""
    heap: list[tuple[float, Pattern]] = []

    def offer() -> None:
        for pattern in sums.touched:
            if len(sums.places[pattern]) > least:
                heapq.heappush(heap, (-_gain(sums, pattern, len(sums.places[pattern]), least, chance), pattern))
        sums.touched.clear()

    offer()
    while heap:
        gain, pattern = heapq.heappop(heap)
        places = sums.found(pattern)
        if len(places) <= least:
            continue
        now = -_gain(sums, pattern, len(places), least, None)
        if heap and now > heap[0][0] and now > gain:
            heapq.heappush(heap, (now, pattern))
            continue
        sums.replace(pattern, places)
        offer()


def _gain(sums: Sums, pattern: Pattern, count: int, least: int, chance: random.Random | None) -> float:
    """Places of rows that are saved; of equal ones, what is not so deep and not so far apart comes first."""
    gain = (count - least) * sums.width(pattern) - 0.01 * sums.deep(pattern) - 0.001 * pattern[2]
    return gain if chance is None else gain * (1 + 0.3 * chance.random())


def _join(sums: Sums, index: int) -> None:
    """Add a sum's digits up, two at a time, the narrowest rows first."""
    heap: list[tuple[tuple[int, int], Pattern, Place]] = []
    fresh = digits = set(sums.digits[index])
    while len(digits) > 1:
        for pattern, place in _pairs(sums, index, fresh):
            heapq.heappush(heap, ((sums.width(pattern), sums.deep(pattern)), pattern, place))
        while True:
            _, pattern, place = heapq.heappop(heap)
            # A pair that makes the result too deep does so later, too.
            if place in sums.places[pattern] and sums.fits(index, pattern):
                break
        sums.replace(pattern, [place])
        fresh, digits = set(sums.digits[index]) - digits, set(sums.digits[index])


def _pairs(sums: Sums, index: int, fresh: set[Digit]) -> Iterator[tuple[Pattern, Place]]:
    """The pairs of a sum's digits of which one is in `fresh`, each once."""
    digits = sums.digits[index]
    for one, other in combinations(sorted(digits), 2):
        if one in fresh or other in fresh:
            alike = digits[one] == digits[other]
            yield (one[1], other[1], other[0] - one[0], alike), (index, one[0])


def _term(digits: dict[Digit, int]) -> Term | None:
    for (shift, number), sign in digits.items():
        return Term(number, shift, sign < 0)
    return None


def _graph(sums: Sums, results: list[Term | None]) -> Graph:
    """The graph of the numbers that are used."""
    count = sum(not made.terms for made in sums.made)
    needed = {term.number for term in results if term}
    for number in range(len(sums.made) - 1, count - 1, -1):
        if number in needed:
            needed |= {term.number for term in sums.made[number].terms}
    kept = [*range(count), *(number for number in sorted(needed) if number >= count)]
    place = {number: n for n, number in enumerate(kept)}

    def moved(term: Term) -> Term:
        return Term(place[term.number], term.shift, term.negative)

    terms = tuple(tuple(map(moved, sums.made[number].terms)) for number in kept[count:])
    ends = tuple(moved(term) if term else None for term in results)
    return Graph(sums.inputs, count, terms, ends, tuple(sums.made[number].span for number in kept))
