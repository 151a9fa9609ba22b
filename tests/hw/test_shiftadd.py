"""Graphs of shifted sums: they make the matrix, no deeper and no wider than they must, and share what is alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hw.datapath.shiftadd.depth import depth_of
from hw.datapath.shiftadd.graph import Graph, Made, shares_of, span_of
from hw.datapath.shiftadd.inverses import Rows, chosen
from hw.datapath.shiftadd.joined import joined
from hw.datapath.shiftadd.solve import cost_of, solve
from hw.datapath.shiftadd.turned import row_width, spelled, turned
from hw.formats import Span
from hw.recoding import signed_digits

INT8, UINT4 = Span(-128, 127, 0), Span(0, 15, 0)
Matrix = tuple[tuple[int, ...], ...]


def matrix(seed: int, rows: int, columns: int, most: int = 128) -> Matrix:
    drawn = np.random.default_rng(seed).integers(-most, most, (rows, columns))
    return tuple(tuple(map(int, row)) for row in drawn)


def made_of(graph: Graph) -> list[Made]:
    """What every number of a graph is."""
    made = [Made({n: 1}, graph.inputs, 0) for n in range(graph.count)]
    for terms in graph.sums:
        depth = 1 + max(made[term.number].depth for term in terms)
        shares = shares_of(terms, made)
        made.append(Made(shares, span_of(shares, graph.inputs), depth, terms))
    return made


def results_of(graph: Graph) -> Matrix:
    made = made_of(graph)
    rows = [{} if term is None else shares_of([term], made) for term in graph.results]
    return tuple(tuple(row.get(n, 0) for n in range(graph.count)) for row in rows)


@pytest.mark.parametrize("constant", [0, 1, -1, 3, 7, 23, -128, 127, 0b10101011, 12345, -54321])
def test_signed_digits_are_a_constant_and_none_are_side_by_side(constant: int) -> None:
    digits = signed_digits(constant)
    assert sum(sign << shift for shift, sign in digits) == constant
    assert all(high - low > 1 for (low, _), (high, _) in pairwise(digits))


@pytest.mark.parametrize("inputs", [INT8, UINT4])
@pytest.mark.parametrize("form", ["small", "fast"])
@pytest.mark.parametrize("addends", [2, 3])
def test_a_graph_makes_its_matrix(inputs: Span, form: str, addends: int) -> None:
    for seed, (rows, columns) in enumerate([(1, 1), (3, 5), (8, 4), (2, 12)]):
        wanted = matrix(seed, rows, columns)
        depth = depth_of(wanted, form)
        graph = solve(wanted, inputs, depth, addends)
        assert max(made.depth for made in made_of(graph)) <= depth
        for step in (graph, turned(graph), joined(turned(graph), addends), spelled(joined(turned(graph), addends))):
            assert results_of(step) == wanted
            assert [made.span for made in made_of(step)] == list(step.spans)


def test_what_results_have_in_common_is_made_once() -> None:
    # 5 a + 5 b is one sum of a + b, shifted, and is in all three.
    graph = solve(((5, 5, 0), (5, 5, 1), (5, 5, -1)), INT8, 4)
    assert len(graph.sums) == 4
    # Also where one is the negative of the other, and where one is the other shifted.
    assert len(solve(((3, 5), (-3, -5), (12, 20)), INT8, 4).sums) == len(solve(((3, 5),), INT8, 4).sums)


def test_a_negative_is_no_row_where_a_difference_can_be_turned() -> None:
    (terms,) = turned(solve(((1, -1), (-1, 1)), INT8, 2)).sums
    assert sorted(term.negative for term in terms) == [False, True]
    graph = spelled(turned(solve(((-3,),), INT8, 2)))
    assert len(graph.sums) == 1
    # Of terms that are all taken away, a row adds up, and another negates.
    assert [len(terms) for terms in spelled(turned(solve(((-1, -1),), INT8, 2))).sums] == [2, 1]


def test_a_row_of_three_saves_a_row() -> None:
    graph = turned(solve(((1, 1, 1),), INT8, 3, 3))
    three = joined(graph, 3)
    assert [len(terms) for terms in three.sums] == [3]
    assert row_width(three.sums[0], three.spans[-1]) < cost_of(graph)
    assert joined(graph, 2) is graph


def test_rows_are_inverted_where_that_saves_inverters() -> None:
    graph = spelled(turned(solve(matrix(1, 4, 6), INT8, 9)))
    rows = Rows(graph)
    best = chosen(rows)
    assert best.luts < sum(len(row.x) for row in rows.rows.values() if any(row.minus)) / 2
    # The counts that moves have kept are those of a new count.
    assert best.luts == type(best)(rows, dict(best.inverted)).luts


def test_all_is_the_same_in_every_process() -> None:
    solve.cache_clear()
    first = solve(matrix(3, 6, 6), INT8, 9)
    solve.cache_clear()
    assert solve(matrix(3, 6, 6), INT8, 9) == first
