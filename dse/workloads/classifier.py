"""Networks that classify: how many cases they get right in an arithmetic, beside floating point, case by case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import getsource

import numpy as np
from numpy.typing import NDArray

from dse.essence import digest_of, essence, module_essence
from dse.workloads import code
from dse.workloads.matrices import Arithmetic
from dse.workloads.networks import Layer, Tensor, run, run_exactly
from dse.workloads.scales import Matrix
from dse.workloads.screening import decibels, noise_to_signal, predicted
from dse.workloads.workload import Gemm, Score, paired
from rtl_gen.tools import package_version

CODE = (
    *code.CODE,
    *(f"dse.workloads.{name}" for name in ("classifier", "matrices", "networks", "products", "scales", "summing")),
)
"""What scores are computed by, beside a workload's own module."""
SCREENED = 32
"""Cases whose tensors the predictor looks at."""


@dataclass(frozen=True, eq=False)
class Fold:
    """A network, and cases that it has not seen.

    Attributes
    ----------
    layers : list of Layer
    known : array
        Cases to calibrate on.
    asked : array
        Cases to classify.
    labels : integer array
        Of these.
    """

    layers: Sequence[Layer]
    known: Tensor
    asked: Tensor
    labels: NDArray[np.int64]

    @cached_property
    def reference(self) -> Matrix:
        """What the network says of the cases in float64."""
        return run_exactly(self.layers, self.asked)[-1]

    @cached_property
    def recorded(self) -> list[Tensor]:
        """What goes into each layer for some of the known cases."""
        return run_exactly(self.layers, self.known[:SCREENED])


@dataclass(eq=False)
class Classifier:
    """A workload: a network, or one for each fold of the cases.

    Parameters
    ----------
    name : str
    make : callable
        Gives the folds.
    digest : callable
        Of weights and data.
    module : str
        That `make` is in.
    depth : int
        Of the longest sum.
    """

    name: str
    make: Callable[[], list[Fold]]
    digest: Callable[[], str]
    module: str
    depth: int
    unit = "share of the images"

    @cached_property
    def folds(self) -> list[Fold]:
        return self.make()

    @property
    def layers(self) -> list[Gemm]:
        """Matrix products of one image."""
        fold = self.folds[0]
        found = []
        for layer, x in zip(fold.layers, run_exactly(fold.layers, fold.asked[:1]), strict=False):
            (m, k), n = layer.matrix(x).shape, layer.w.shape[1]
            found.append(Gemm(layer.name, m, k, n))
        return found

    def key(self, arithmetic: Arithmetic) -> str:
        """A hash of all that the score depends on."""
        digests = [module_essence(module) for module in (*CODE, self.module)] + [essence(getsource(paired))]
        name = arithmetic.within(self.depth).name
        return digest_of(self.name, name, self.digest(), package_version("numpy"), *digests)

    def evaluate(self, arithmetic: Arithmetic) -> Score:
        """The share of the images that are classified right."""
        arithmetic = arithmetic.within(self.depth)
        right, before, errors, squares = [], [], 0.0, 0.0
        for fold in self.folds:
            logits = run(arithmetic, fold.layers, fold.known, fold.asked)
            right.append(np.argmax(logits, axis=1) == fold.labels)
            before.append(np.argmax(fold.reference, axis=1) == fold.labels)
            errors += float(np.sum((logits - fold.reference) ** 2))
            squares += float(np.sum(fold.reference**2))
        value, reference = (np.concatenate(part).astype(np.float64) for part in (right, before))
        return paired(value, reference, decibels(squares, errors))

    def screen(self, arithmetic: Arithmetic) -> float:
        """The signal to noise of the layers' products together, each with exact inputs, in dB."""
        fold = self.folds[0]
        noise = noise_to_signal(arithmetic.within(self.depth), fold.layers, fold.recorded[:-1])
        return predicted(noise)
