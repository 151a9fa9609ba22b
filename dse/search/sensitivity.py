"""How much each layer of a network minds each arithmetic, from a table, as a problem of mixed precision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from dse.search.assignment import Budget, MixedPrecision
from hw.formats import check_choice
from hw.formats.messages import cut, echo

COLUMNS = ("layer", "arithmetic", "omega", "params", "macs")
COUNTS = ("params", "macs")


class Sensitivities:
    """Layers and arithmetics of a table.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each layer and arithmetic, in any order: `layer` and `arithmetic` are names, `omega` is the squared
        perturbation times the curvature (infinity where a layer can't take an arithmetic), `params` and `macs` are the
        layer's counts, the same in each of its rows. Other columns are left alone.

    Attributes
    ----------
    layers, arithmetics : tuple of str
        In the order in which they come first.
    omega : float64 array of shape (layers, arithmetics)
        What they add to the loss.
    counts : dict of str to float64 array of shape (layers,)
        ``params`` and ``macs``.

    Raises
    ------
    TypeError
        It is no table.
    ValueError
        A column is missing, a pair is missing or there twice, a number is NaN or negative, or counts of a layer differ.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        if not isinstance(table, pd.DataFrame):
            raise TypeError(f"a table of sensitivities must be a pandas.DataFrame, got {type(table).__name__}")
        missing = [name for name in COLUMNS if name not in table.columns]
        if missing:
            raise ValueError(f"a table of sensitivities needs columns {', '.join(COLUMNS)}; {missing[0]} is missing")
        if table.empty:
            raise ValueError("a table of sensitivities must have a row for each layer and arithmetic, got none")
        _check_numbers(table)
        pairs = table.set_index(["layer", "arithmetic"])
        if pairs.index.has_duplicates:
            raise ValueError(f"{_pair(pairs.index[pairs.index.duplicated()][0])} is there more than once")
        self.layers, self.arithmetics = (tuple(dict.fromkeys(map(str, table[name]))) for name in COLUMNS[:2])
        wide = pairs["omega"].unstack()
        if wide.isna().any(axis=None):
            raise ValueError(f"{_pair(wide.stack(future_stack=True).isna().idxmax())} is missing")
        self.omega = wide.loc[list(self.layers), list(self.arithmetics)].to_numpy(dtype=float)
        self.counts = {name: self._count(table, name) for name in COUNTS}

    def _count(self, table: pd.DataFrame, name: str) -> np.ndarray:
        found = table.groupby("layer")[name]
        unlike = found.nunique() != 1
        if unlike.any():
            raise ValueError(f"{name} of layer {cut(unlike.idxmax())} must be the same in each of its rows")
        return found.first().loc[list(self.layers)].to_numpy(dtype=float)

    def budget(self, name: str, of: str, each: Mapping[str, float], bound: float) -> Budget:
        """A budget of what each parameter or each product costs.

        Parameters
        ----------
        name : str
            For messages and results.
        of : str
            ``params``, for what is stored, or ``macs``, for what is done.
        each : mapping of str to float
            What one of these costs, by arithmetic: bytes, bit operations, pJ, ns.
        bound : float
            The most that all may cost.

        Raises
        ------
        ValueError
            An arithmetic has no cost, or as `Budget` raises it.
        """
        check_choice("of", of, COUNTS)
        for arithmetic in self.arithmetics:
            if arithmetic not in each:
                raise ValueError(f"each must have a cost for {cut(arithmetic)}, got {echo(sorted(each))}")
        return Budget(name, np.outer(self.counts[of], [each[name] for name in self.arithmetics]), bound)

    def problem(self, budgets: Iterable[Budget] = (), tied: Iterable[Sequence[str]] = ()) -> MixedPrecision:
        """Which arithmetic each layer should have."""
        return MixedPrecision(self.layers, self.arithmetics, self.omega, budgets, tied)


def _check_numbers(table: pd.DataFrame) -> None:
    for name in COLUMNS[2:]:
        numbers = pd.to_numeric(table[name], errors="coerce").astype(float)
        wrong = ~(numbers >= 0) if name == "omega" else ~((numbers >= 0) & np.isfinite(numbers))
        if wrong.any():
            row = table.loc[wrong.idxmax()]
            raise ValueError(
                f"{name} of {_pair((row['layer'], row['arithmetic']))} must be at least 0, got {row[name]}"
            )


def _pair(pair: tuple[object, object]) -> str:
    return f"layer {cut(pair[0])} in {cut(pair[1])}"
