"""The digits classifier in codes: what a GEMM core is given for each layer, and what it must answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads.digits import CALIBRATION, Matrix, choose_scales, fit, forward, images, parameters
from hw.formats import Fixed
from hw.formats.messages import cut
from hw.specs.gemm import GemmSpec
from sim.benches.coreplay import Job
from sim.benches.gemm import Planner
from sim.golden import decode, encode, model
from sim.golden.codes import Codes
from sim.golden.encoding import encode_steps
from sim.golden.requantize import dyadic


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer in codes.

    Attributes
    ----------
    weights : integer array of shape (inputs, outputs)
        Codes of the core's `b`.
    parameters : dict of str to integer array of shape (outputs,)
        Codes of its parameters: ``bias``, and what the scale of each output is made of.
    relu : bool
    """

    weights: Codes
    parameters: dict[str, NDArray[Any]]
    relu: bool


@dataclass(frozen=True, eq=False)
class Quantised:
    """A network in codes; what a layer gives is what the next one takes.

    Attributes
    ----------
    spec : GemmSpec
        The core.
    input_scale : float
        What pixels are divided by.
    layers : list of Layer
    """

    spec: GemmSpec
    input_scale: float
    layers: list[Layer]

    def codes(self, pixels: Matrix) -> Codes:
        """The codes of images."""
        return encode(self.spec.a, pixels / self.input_scale)

    def answers(self, codes: Codes) -> list[Codes]:
        """The codes after each layer, as the golden model has them; of the last, the logits."""
        core, results = model(self.spec), []
        for layer in self.layers:
            codes, status = core.run(codes, layer.weights, relu=layer.relu, **layer.parameters)
            if np.any(status):
                raise ValueError(f"a product in {cut(self.spec)} was infinite or NaN, from finite operands")
            results.append(codes)
        return results

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return [layer.weights.shape for layer in self.layers]

    def jobs(self, pixels: Matrix) -> list[Job]:
        """A job for each layer, with what the golden model says of it."""
        planner, codes, jobs = Planner(self.spec, 0), self.codes(pixels), []
        for layer, answer in zip(self.layers, self.answers(codes), strict=True):
            scale = {name: values for name, values in layer.parameters.items() if name != "bias"}
            jobs.append(planner.job(codes, layer.weights, layer.parameters["bias"], layer.relu, scale))
            codes = answer
        return jobs

    def predict(self, logits: Codes) -> NDArray[np.int64]:
        """The digit of each row of logits; of equal ones the first."""
        return np.argmax(decode(self.spec.result, logits), axis=1)


def quantise(spec: GemmSpec, network: dict[str, Any]) -> Quantised:
    """A trained network for a core, scales chosen on training images, for each output its own.

    Parameters
    ----------
    spec : GemmSpec
        With sums in fixed point, a requantiser of scope channel, and results in the format of `a`.
    network : dict
        As `digits.train` or `ternary.train_on` give it.

    Raises
    ------
    ValueError
        The core is another one.
    """
    mac = spec.array.pe.mac
    if not isinstance(mac.accumulator_format, Fixed) or spec.scope != "channel" or spec.result != spec.a:
        raise ValueError(f"spec must have a requantiser of scope channel that gives {cut(spec.a)}, got {cut(spec)}")
    weights, biases = parameters(network)
    *inputs, logits = forward(weights, biases, images()[0][:CALIBRATION])
    scales = [choose_scales(model(mac), x, w, each=True) for x, w in zip(inputs, weights, strict=True)]
    # The last layer gives logits that just fit.
    ends = [*(a for a, _ in scales[1:]), fit(spec.a, logits)]
    layers = []
    for index, (w, bias, (a, b), end) in enumerate(zip(weights, biases, scales, ends, strict=True)):
        step = a * b[0] * 2.0**mac.term_span.lsb
        given = {"bias": bias_codes(spec, bias / step), **scale_codes(spec, step / end)}
        layers.append(Layer(encode(spec.b, w / b), given, relu=index < len(weights) - 1))
    return Quantised(spec, float(scales[0][0]), layers)


def bias_codes(spec: GemmSpec, steps: Matrix) -> Codes:
    """Biases, given in steps of the sums, as codes."""
    fmt = spec.bias_format
    assert fmt is not None
    return encode_steps(fmt, np.rint(steps).astype(np.int64), fmt.span.lsb)


def scale_codes(spec: GemmSpec, ratios: Matrix) -> dict[str, Codes]:
    """The codes of what scales are made of; results have no zero point."""
    dyadics = np.array([dyadic(float(ratio), spec.scale["m"].width) for ratio in ratios])
    codes = dict(zip(("m", "e"), dyadics.T, strict=True))
    return codes | ({"zero": np.zeros(len(ratios), dtype=np.int64)} if "zero" in spec.scale else {})
