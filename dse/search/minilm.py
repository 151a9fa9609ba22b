"""A format for each of MiniLM's layers: chosen by what each alone does to its vectors, then evaluated together.

    python -m dse.search.minilm

chooses within each of `BUDGETS`, evaluates what was chosen on minilm-small, and writes ``dse/data/minilm_mixed.csv``.
Uniform choices are evaluated by `dse.accuracies`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import pandas as pd

import hw
from costmodel.estimate import estimate
from dse.csvfile import csv_text
from dse.jobs import guarded
from dse.search.assignment import Assignment
from dse.search.mixed import solve
from dse.search.sensitivity import Sensitivities
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.minilm import MINILM_SMALL
from dse.workloads.sensitivity import ALL, read_sensitivity
from hw.formats import check_choice
from hw.specs.base import parse_operands
from rtl_gen.files import write_atomic
from rtl_gen.steps import step

TABLE = Path(__file__).parents[1] / "data" / "minilm_mixed.csv"
TARGET = "ecp5"
"""Where LUTs are estimated."""
MEASURES = {"bits": "params", "luts": "macs"}
"""What a budget is of, and what it is spent on: bits of a weight, or LUTs of the MAC that makes a product."""
BUDGETS = (("bits", 5.0), ("bits", 6.0), ("luts", 63.0), ("luts", 79.0))
"""The mean over all weights, or over all products: 6 bits and 79 LUTs are what e2m3 takes everywhere."""


class Mixture(TypedDict):
    """What was chosen within a budget, and what it is worth.

    Attributes
    ----------
    measure : str
        One of `MEASURES`.
    bound, spent : float
        The mean over weights or products.
    predicted : float
        The sum of the layers' squared changes.
    value, reference, loss, loss_stderr : float
        Of minilm-small, as a `Score` has them.
    choices : str
        The arithmetic of each layer, ``layer=arithmetic``, by spaces.
    """

    measure: str
    bound: float
    spent: float
    predicted: float
    value: float
    reference: float
    loss: float
    loss_stderr: float
    choices: str


def each(measure: str, arithmetics: Sequence[str]) -> dict[str, float]:
    """What a weight, or a product, costs in each arithmetic.

    Raises
    ------
    TypeError, ValueError
        There is no such measure or arithmetic.
    """
    check_choice("measure", measure, MEASURES)
    return {name: _COSTS[measure](*name.split("/")[:2]) for name in arithmetics}


def _bits(operands: str, product: str) -> float:
    return float(parse_operands(operands)[1].width)


def _luts(operands: str, product: str) -> float:
    return float(estimate(hw.parse(f"mac/{operands}/{product}"), hw.parse_target(TARGET)).lut.value)


_COSTS = {"bits": _bits, "luts": _luts}


def sensitivities(counts: Mapping[str, Mapping[str, int]]) -> Sensitivities:
    """The table that comes with the project, with what layers hold and do: ``params`` and ``macs``, by layer."""
    rows = [
        {"layer": of["layer"], "arithmetic": of["arithmetic"], "omega": of["squared_change"], **counts[of["layer"]]}
        for of in read_sensitivity()
        if of["layer"] != ALL
    ]
    return Sensitivities(pd.DataFrame(rows))


def counts() -> dict[str, dict[str, int]]:
    """Parameters and products of each layer; what multiplies activations by activations has no parameters.

    Raises
    ------
    ToolError
        Something of extra ``minilm`` is missing.
    """
    found = {}
    for layer in MINILM_SMALL.layers:
        is_pair = layer.name.endswith((".scores", ".context"))
        found[layer.name] = {
            "params": 0 if is_pair else layer.k * layer.n,
            "macs": layer.times * layer.m * layer.k * layer.n,
        }
    return found


def chosen(table: Sensitivities, measure: str, bound: float) -> tuple[Assignment, float]:
    """The best choices of which a weight, or a product, costs at most so much on average; and what it costs then."""
    total = table.counts[MEASURES[measure]].sum()
    costs = each(measure, table.arithmetics)
    budget = table.budget(measure, MEASURES[measure], costs, bound * total)
    best = solve(table.problem([budget])).best
    return best, best.spent[measure] / total


def mixture(table: Sensitivities, measure: str, bound: float) -> Mixture:
    """What is chosen within a budget, evaluated."""
    best, spent = chosen(table, measure, bound)
    with step(f"minilm-small in {spelled(best.choices.values())}"):
        score = MINILM_SMALL.evaluate_mixed({layer: parse_arithmetic(name) for layer, name in best.choices.items()})
    return Mixture(
        measure=measure,
        bound=bound,
        spent=spent,
        predicted=best.loss,
        value=score["value"],
        reference=score["reference"],
        loss=score["loss"],
        loss_stderr=score["loss_stderr"],
        choices=" ".join(f"{layer}={name}" for layer, name in best.choices.items()),
    )


def spelled(arithmetics: Iterable[str]) -> str:
    """How many layers have which operands: ``12 int4xint4, 24 int8xint8``."""
    names = Counter(name.partition("/")[0] for name in arithmetics)
    return ", ".join(f"{count} {name}" for name, count in sorted(names.items()))


HEAD = """\
# What MiniLM finds of minilm-small with a format for each layer, made by:
# python -m dse.search.minilm
"""


def written(mixtures: Sequence[Mixture]) -> str:
    """Mixtures as the data file has them."""
    return csv_text(HEAD, list(Mixture.__annotations__), mixtures, digits=6)


def read_mixtures(path: Path = TABLE) -> list[Mixture]:
    """Those that come with the project."""
    table = pd.read_csv(path, comment="#", dtype={"measure": str, "choices": str})
    rows: list[Mixture] = table.to_dict("records")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Choose, evaluate and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.search.minilm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args(arguments)

    def work() -> None:
        table = sensitivities(counts())
        write_atomic(TABLE, written([mixture(table, *budget) for budget in BUDGETS]))

    return guarded("python -m dse.search.minilm", work)


if __name__ == "__main__":
    sys.exit(main())
