"""A format for each layer: what is to be chosen, at what loss, within which budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from hw.formats.messages import cut, echo, nearest

Table = NDArray[np.float64]
ROUNDING = 1e-9
"""Of a bound: what costs sum to may be above it by so much, for sums of floats depend on their order."""


class Budget:
    """What all layers together may cost in one respect: bytes, bit operations, ms, LUTs, pJ.

    Parameters
    ----------
    name : str
        For messages and results.
    costs : array of shape (layers, choices)
        What each layer costs in each choice; finite, at least 0.
    bound : float
        The most that their sum may be; finite.

    Raises
    ------
    TypeError
        The name is no str.
    ValueError
        A cost is NaN, infinite or negative, or the bound is not finite.
    """

    def __init__(self, name: str, costs: ArrayLike, bound: float) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a budget's name must be a str, got {echo(name)}")
        self.name, self.costs, self.bound = name, _table(f"costs of {cut(name)}", costs), float(bound)
        _refuse(f"costs of {cut(name)} must be finite and at least 0", self.costs, self.costs >= 0)
        _refuse(f"costs of {cut(name)} must be finite and at least 0", self.costs, np.isfinite(self.costs))
        if not np.isfinite(self.bound):
            raise ValueError(f"the bound of {cut(name)} must be finite, got {self.bound}")

    def exceeded(self, spent: ArrayLike) -> Table:
        """By how much sums of costs are above the bound, at least 0; what may be rounding is not counted."""
        over = np.asarray(spent, dtype=float) - self.bound
        return np.where(over > ROUNDING * abs(self.bound), over, 0.0)


@dataclass(frozen=True)
class Assignment:
    """A choice for each layer.

    Attributes
    ----------
    choices : dict of str to str
        Of each layer.
    loss : float
        The sum of the layers' losses.
    spent : dict of str to float
        What it costs, by budget.
    within : bool
        Whether all budgets are kept.
    """

    choices: dict[str, str]
    loss: float
    spent: dict[str, float]
    within: bool


class MixedPrecision:
    """Layers, choices, losses, budgets, and layers that must share a choice.

    Parameters
    ----------
    layers, choices : sequence of str
        Names, each once.
    losses : array of shape (layers, choices)
        What each layer adds to the loss in each choice, of any sign; infinity where a layer can't take it.
    budgets : iterable of Budget
        Any number.
    tied : iterable of sequences of str
        Groups of layers that share a choice. Groups that overlap are one.

    Attributes
    ----------
    groups : int array of shape (layers,)
        The group of each layer; a layer that is tied to none is one of its own.

    Raises
    ------
    ValueError
        Names or shapes do not fit, a loss is NaN or -infinity, or a layer (or a group) has no choice that it can take.
    """

    def __init__(
        self,
        layers: Sequence[str],
        choices: Sequence[str],
        losses: ArrayLike,
        budgets: Iterable[Budget] = (),
        tied: Iterable[Sequence[str]] = (),
    ) -> None:
        self.layers, self.choices = _names("layers", layers), _names("choices", choices)
        self.losses, self.budgets = _table("losses", losses), tuple(budgets)
        shape = (len(self.layers), len(self.choices))
        for what, table in [("losses", self.losses)] + [(f"costs of {cut(b.name)}", b.costs) for b in self.budgets]:
            if table.shape != shape:
                raise ValueError(f"{what} must have shape {shape}, layers x choices, got {table.shape}")
        _names("budgets", [budget.name for budget in self.budgets], least=0)
        _refuse(
            "losses must be numbers, or infinity where a layer can't take a choice", self.losses, self.losses > -np.inf
        )
        self.groups = self._grouped(tied)
        self._check_possible()

    def summed(self, table: Table) -> Table:
        """A table of layers as one of groups, shape (groups, choices)."""
        found = np.zeros((self.groups.max() + 1, table.shape[1]))
        np.add.at(found, self.groups, table)
        return found

    def assignment(self, of_groups: NDArray[np.integer]) -> Assignment:
        """What numbers of choices, shape (groups,), come to."""
        chosen = np.asarray(of_groups)[self.groups]
        rows = np.arange(len(chosen))
        spent = {budget.name: fsum(budget.costs[rows, chosen]) for budget in self.budgets}
        return Assignment(
            {layer: self.choices[index] for layer, index in zip(self.layers, chosen, strict=True)},
            fsum(self.losses[rows, chosen]),
            spent,
            not any(budget.exceeded(spent[budget.name]) for budget in self.budgets),
        )

    def of(self, choices: dict[str, str]) -> Assignment:
        """What given choices come to, whether or not they are within the budgets or keep the ties.

        Raises
        ------
        ValueError
            A layer has none, or there is no such layer or choice.
        """
        for layer in [*self.layers, *choices]:
            if layer not in choices:
                raise ValueError(f"choices must have one for each layer, got none for {cut(layer)}")
            if layer not in self.layers:
                raise ValueError(f"no layer {cut(layer)}{nearest(layer, self.layers)}")
            if choices[layer] not in self.choices:
                known = ", ".join(self.choices)
                raise ValueError(f"the choice of {cut(layer)} must be one of {cut(known)}, got {echo(choices[layer])}")
        untied = MixedPrecision(self.layers, self.choices, self.losses, self.budgets)
        return untied.assignment(np.array([self.choices.index(choices[layer]) for layer in self.layers]))

    def _grouped(self, tied: Iterable[Sequence[str]]) -> NDArray[np.int64]:
        links = np.eye(len(self.layers), dtype=bool)
        for group in tied:
            for layer in group:
                if layer not in self.layers:
                    raise ValueError(
                        f"tied names a layer that there is not: {echo(layer)}{nearest(layer, self.layers)}"
                    )
                links[self.layers.index(group[0]), self.layers.index(layer)] = True
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)

    def _check_possible(self) -> None:
        none = np.flatnonzero(~np.isfinite(self.summed(self.losses)).any(axis=1))
        if none.size:
            layers = [layer for layer, group in zip(self.layers, self.groups, strict=True) if group == none[0]]
            together = " together" if len(layers) > 1 else ""
            raise ValueError(f"there is no choice that {cut(', '.join(layers))} can take{together}")


def _names(what: str, names: Sequence[str], least: int = 1) -> tuple[str, ...]:
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{what} must be names, got {echo(name)} of type {type(name).__name__}")
    if len(names) < least:
        raise ValueError(f"{what} must be at least {least}, got none")
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ValueError(f"{what} must have different names, got {cut(twice[0])} more than once")
    return tuple(names)


def _table(what: str, values: ArrayLike) -> Table:
    table = np.asarray(values, dtype=float)
    if table.ndim != 2:
        raise ValueError(f"{what} must have shape (layers, choices), got {table.shape}")
    return table


def _refuse(rule: str, table: Table, right: NDArray[np.bool_]) -> None:
    wrong = np.argwhere(~right)
    if wrong.size:
        layer, choice = wrong[0].tolist()
        raise ValueError(f"{rule}, got {table[layer, choice]:g} in row {layer}, choice {choice}")
