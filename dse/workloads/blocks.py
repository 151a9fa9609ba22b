"""The digits classifier in a block format: what a GEMM core of blocks is given for each layer, and what it must answer.

The core gives floats. Biases, the ReLU, and the choice of the next layer's scales are its host's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads.digits import Matrix, parameters
from hw.specs.blockgemm import BlockGemmSpec
from sim.benches.blockgemm import BlockPlanner
from sim.benches.coreplay import Job
from sim.golden import decode, model
from sim.golden.blocks import Quantized, quantize
from sim.golden.codes import Codes


@dataclass(frozen=True, eq=False)
class BlockNetwork:
    """A network in a block format.

    Attributes
    ----------
    spec : BlockGemmSpec
        The core.
    weights : list of Quantized
        Of each layer, of shape (outputs, inputs).
    biases : list of array of shape (outputs,)
    """

    spec: BlockGemmSpec
    weights: list[Quantized]
    biases: list[Matrix]

    @classmethod
    def of(cls, spec: BlockGemmSpec, network: dict[str, Any]) -> BlockNetwork:
        """A trained network for a core."""
        weights, biases = parameters(network)
        return cls(spec, [quantize(spec.b, w.T) for w in weights], biases)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return [(w.elements.shape[1], len(w.elements)) for w in self.weights]

    def jobs(self, pixels: Matrix) -> list[Job]:
        """A job for each layer, with what the golden model says of it."""
        planner, core, x, jobs = BlockPlanner(self.spec, 0), model(self.spec), pixels, []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            a = quantize(self.spec.a, x)
            jobs.append(planner.job(a, weights))
            x = np.maximum(decode(self.spec.result, core.run(a, weights)[0]) + bias, 0)
        return jobs

    def predict(self, sums: Codes) -> NDArray[np.int64]:
        """The digit of each row of the last layer's sums."""
        return np.argmax(decode(self.spec.result, sums) + self.biases[-1], axis=1)
