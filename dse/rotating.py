"""What a Walsh-Hadamard rotation before a block quantiser does to recorded activations: crest factors and errors.

`python -m dse.rotating` prints the table of docs/units/hadamard.md, of MiniLM's activations (extra ``minilm``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dse.jobs import guarded
from dse.workloads.minilm import recording
from hw.formats import Block, check_int, parse_format
from rtl_gen.columns import markdown
from sim.golden.blocks import quantize
from sim.golden.hadamard import signs
from sim.golden.measures import sqnr

LANES = (0, 16, 32, 128)
"""Of rotations, 0 for none."""
FORMATS = ("mxint4", "mxfp4", "nvfp4", "mxint6", "mxint8")
BLOCK = 32
"""Numbers of which a crest factor is."""
SEED = 1
Floats = NDArray[np.float64]


def rotated(x: Floats, lanes: int, seed: int | None = None) -> Floats:
    """Groups of so many lanes of the last axis rotated, each as long as before.

    Parameters
    ----------
    x : array
        Its last axis a multiple of `lanes`.
    lanes : int
        A power of two, or 0 for no rotation.
    seed : int, optional
        Of flipped signs, the same in every group; none are flipped without.

    Raises
    ------
    TypeError, ValueError
        `lanes` is neither, or does not divide the axis.
    """
    check_int("lanes", lanes, 0, 1024)
    if not lanes:
        return x
    if lanes & (lanes - 1) or x.shape[-1] % lanes:
        raise ValueError(f"lanes must be a power of two that divides {x.shape[-1]}, got {lanes}")
    flips = np.ones(lanes) if seed is None else np.random.default_rng(seed).choice([-1.0, 1.0], lanes)
    groups = x.reshape(*x.shape[:-1], -1, lanes) * flips
    return (groups @ (signs(lanes) / np.sqrt(lanes))).reshape(x.shape)


def crest(x: Floats, size: int = BLOCK) -> float:
    """The mean, over blocks of the last axis that are not all zeros, of largest magnitude by root mean square."""
    blocks = x.reshape(-1, size)
    blocks = blocks[blocks.any(axis=1)]
    return float((np.abs(blocks).max(axis=1) / np.sqrt(np.square(blocks).mean(axis=1))).mean())


def error(fmt: Block, x: Floats) -> float:
    """Signal by noise of numbers as blocks, in dB. A rotation back would leave it as it is."""
    return sqnr(x, quantize(fmt, x).values())


def lines(tensors: Mapping[str, Floats]) -> list[list[str]]:
    """A line for each tensor and rotation: its crest factor, and the error in each format."""
    formats = [fmt for name in FORMATS if isinstance(fmt := parse_format(name), Block)]
    found = []
    for name, x in tensors.items():
        for lanes in LANES:
            y = rotated(x.astype(np.float64), lanes, SEED)
            errors = [f"{error(fmt, y):.1f}" for fmt in formats]
            found.append([name, str(lanes or "none"), f"{crest(y):.2f}", *errors])
    return found


def recorded() -> dict[str, Floats]:
    """MiniLM's activations before each kind of product, of all six layers."""
    rows = recording()
    kinds: dict[str, list[Floats]] = {}
    for layer in rows.rows:
        kinds.setdefault(layer.rpartition(".")[2], []).append(rows.calibration(layer))
    return {kind: np.concatenate(some) for kind, some in kinds.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.rotating", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args(arguments)
    heads = ["before", "lanes", "crest", *FORMATS]
    return guarded("python -m dse.rotating", lambda: print(markdown(heads, lines(recorded()), heads[1:])))


if __name__ == "__main__":
    sys.exit(main())
