"""A table like those that explorations make, of drawn numbers: nothing in it was estimated or measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas
import pytest

from dse.objectives import Best, Objective, objectives
from dse.reporting import Comparison, compare

FORMATS = {
    "int8": 0.0, "int6": 0.05, "int5": 0.1, "int4": 0.28, "int3": 1.98, "e4m3": 0.04, "e2m3": 0.02, "e3m2": 0.03,
    "e5m2": 0.08, "e2m1": 0.3, "e3m0": 0.64, "ternary": 70.0,
}  # fmt: skip
"""Formats, and a loss each."""
DEVICES = ("ecp5-25k", "ice40-hx8k")
NAMES = ("loss", "lut", "mhz", "energy", "throughput")


def example(asked: Sequence[Objective], variants: int = 3, seed: int = 3) -> pandas.DataFrame:
    """All formats, with each other, in so many pipelines; half of the frontier is measured, and iCE40 has no clock."""
    random = np.random.default_rng(seed)
    made = [
        _row(random, device, a, b, rule, stages)
        for device in DEVICES
        for (a, b), rule, stages in product(product(FORMATS, repeat=2), ("exact", "lmul"), range(1, variants + 1))
        if a <= b and not (rule == "lmul" and "int" in a + b)
    ]
    table = pandas.DataFrame(made)
    marked(table, asked[:2])
    chosen = table["frontier"] & (random.random(len(table)) < 0.5)
    for name in ("lut", "mhz"):
        table[name] = table[f"{name}_estimated"].where(chosen) * random.normal(1, 0.02, len(table))
    table["lut"] = table["lut"].round()
    return table


def _row(random: np.random.Generator, device: str, a: str, b: str, rule: str, stages: int) -> dict[str, object]:
    bits = sum(int(char) if (char := name[-1]).isdigit() else 2 for name in (a, b)) + 2 * ("e" in a + b)
    lut = round((20 + 1.1 * bits**2) * (0.8 if rule == "lmul" else 1) * random.uniform(0.9, 1.15) + 6 * stages)
    mhz = (90 + 55 * stages - bits) * random.uniform(0.92, 1.08) if device != "ice40-hx8k" else np.nan
    loss = FORMATS[a] + FORMATS[b] + (0.35 if rule == "lmul" else 0)
    spec = f"mac/{a}x{b}/{rule}/kulisch1024/p{stages}"
    row = {"spec": spec, "target": "ecp5" if "ecp5" in device else "ice40", "device": device, "rate": 1.0}
    row |= {"lut_estimated": lut, "lut_low": 0.93 * lut, "lut_high": 1.06 * lut, "ff_estimated": 40 + bits * stages}
    row |= {
        "mhz_estimated": mhz,
        "mhz_low": 0.88 * mhz,
        "mhz_high": 1.13 * mhz,
        "dsp_estimated": 0,
        "bram_estimated": 0,
    }
    row |= {f"gops_{end}": row[f"mhz_{end}"] * 0.002 for end in ("estimated", "low", "high")}
    pj = lut * 0.004 * random.uniform(0.9, 1.1)
    row |= {"energy_pj": pj, "energy_low_pj": 0.7 * pj, "energy_high_pj": 1.4 * pj}
    return row | {"loss": loss + random.normal(0, 0.01), "loss_stderr": 0.02 + 0.05 * loss}


def marked(table: pandas.DataFrame, by: Sequence[Objective]) -> None:
    """Add ``frontier`` and ``band`` of objectives, a device at a time: slowly, and plainly."""
    bests = [objective.best(table) for objective in by]
    values, early, late = (np.column_stack(columns) for columns in zip(*map(_costs, by, bests), strict=True))
    same = table["device"].to_numpy()[:, None] == table["device"].to_numpy()
    table["frontier"] = [not _beaten(values, own, here) for own, here in zip(values, same, strict=True)]
    table["band"] = [not _beaten(late, own, here) for own, here in zip(early, same, strict=True)]


def _costs(objective: Objective, best: Best) -> tuple[np.ndarray, ...]:
    """Values so that less is better, at best, and at worst."""
    ends = (best.low, best.high) if objective.better == "less" else (best.high, best.low)
    return tuple(objective.sign * column for column in (best.values, *ends))


def _beaten(others: np.ndarray, own: np.ndarray, here: np.ndarray) -> bool:
    better = (others <= own).all(axis=1) & (others < own).any(axis=1)
    return bool((better & here).any())


@pytest.fixture(scope="session")
def asked() -> list[Objective]:
    """What the tests compare by; the frontier is that of the first two."""
    return objectives(NAMES)


@pytest.fixture
def table(asked: list[Objective]) -> pandas.DataFrame:
    return example(asked)


@pytest.fixture
def compared(table: pandas.DataFrame, asked: list[Objective]) -> Comparison:
    return compare(table, asked, asked[:2])
