"""Sums of many numbers: a few at a time in a chain of rows, and the chains' sums in a tree.

In a chain each number is a row of its own, which can negate it and compute its bits on the way; in a tree a row has two
sums to add and takes nothing else in. So numbers that are plain wires go into the tree at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.term import Term
from hw.formats import Span

CHAINED = {"small": 8, "fast": 2, "dsp": 8, "luts": 8}
"""Terms in a chain, at most, by the form."""


def sum_terms(m: Logic, name: str, terms: Sequence[Term], span: Span) -> Value:
    """The sum of terms, in as many bits as it needs.

    Parameters
    ----------
    m : Logic
        Where it is added.
    name : str
        Of its wires.
    terms : sequence of Term
        At least one.
    span : Span
        Of every term.
    """
    plain = all(term.negate is None and len(bit.inputs) < 2 for term in terms for bit in term.bits)
    count = 1 if plain else _chained(m)
    widths = [span.accumulate(n + 1).width for n in range(count)]
    sums = []
    for low in range(0, len(terms), count):
        chain = terms[low : low + count]
        sums.append((fabric(m).add_terms(m, f"{name}_{low}", chain, widths[: len(chain)]), len(chain)))
    addends = fabric(m).addends
    while len(sums) > 1:
        sums = [_added(m, name, sums[low : low + addends], span) for low in range(0, len(sums), addends)]
    return sums[0][0]


def _chained(m: Logic) -> int:
    """Terms in a chain: where each could have a stage of its own, two chains of half as many are done sooner."""
    most = CHAINED[m.form]
    return max(2, most // 2) if m.stages > most else most


def _added(m: Logic, name: str, sums: Sequence[tuple[Value, int]], span: Span) -> tuple[Value, int]:
    """The sum of a few sums, and how many terms are in it; a lone one stays as it is."""
    values, count = [value for value, _ in sums], sum(terms for _, terms in sums)
    width = span.accumulate(count).width
    if len(sums) == 1:
        return sums[0]
    if len(sums) == 2:
        total = fabric(m).add(m, name, values[0], values[1], width)
    else:
        total = fabric(m).add_three(m, name, values[0], values[1], values[2], width)
    return total.as_signed() if span.signed else total, count
