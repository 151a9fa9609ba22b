"""The published instance: its nine budgets, solved to the optimum."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from dse.search.assignment import MixedPrecision
from dse.search.evolution import evolve
from dse.search.hawq import CHOICES, MEASURES, SHARES, TIED, instance, layers, published
from dse.search.mixed import solve

NINE = list(product(MEASURES, SHARES))


def least(problem: MixedPrecision) -> float:
    """Over all 65,536 assignments."""
    losses, costs = (problem.summed(table) for table in (problem.losses, problem.budgets[0].costs))
    bits = (np.arange(2 ** len(losses))[:, None] >> np.arange(len(losses))) & 1
    spent = costs[:, 0].sum() + bits @ (costs[:, 1] - costs[:, 0])
    within = problem.budgets[0].exceeded(spent) == 0
    return float((losses[:, 0].sum() + bits @ (losses[:, 1] - losses[:, 0]))[within].min())


@pytest.mark.parametrize(("measure", "share"), NINE)
def test_the_published_choices_are_the_proven_optimum(measure: str, share: float) -> None:
    problem = instance(measure, share)
    found = solve(problem)
    assert found.proven and found.best.within
    assert found.best.loss == pytest.approx(least(problem), rel=1e-12)
    assert found.best.choices == published(measure, share).choices


def test_the_layers_are_those_of_the_network() -> None:
    table = layers()
    assert len(table) == 19
    # All but the first convolution and the last layer, of ResNet-18's 11,166,912 parameters in convolutions.
    assert table["params"].sum() == 11_166_912 - 64 * 3 * 49
    assert (table["d8"] < table["d4"]).all() and (table["latency4_ms"] < table["latency8_ms"]).all()
    for one, other in TIED:
        bits = table.set_index("layer").loc[[one, other]].filter(regex="_(75|50|25)$")
        assert (bits.iloc[0] == bits.iloc[1]).all()


def test_all_at_one_width_are_the_ends_of_a_budget() -> None:
    problem = instance("size", 0.5)
    low, high = (problem.of(dict.fromkeys(problem.layers, choice)) for choice in CHOICES)
    assert problem.budgets[0].bound == (low.spent["size"] + high.spent["size"]) / 2
    assert solve(instance("size", 1.0)).best.loss == pytest.approx(high.loss)
    assert solve(instance("size", 0.0)).best.loss == pytest.approx(low.loss)


def test_evolution_comes_to_the_same() -> None:
    problem = instance("latency", 0.5)
    found = evolve(problem, 4000, seed=0)
    best = published("latency", 0.5).loss
    assert found.best.within and found.best.loss == pytest.approx(best)
    assert 0 < (found.evaluations_until(best) or 0) <= 4000
    assert found.evaluations_until(best / 2) is None


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="measure must be one of size, bops, latency, got 'sise'; did you mean size?"):
        instance("sise", 0.5)
    with pytest.raises(ValueError, match=r"share must be in 0..1, got 1.5"):
        instance("size", 1.5)
    with pytest.raises(ValueError, match=r"share must be one of 0.75, 0.5, 0.25, got 0.6"):
        published("size", 0.6)
