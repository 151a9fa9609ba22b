"""Formats for layers by evolution: what integer programming is compared with, and for losses that are no sums.

Of two assignments the better is the one that exceeds the budgets by less, and, where neither does, the one of the
smaller loss. Parents are the better of two drawn; a child takes each choice from either, and one choice of it, on
average, is drawn anew. The best of parents and children together are the next generation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.search.assignment import Assignment, MixedPrecision, Table
from hw.formats import check_int

Genes = NDArray[np.int64]


@dataclass(frozen=True)
class Evolved:
    """What evolution found.

    Attributes
    ----------
    best : Assignment
        Look at `within`: there is no promise that it is.
    history : tuple of (int, float)
        How many assignments had been evaluated when a better one within the budgets came, and its loss.
    evaluations : int
        In all.
    """

    best: Assignment
    history: tuple[tuple[int, float], ...]
    evaluations: int

    def evaluations_until(self, loss: float, tolerance: float = 1e-12) -> int | None:
        """How many assignments had been evaluated when one of at most a loss was found; None if none was."""
        return next((count for count, found in self.history if found <= loss + tolerance * abs(loss)), None)


def evolve(problem: MixedPrecision, evaluations: int = 2000, population: int = 40, seed: int = 0) -> Evolved:
    """Choices for all layers at a small sum of losses within all budgets.

    Parameters
    ----------
    problem : MixedPrecision
        What is asked.
    evaluations : int
        Assignments that are looked at, at least the population.
    population : int
        Assignments of a generation, at least 4.
    seed : int
        Of what is drawn: 0..2^32 - 1.

    Raises
    ------
    TypeError, ValueError
        A number is none, or is out of its range.
    """
    check_int("population", population, 4, 10**6)
    check_int("evaluations", evaluations, population, 10**9)
    check_int("seed", seed, 0, 2**32 - 1)
    random, judge, record = np.random.default_rng(seed), _Judge(problem), _Record()
    genes = judge.drawn(random, population)
    scores = record.took(judge.scores(genes))
    while True:
        # From the best to the worst, and each once: of copies of the best there would soon be nothing to mix.
        once = np.unique(genes, axis=0, return_index=True)[1]
        order = once[np.lexsort(scores[::-1, once])[:population]]
        genes, scores = genes[order], scores[:, order]
        if record.count == evaluations:
            return Evolved(problem.assignment(genes[0]), tuple(record.better), record.count)
        children = judge.children(random, genes, min(population, evaluations - record.count))
        genes = np.concatenate([genes, children])
        scores = np.concatenate([scores, record.took(judge.scores(children))], axis=1)


class _Record:
    """How many assignments were looked at, and when a better one came."""

    def __init__(self) -> None:
        self.count = 0
        self.better: list[tuple[int, float]] = []

    def took(self, scores: Table) -> Table:
        for over, loss in scores.T.tolist():
            self.count += 1
            if over == 0 and (not self.better or loss < self.better[-1][1]):
                self.better.append((self.count, loss))
        return scores


class _Judge:
    """A problem in groups: genes are numbers of choices, shape (n, groups)."""

    def __init__(self, problem: MixedPrecision) -> None:
        self.problem = problem
        self.losses = problem.summed(problem.losses)
        self.costs = [(budget, problem.summed(budget.costs)) for budget in problem.budgets]
        self.places = np.arange(len(self.losses))
        possible = np.isfinite(self.losses)
        self.counts, self.possible = possible.sum(axis=1), np.argsort(~possible, axis=1, kind="stable")
        """How many choices each group can take, and these, before those that it can't."""

    def drawn(self, random: np.random.Generator, count: int) -> Genes:
        """Choices that the groups can take, each as likely."""
        return self.possible[self.places, random.integers(self.counts, size=(count, len(self.places)))]

    def scores(self, genes: Genes) -> Table:
        """By how much budgets are exceeded, as parts of them, and the loss; shape (2, n)."""
        over = np.zeros(len(genes))
        for budget, costs in self.costs:
            over += budget.exceeded(costs[self.places, genes].sum(axis=1)) / (abs(budget.bound) or 1)
        return np.stack([over, self.losses[self.places, genes].sum(axis=1)])

    def children(self, random: np.random.Generator, genes: Genes, count: int) -> Genes:
        """Children of parents that are in order, the best first."""
        one, other = random.integers(len(genes), size=(2, count, 2)).min(axis=2)
        shape = (count, len(self.places))
        mixed = np.where(random.random(shape) < 0.5, genes[one], genes[other])
        anew = random.random(shape) < 1 / len(self.places)
        return np.where(anew, self.drawn(random, count), mixed)
