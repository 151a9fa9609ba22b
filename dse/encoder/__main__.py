"""One layer of a transformer in integers: scales from recorded activations, a program, and the encoder in Verilog.

What comes out of the simulator is compared, code for code, with the golden models; the table says, operation by
operation, how near float32 it is and how many cycles it takes. MiniLM's layer if its weights are installed, else one of
a small transformer of the digits.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from dse.encoder.hardware import TOKENS, RunScore, encoder_of, run_score
from dse.encoder.measuring import LayerScore, layer_score, recorded
from dse.encoder.quantise import SPEC, Recipe
from dse.encoder.task import TASKS, find_task
from dse.jobs import guarded
from dse.workloads.transformer import FOLDER
from dse.workloads.workload import MODEL
from hw.formats import check_int
from rtl_gen.columns import table
from rtl_gen.steps import say, step


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


def _run(options: argparse.Namespace) -> None:
    """Do what is asked, and print a table."""
    name = options.task or usual_task()
    task, recipe = find_task(name), Recipe(spec=options.spec)
    spec = encoder_of(recipe)
    check_int("--layer", options.layer, 0, len(task.layers) - 1)
    with step(f"recording activations of {task.name} in float32"):
        longest = max(tensors["x"].shape[1] for tensors in recorded(name).layers[0])
    check_int("--tokens", options.tokens if options.tokens is not None else 1, 1, longest)
    tokens = options.tokens or min(TOKENS, longest)
    with step("setting each operation in codes beside float32"):
        score = layer_score(name, recipe, options.layer)
    doing = "interpreting the program" if options.no_rtl else f"building and simulating {spec}"
    with step(doing):
        run = run_score(name, recipe, options.layer, tokens, in_verilog=not options.no_rtl)
    print(report(run, score), flush=True)
    where = "the golden encoder" if options.no_rtl else "Verilog"
    say(f"all {run['results']:,} codes of {where} are those of the operations' golden models")


def usual_task() -> str:
    """The first task whose packages are installed."""
    return "minilm" if all(find_spec(package) for package in (*MODEL, FOLDER)) else "digits"


def report(run: RunScore, score: LayerScore) -> str:
    """A row for each operation of a program."""
    heads = ["operation", "instructions", "words", "products", "cycles", "alone, dB", "so far, dB"]
    lines = [
        [
            name,
            f"{count:,}",
            f"{run['words'][name]:,}",
            f"{run['products'][name]:,}" if run["products"][name] else "-",
            f"{run['cycles'][name]:,}" if run["cycles"] else "-",
            *(f"{score[which][name]:.1f}" if name in score[which] else "-" for which in ("alone", "tensors")),
        ]
        for name, count in run["instructions"].items()
    ]
    total = [sum(run[what].values()) for what in ("instructions", "words", "products", "cycles")]
    return table(
        heads, [*lines, ["all", *(f"{count:,}" if count else "-" for count in total), "", f"{score['layer']:.1f}"]]
    )


if __name__ == "__main__":
    sys.exit(main())
