"""Sums of shifted numbers, as a graph: what each is, and between which ends it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hw.formats import Span

Matrix = Sequence[Sequence[int]]
"""Constants: the rows are the results', the columns the inputs'."""
Shares = Mapping[int, int]
"""How often each input is in a number; those that are not in it are left out."""


@dataclass(frozen=True)
class Term:
    """A number as it enters a sum, ``(-1)**negative * number * 2**shift``.

    Parameters
    ----------
    number : int
        An input, or behind these a sum, by its place in the graph.
    shift : int
        0 or more.
    negative : bool
    """

    number: int
    shift: int
    negative: bool = False

    def negated(self) -> Term:
        return Term(self.number, self.shift, not self.negative)


@dataclass
class Made:
    """A number that is there: an input, or the sum of two terms.

    Attributes
    ----------
    shares : dict
        How often each input is in it.
    span : Span
    depth : int
        Sums on the way to it.
    terms : tuple of Term
        None of an input.
    """

    shares: Shares
    span: Span
    depth: int
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Inputs, the sums of them that are made, and which of both the results are.

    Attributes
    ----------
    inputs : Span
        Of each input.
    count : int
        Inputs.
    sums : tuple of tuple of Term
        Each of two terms or more, of inputs and of sums before it.
    results : tuple of Term or None
        None is zero.
    spans : tuple of Span
        Of inputs and sums: their very ends, for the inputs are independent.
    """

    inputs: Span
    count: int
    sums: tuple[tuple[Term, ...], ...]
    results: tuple[Term | None, ...]
    spans: tuple[Span, ...]

    def uses(self) -> list[int]:
        """How often each number is in a sum or a result."""
        found = [0] * (self.count + len(self.sums))
        for term in [*(term for terms in self.sums for term in terms), *filter(None, self.results)]:
            found[term.number] += 1
        return found


def span_of(shares: Shares, inputs: Span) -> Span:
    """Between which ends a sum of inputs lies."""
    low = sum(share * (inputs.lo if share > 0 else inputs.hi) for share in shares.values())
    high = sum(share * (inputs.hi if share > 0 else inputs.lo) for share in shares.values())
    return Span(low, high, inputs.lsb)


def shares_of(terms: Sequence[Term], made: Sequence[Made]) -> dict[int, int]:
    """How often each input is in a sum of terms."""
    total: dict[int, int] = {}
    for term in terms:
        factor = (-1 if term.negative else 1) << term.shift
        for number, share in made[term.number].shares.items():
            total[number] = total.get(number, 0) + factor * share
    return {number: share for number, share in total.items() if share}
