"""Synthesise matrices of constants, ours and alkaid's, by the same flows, and print a table in Markdown."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import hw
from benchmarks.comparison.tools import Tool
from costmodel.measure import Design, measure, measure_design
from dse.packing.constants import constants
from dse.workloads.digits import parameters, train
from hw.specs.constmat import ConstMatSpec

ALKAID = Tool("alkaid", str(Path(__file__).with_name("run_alkaid.py")), ("alkaid==0.8.2",))
TARGETS = ("ecp5", "ice40", "xcup")
MATRICES = (
    *("constmat/int8xint8/4x8/seed7", "constmat/int8xint8/4x4/seed1", "constmat/int8xint8/8x8/seed2:30"),
    *("constmat/int8xint4/4x8/seed7", "constmat/int8xint4/8x8/seed1", "constmat/int8xint4/8x8/seed5:50"),
    *("constmat/int8xternary/8x16/seed3", "constmat/uint4xint8/4x6/seed6", "constmat/int8xe2m1/4x8/seed8"),
    *("digits:ternary", "digits:int4"),
)
"""Specs without a pipeline; ``digits:F`` is the second layer of the digits classifier, 10 x 32, in a format."""


@lru_cache
def layer() -> Any:
    """The weights of the second layer, of shape (inputs, outputs)."""
    return parameters(train())[0][1]


def spec_of(name: str) -> ConstMatSpec:
    """The spec of a name, without registers."""
    if name.startswith("digits:"):
        return constants(f"constmat/uint8x{name.partition(':')[2]}/p0", layer()).spec
    spec = hw.parse(f"{name}/p0")
    assert isinstance(spec, ConstMatSpec)
    return spec


def theirs(spec: ConstMatSpec) -> Design:
    """alkaid's design for the same matrix."""
    question = {
        "matrix": [list(row) for row in spec.constants],
        "signed": spec.input.span.signed,
        "bits": spec.input.width,
    }
    answer = ALKAID.ask(question)
    if isinstance(answer, str):
        raise RuntimeError(f"alkaid: {answer}")
    ports = [
        {"name": "model_inp", "direction": "input", "width": answer["inputs"]},
        {"name": "model_out", "direction": "output", "width": answer["outputs"]},
    ]
    return Design("alkaid", answer["verilog"], {"module": "alkaid_matrix", "ports": ports}, timed=False)


def row(name: str) -> Iterator[str]:
    """The cells of a matrix's row."""
    spec = spec_of(name)
    design = theirs(spec)
    for target in map(hw.parse_target, TARGETS):
        ours = measure(spec, target, timed=False).lut
        their = measure_design(design, target).lut
        yield f"{ours:,}"
        yield f"{their:,}"
        yield f"{ours / their:.2f}"


def main() -> int:
    """Print a row after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.constants", description=__doc__)
    parser.add_argument("matrices", nargs="*", default=MATRICES, metavar="MATRIX", help="default: all")
    options = parser.parse_args()
    for name in options.matrices:
        shown = re.sub("^constmat/", "", name)
        print(f"| `{shown}` | {' | '.join(row(name))} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
