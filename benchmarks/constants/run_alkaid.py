"""What alkaid makes of a matrix: asked by `__main__`, in an environment of its own.

Its solver's defaults, its own tracing, and its Verilog without registers; with sums of two, and with those of three
that it fuses for its own projects.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import alkaid
import numpy as np
from alkaid.codegen.rtl.verilog.comb import comb_logic_gen
from alkaid.trace import FVArrayInput, HWConfig, trace
from alkaid.trace.passes import dead_code_elimin, fuse_ternary_adders


def verilog(logic: object, name: str) -> str:
    """The module, and those of its own that it instantiates."""
    text = comb_logic_gen(logic, name)
    sources = Path(alkaid.__file__).parent / "codegen" / "rtl" / "verilog" / "source"
    return "".join(path.read_text() for path in sorted(sources.glob("*.v")) if path.stem in text) + text


def main() -> None:
    question = json.load(sys.stdin)
    matrix, signed, bits = np.array(question["matrix"], dtype=np.float64), question["signed"], question["bits"]
    x = FVArrayInput(matrix.shape[1], HWConfig(1, -1, -1)).quantize(int(signed), bits - signed, 0)
    logic = trace(x, x @ matrix.T)
    texts = {"two": verilog(logic, "two"), "three": verilog(dead_code_elimin(fuse_ternary_adders(logic)), "three")}
    width = [sum(map(int, kif)) for kif in logic.out_kifs.T]
    print(json.dumps({"verilog": texts, "inputs": bits * matrix.shape[1], "outputs": sum(width)}))


main()
