"""A published instance of mixed precision: ResNet-18 at 4 and 8 bits under nine budgets (HAWQ-V3, 2011.10680).

A layer's loss is the mean trace of its Hessian times the squared perturbation of its weights. Budgets are `share` of
the way from what all layers cost at 4 bits to what they cost at 8. Where a block has a convolution beside it, both
share their bits.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd

from dse.search.assignment import Assignment, Budget, MixedPrecision, Table
from hw.formats import check_choice
from hw.formats.messages import echo

CHOICES = ("int4", "int8")
TIED = (("4", "6"), ("9", "11"), ("14", "16"))
MEASURES = {
    "size": lambda t: np.outer(t["params"], [4 / 8, 8 / 8]),
    "bops": lambda t: np.outer(t["macs"], [4 * 4, 8 * 8]),
    "latency": lambda t: t[["latency4_ms", "latency8_ms"]].to_numpy(),
}
"""Costs by layer and choice: bytes of weights; products times the bits of both operands; ms on a T4."""
SHARES = (0.75, 0.5, 0.25)


def layers() -> pd.DataFrame:
    """The layers between the first and the last, a row each."""
    return pd.read_csv(str(files("dse") / "data" / "hawqv3_resnet18.csv"), comment="#", dtype={"layer": str})


def instance(measure: str, share: float) -> MixedPrecision:
    """The problem with one budget.

    Parameters
    ----------
    measure : str
        A key of `MEASURES`.
    share : float
        0 allows what all layers cost at 4 bits, 1 at 8.

    Raises
    ------
    ValueError
        There is no such measure, or the share is not in 0..1.
    """
    check_choice("measure", measure, MEASURES)
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in 0..1, got {echo(share)}")
    table = layers()
    losses = table["trace"].to_numpy()[:, None] * table[["d4", "d8"]].to_numpy()
    costs: Table = MEASURES[measure](table)
    low, high = costs.sum(axis=0)
    return MixedPrecision(
        list(table["layer"]), CHOICES, losses, [Budget(measure, costs, low + share * (high - low))], TIED
    )


def published(measure: str, share: float) -> Assignment:
    """What the authors chose under one of their nine budgets.

    Raises
    ------
    ValueError
        It is none of these.
    """
    check_choice("measure", measure, MEASURES)
    if share not in SHARES:
        raise ValueError(f"share must be one of {', '.join(map(str, SHARES))}, got {echo(share)}")
    table = layers()
    bits = table[f"{measure}_{share * 100:.0f}"]
    return instance(measure, share).of({layer: f"int{b}" for layer, b in zip(table["layer"], bits, strict=True)})
