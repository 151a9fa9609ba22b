"""What each layer of a network does to its output when it alone is in an arithmetic: forward passes, no gradient.

    python -m dse.workloads.sensitivity

writes ``dse/data/minilm_sensitivity.csv``, from which a mixed precision chooses: where the changes of single layers
have nothing to do with one another, those of several add up as squares. What one layer loses of the recall is too
little to be seen on few sentences, and so is not asked.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np

from dse.csvfile import csv_text
from dse.jobs import guarded
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.matrices import Arithmetic
from dse.workloads.minilm import MiniLM
from hw.formats.messages import echo
from rtl_gen.files import write_atomic
from rtl_gen.steps import step

TABLE = Path(__file__).parents[1] / "data" / "minilm_sensitivity.csv"
FEW = MiniLM("minilm-few", 16)
"""What the table is measured on."""
NAMES = (
    "int4xint4/exact/exact",
    "e2m1xe2m1/exact/exact",
    "e2m3xe2m3/exact/exact",
    "int8xint8/exact/exact",
)
"""The arithmetics that the table has: integers and floats of 4 bits, a float of 6, integers of 8."""
ALL = "all"
"""Stands for every layer together, so that sums over layers can be compared with it."""
DIGITS = 6
"""Significant ones, in the table."""


class Effect(TypedDict):
    """What it does to the output that a layer is in an arithmetic, and all others in float32.

    Attributes
    ----------
    layer, arithmetic : str
    squared_change, change_stderr : float
        The mean squared distance of vectors, of length 1, from those of float32, and its standard error.
    cases : int
        Pairs, of two vectors each.
    """

    layer: str
    arithmetic: str
    squared_change: float
    change_stderr: float
    cases: int


def sensitivity(workload: MiniLM, arithmetics: Sequence[Arithmetic]) -> list[Effect]:
    """The effect of each layer of a workload in each arithmetic, and of all layers together.

    Raises
    ------
    TypeError
        There is no such workload.
    ToolError
        Something of extra ``minilm`` is missing.
    """
    if not isinstance(workload, MiniLM):
        raise TypeError(f"workload must be a MiniLM, got {echo(workload)} of type {type(workload).__name__}")
    layers = [layer.name for layer in workload.layers]
    effects = []
    for arithmetic in arithmetics:
        with step(f"each of {len(layers)} layers of {workload.name}, and all, in {arithmetic.name}"):
            effects += [effect(workload, layer, [layer], arithmetic) for layer in layers]
            effects.append(effect(workload, ALL, layers, arithmetic))
    return effects


def effect(workload: MiniLM, name: str, layers: Sequence[str], arithmetic: Arithmetic) -> Effect:
    """What it does to the vectors that some layers, together called `name`, are in an arithmetic."""
    vectors = workload.vectors(dict.fromkeys(layers, arithmetic))
    changes = np.square(vectors.astype(np.float64) - workload.reference()).sum(axis=2).mean(axis=0)
    return Effect(
        layer=name,
        arithmetic=arithmetic.name,
        squared_change=float(changes.mean()),
        change_stderr=float(changes.std(ddof=1) / np.sqrt(len(changes))),
        cases=workload.pairs,
    )


def table(effects: Sequence[Effect], key: str) -> str:
    """Effects as the data file has them."""
    head = (
        "# What MiniLM's vectors change by when one layer is in an arithmetic, others in float32, made by:\n"
        "# python -m dse.workloads.sensitivity\n"
        f"# key of the workload in {effects[0]['arithmetic']}, as it was: {key}\n"
    )
    return csv_text(head, list(Effect.__annotations__), effects, DIGITS)


def read_sensitivity(path: Path = TABLE) -> list[Effect]:
    """The effects that come with the project."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return [
        Effect(
            layer=row["layer"],
            arithmetic=row["arithmetic"],
            squared_change=float(row["squared_change"]),
            change_stderr=float(row["change_stderr"]),
            cases=int(row["cases"]),
        )
        for row in rows
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.workloads.sensitivity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)

    def work() -> None:
        arithmetics = [parse_arithmetic(name) for name in NAMES]
        write_atomic(TABLE, table(sensitivity(FEW, arithmetics), FEW.key(arithmetics[0])))

    return guarded("python -m dse.workloads.sensitivity", work)


if __name__ == "__main__":
    sys.exit(main())
