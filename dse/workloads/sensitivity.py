"""What each layer of a network does to its output when it alone is in an arithmetic: forward passes, no gradient.

    python -m dse.workloads.sensitivity

writes ``dse/data/minilm_sensitivity.csv``, from which a mixed precision chooses: where the changes of single layers are
small and have nothing to do with one another, those of several add up as squares.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from dse.jobs import guarded
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.matrices import Arithmetic
from dse.workloads.minilm import MINILM_SMALL, MiniLM, found, reference
from hw.formats.messages import echo
from rtl_gen.files import write_atomic
from rtl_gen.steps import step

TABLE = Path(__file__).parents[1] / "data" / "minilm_sensitivity.csv"
ASKED = 16
"""Pairs whose vectors are made anew; all other bodies that are searched keep those of float32."""
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
    loss, loss_stderr : float
        Points of recall that are lost, and its standard error.
    cases : int
        Pairs that were asked.
    """

    layer: str
    arithmetic: str
    squared_change: float
    change_stderr: float
    loss: float
    loss_stderr: float
    cases: int


def sensitivity(workload: MiniLM, arithmetics: Sequence[Arithmetic], asked: int = ASKED) -> list[Effect]:
    """The effect of each layer of a workload in each arithmetic, and of all layers together.

    Parameters
    ----------
    workload : MiniLM
        Its bodies are searched.
    arithmetics : sequence of Arithmetic
    asked : int
        Pairs, 2 to those of the workload, whose first lines are searched with.

    Raises
    ------
    TypeError, ValueError
        There is no such workload, or it has not so many pairs.
    ToolError
        Something of extra ``minilm`` is missing.
    """
    if not isinstance(workload, MiniLM):
        raise TypeError(f"workload must be a MiniLM, got {echo(workload)} of type {type(workload).__name__}")
    some = MiniLM(workload.name, asked)
    if asked > workload.pairs:
        raise ValueError(f"asked must be at most the workload's {workload.pairs} pairs, got {asked}")
    layers = [layer.name for layer in workload.layers]
    effects = []
    for arithmetic in arithmetics:
        with step(f"each of {len(layers)} layers of {workload.name}, and all, in {arithmetic.name}"):
            effects += [effect(some, workload, layer, {layer: arithmetic}) for layer in layers]
            effects.append(effect(some, workload, ALL, dict.fromkeys(layers, arithmetic)))
    return effects


def effect(some: MiniLM, whole: MiniLM, layer: str, arithmetics: Mapping[str, Arithmetic]) -> Effect:
    """The effect that an arithmetic for some layers has on some pairs, when all bodies are searched."""
    exact, vectors = reference(whole.pairs), some.vectors(dict(arithmetics))
    before = exact[:, : some.pairs]
    changes = np.square(vectors.astype(np.float64) - before).sum(axis=2).mean(axis=0)
    lost = 100.0 * (hits(before[0], exact[1]) - hits(vectors[0], np.concatenate([vectors[1], exact[1, some.pairs :]])))
    (name,) = {arithmetic.name for arithmetic in arithmetics.values()}
    return Effect(
        layer=layer,
        arithmetic=name,
        squared_change=float(changes.mean()),
        change_stderr=stderr(changes),
        loss=float(lost.mean()),
        loss_stderr=stderr(lost),
        cases=some.pairs,
    )


def hits(firsts: NDArray[np.float32], bodies: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 for each first line whose own body is the nearest, else 0."""
    return found(firsts, bodies).astype(np.float64)


def stderr(values: NDArray[np.float64]) -> float:
    """The standard error of the mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def table(effects: Sequence[Effect], key: str) -> str:
    """Effects as the data file has them."""
    text = StringIO()
    text.write("# What MiniLM's vectors and its recall change by when one layer is in an arithmetic, made by:\n")
    asked, name = effects[0]["cases"], effects[0]["arithmetic"]
    text.write(f"# python -m dse.workloads.sensitivity ({asked} pairs, among {MINILM_SMALL.pairs} bodies)\n")
    text.write(f"# key of the workload in {name}, as it was: {key}\n")
    writer = csv.DictWriter(text, list(Effect.__annotations__), lineterminator="\n")
    writer.writeheader()
    for each in effects:
        writer.writerow({n: f"{v:.{DIGITS}g}" if isinstance(v, float) else v for n, v in each.items()})
    return text.getvalue()


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
            loss=float(row["loss"]),
            loss_stderr=float(row["loss_stderr"]),
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
        effects = sensitivity(MINILM_SMALL, arithmetics)
        write_atomic(TABLE, table(effects, MINILM_SMALL.key(arithmetics[0])))

    return guarded("python -m dse.workloads.sensitivity", work)


if __name__ == "__main__":
    sys.exit(main())
