"""One layer of a transformer in integers: scales from recorded activations, a program, and the encoder in Verilog.

What comes out of the simulator is compared, code for code, with the golden models; the table says, operation by
operation, how near float32 it is and how many cycles it takes. MiniLM's layer if its weights are installed, else one of
a small transformer of the digits.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import hw
from dse.encoder.hardware import TOKENS, interpreted, run_score, simulated, written
from dse.encoder.measuring import held, layer_score, recorded
from dse.encoder.quantise import SPEC, Recipe
from dse.encoder.task import TASKS, find_task, usual_task
from dse.jobs import guarded
from hw.formats import check_choice, check_int
from hw.formats.messages import cut
from hw.specs.encoder import EncoderSpec
from rtl_gen.columns import table
from rtl_gen.steps import say
from rtl_gen.tools import ToolError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it; the exit code: 0 all codes are right, 2 it could not be done, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.encoder", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", metavar="NAME", help=f"{' or '.join(TASKS)} (default: the first that is installed)")
    parser.add_argument("--layer", type=int, default=0, metavar="N", help="which layer, from 0 (default: 0)")
    parser.add_argument("--tokens", type=int, metavar="T", help=f"tokens (default: {TOKENS}, or as many as there are)")
    parser.add_argument("--spec", default=SPEC, metavar="SPEC", help=f"the encoder (default: {SPEC})")
    parser.add_argument("--no-rtl", action="store_true", help="interpret the program, and simulate nothing")
    options = parser.parse_args(arguments)
    return guarded("encoder", lambda: _run(options))
