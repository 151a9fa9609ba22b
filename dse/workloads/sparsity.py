"""How many signed digits of operands are not zero: what a product takes where those are skipped, unit `sparse`.

Drawn codes, and what networks multiply: weights and activations of the MNIST networks (the first fold) and of MiniLM.
Those are INT8 with one scale for all, at which the largest magnitude is 127.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.jobs import guarded
from dse.workloads import mnist
from dse.workloads.minilm import recording
from dse.workloads.networks import run_exactly
from dse.workloads.scales import fit
from dse.workloads.transformer import minilm
from hw.formats import check_int, parse_scalar
from rtl_gen.tools import ToolError
from sim.golden import encode
from sim.golden.decoding import decode_steps
from sim.golden.digits import NONZERO, count_digits

INT8 = parse_scalar("int8")
VECTOR = 64
"""Codes of a vector, whose digits are worked off together."""
IMAGES, DRAWN, SEED = 200, 1 << 18, 1
DEVIATIONS = (3, 7, 16, 32, 48)
"""Of normal codes."""
LOW, HIGH = 0.05, 0.95
INTRO = """| operands | zero | NAF | of vectors | Booth, radix 4 | of vectors |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Distribution:
    """Of how many digits of a code are not zero.

    Attributes
    ----------
    mean : float
        Of all codes.
    low, high : float
        The means that 5 % and 95 % of the vectors do not exceed.
    shares : tuple of float
        Of codes with no such digit, with one, and so on.
    """

    mean: float
    low: float
    high: float
    shares: tuple[float, ...]


def distribution(recoding: str, numbers: ArrayLike, vector: int = VECTOR) -> Distribution:
    """How many digits of numbers are not zero.

    Parameters
    ----------
    recoding : str
        A key of `sim.golden.digits.NONZERO`.
    numbers : integer array
        One vector after the other; what is left of them is no vector.
    vector : int
        Codes of a vector, no more than there are numbers.

    Raises
    ------
    TypeError, ValueError
        As `sim.golden.digits.count_digits`, or there is no vector.
    """
    check_int("vector", vector, 1, 1 << 20)
    counts = count_digits(recoding, np.ravel(numbers))
    if len(counts) < vector:
        raise ValueError(f"numbers must be {vector} or more, those of a vector, got {len(counts)}")
    means = counts[: len(counts) // vector * vector].reshape(-1, vector).mean(axis=1)
    shares = np.bincount(counts) / len(counts)
    low, high = np.quantile(means, (LOW, HIGH))
    return Distribution(float(counts.mean()), float(low), float(high), tuple(shares.tolist()))


def drawn() -> Iterator[tuple[str, NDArray[Any]]]:
    """Names and codes of operands that chance makes."""
    rng = np.random.default_rng(SEED)
    yield "uniform INT8", rng.integers(-128, 128, DRAWN)
    for deviation in DEVIATIONS:
        yield f"normal INT8, deviation {deviation}", _int8(rng.normal(0, deviation, DRAWN))
    yield "uniform INT4", rng.integers(-8, 8, DRAWN)
    yield "normal INT4, deviation 2", np.clip(np.rint(rng.normal(0, 2, DRAWN)), -8, 7).astype(np.int64)


def recorded() -> Iterator[tuple[str, NDArray[Any]]]:
    """Names and codes of operands of networks.

    Raises
    ------
    ToolError
        A package that brings images or a model is not installed.
    """
    for name in mnist.NETWORKS:
        fold = mnist.folds(name)[0]
        inputs = run_exactly(fold.layers, fold.asked[:IMAGES])
        for layer, x in zip(fold.layers, inputs, strict=False):
            yield f"{name} {layer.name}, weights", _scaled(layer.w.T)
            yield f"{name} {layer.name}, activations", _scaled(layer.matrix(x))
    rows = recording()
    for number in (0, len(minilm().layers) - 1):
        for product, weights in minilm().layers[number].weights.items():
            yield f"MiniLM {number}.{product}, weights", _scaled(weights.T)
            yield f"MiniLM {number}.{product}, activations", _scaled(rows.calibration(f"{number}.{product}"))


def _int8(values: NDArray[Any]) -> NDArray[Any]:
    return np.clip(np.rint(values), -128, 127).astype(np.int64)


def _scaled(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers as INT8, with one scale."""
    return decode_steps(INT8, encode(INT8, values / fit(INT8, values)))


def row(name: str, codes: NDArray[Any]) -> str:
    """A line of the table."""
    found = [distribution(recoding, codes) for recoding in NONZERO]
    cells = [f"{of.mean:.2f} | {of.low:.2f} to {of.high:.2f}" for of in found]
    return f"| {name} | {found[0].shares[0]:.0%} | {' | '.join(cells)} |\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.workloads.sparsity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)

    def work() -> None:
        sys.stdout.write(INTRO)
        for name, codes in drawn():
            sys.stdout.write(row(name, codes))
        try:
            for name, codes in recorded():
                sys.stdout.write(row(name, codes))
        except ToolError as error:
            sys.stderr.write(f"without the rest: {error}\n")

    return guarded("python -m dse.workloads.sparsity", work)


if __name__ == "__main__":
    sys.exit(main())
