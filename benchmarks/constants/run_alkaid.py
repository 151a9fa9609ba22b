"""What alkaid makes of a matrix: asked by `__main__`, in an environment of its own.

Its solver's defaults, its own tracing, and its Verilog without registers. Its own projects fuse sums of three; by the
flows here that takes more LUTs on all three families, so sums of two stand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import alkaid
import numpy as np
from alkaid.codegen.rtl.verilog.comb import comb_logic_gen
from alkaid.trace import FVArrayInput, HWConfig, trace
from alkaid.types import CombLogic


def verilog(logic: CombLogic, name: str) -> str:
    """The module, and those of its own that it instantiates."""
    text = comb_logic_gen(logic, name)
    sources = Path(alkaid.__file__).parent / "codegen" / "rtl" / "verilog" / "source"
    return "".join(path.read_text() for path in sorted(sources.glob("*.v")) if path.stem in text) + text


def main() -> None:
    question = json.load(sys.stdin)
    matrix, signed, bits = np.array(question["matrix"], dtype=np.float64), question["signed"], question["bits"]
    x = FVArrayInput(matrix.shape[1], HWConfig(1, -1, -1)).quantize(int(signed), bits - signed, 0)
    logic = trace(x, x @ matrix.T)
    width = [sum(map(int, kif)) for kif in logic.out_kifs.T]
    print(
        json.dumps(
            {"verilog": verilog(logic, "alkaid_matrix"), "inputs": bits * matrix.shape[1], "outputs": sum(width)}
        )
    )


main()
