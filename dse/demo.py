"""A network at work in hardware: the digits classifier on a GEMM core, in simulation, image by image.

Every layer is one matrix product of all images. What the core gives is compared, byte for byte, with the golden
model while it comes; and it goes, as it is, into the next layer; in a block format, after its host has
added the biases and chosen scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from dse.workloads import digits, ternary
from dse.workloads.blocks import BlockNetwork
from dse.workloads.quantised import Quantised, quantise
from hw.formats import check_choice, check_int
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.gemm import GemmSpec
from rtl_gen.steps import say
from sim.benches.coreplay import Outcome
from sim.golden import model
from sim.golden.codes import Codes
from sim.perform import perform

CORE = "gemm/{}/channel/p2/k64/n32/w256"
NETWORKS: dict[str, str] = {
    "int8": CORE.format("int8xint8/8x8/os/exact/kulisch64/p1/int8"),
    "int8xint4": CORE.format("int8xint4/8x8/os/exact/kulisch64/p1/int8"),
    "e4m3": CORE.format("e4m3xe4m3/8x8/os/exact/kulisch64/p1/e4m3"),
    "lmul": CORE.format("e4m3xe4m3/8x8/os/lmul/kulisch64/p1/e4m3"),
    "mxfp4": "blockgemm/mxfp4xmxfp4/8x8/fp32/p1/x2/p2/k64/n32/w256",
    "int8xternary": CORE.format("int8xternary/8x8/os/exact/kulisch64/p1/int8"),
}
"""The core that each runs on."""
SHADES = " .:-=+*#%@"


@dataclass(frozen=True, eq=False)
class Demo:
    """What came of a run.

    Attributes
    ----------
    spec : GemmSpec
        The core.
    pixels : array of shape (images, 64)
    labels, predictions : integer array of shape (images,)
    logits : codes of shape (images, 10)
        Those that came out of the core.
    shapes : list of (m, k, n)
        Of the layers.
    outcomes : list of Outcome
        What the core's counters showed after each layer.
    exact : float
        Accuracy of the network in float64, on the same images.
    """

    spec: GemmSpec
    pixels: NDArray[np.float64]
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    logits: Codes
    shapes: list[tuple[int, int, int]]
    outcomes: list[Outcome]
    exact: float

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.predictions == self.labels))

    def utilisation(self, layer: int) -> float:
        """The share of the array's products, over the whole run, that a layer needs."""
        m, k, n = self.shapes[layer]
        return m * k * n / (self.outcomes[layer].cycles * self.spec.rows * self.spec.columns)


def run(name: str = "int8", images: int = 100) -> Demo:
    """Classify test images on a core in simulation.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    images : int
        1..899.

    Raises
    ------
    ValueError
        There is no such network, or there are not so many images.
    ToolError
        A tool is missing or failed, or a code of the core's is not that of the golden model.
    """
    check_choice("network", name, NETWORKS)
    _, _, pixels, labels = digits.images()
    check_int("images", images, 1, len(labels))
    pixels, labels = pixels[:images], labels[:images]
    say("training the classifier")
    network = trained(name)
    made = made_for(NETWORKS[name], network)
    spec, jobs = made.spec, made.jobs(pixels)
    say(f"building and simulating {spec}")
    outcomes = perform(spec, jobs)
    logits = model(spec).frames.unpack(bytes.fromhex(outcomes[-1].results), images, made.shapes[-1][1])
    shapes = [(images, *shape) for shape in made.shapes]
    exact = digits.forward(*digits.parameters(network), pixels)[-1]
    share = float(np.mean(np.argmax(exact, axis=1) == labels))
    return Demo(spec, pixels, labels, made.predict(logits), logits, shapes, outcomes, share)


def trained(name: str) -> dict[str, Any]:
    """The network in float64 that codes are made of: one with ternary weights is trained for them."""
    network = digits.train()
    if "ternary" not in name:
        return network
    x, labels, _, _ = digits.images()
    return ternary.train_on(network, x, labels)


def made_for(core: str, network: dict[str, Any]) -> Quantised | BlockNetwork:
    """The network in the codes of the core of that name."""
    spec = hw.parse(core)
    if isinstance(spec, BlockGemmSpec):
        return BlockNetwork.of(spec, network)
    assert isinstance(spec, GemmSpec)
    return quantise(spec, network)


def report(demo: Demo, shown: int = 8) -> str:
    """What a person wants to see of a run."""
    right = int(np.sum(demo.predictions == demo.labels))
    count = len(demo.labels)
    lines = [f"{demo.spec}", "", *pictures(demo, shown), ""]
    for layer, (m, k, n) in enumerate(demo.shapes):
        counters = demo.outcomes[layer].shown
        lines.append(
            f"layer {layer + 1}: {m} x {k} x {n} in {demo.outcomes[layer].cycles} cycles, as the formula says; "
            f"utilisation {demo.utilisation(layer):.1%}; starved {counters['starved']}, stalled {counters['stalled']}"
        )
    cycles = sum(outcome.cycles for outcome in demo.outcomes)
    lines.append(f"{cycles} cycles, {cycles / count:.1f} an image; every code equal to the golden model's")
    lines.append(f"{right} of {count} right: {demo.accuracy:.1%}; the network in float64: {demo.exact:.1%}")
    return "\n".join(lines)


def pictures(demo: Demo, count: int) -> list[str]:
    """Some images side by side, wrong ones first, and what was made of them."""
    wrong = demo.predictions != demo.labels
    order = np.argsort(~wrong, kind="stable")[:count]
    rows = ["  ".join("".join(map(_shade, demo.pixels[n].reshape(8, 8)[row])) for n in order) for row in range(8)]
    captions = [f"{n}: {demo.predictions[n]}" + (f", not {demo.labels[n]}" if wrong[n] else "") for n in order]
    return [*rows, "  ".join(f"{caption:16}" for caption in captions)]


def _shade(pixel: float) -> str:
    return 2 * SHADES[round(pixel * (len(SHADES) - 1))]
