"""Units too wide for a simulator to try: millions of pairs against the golden model, and proofs between forms.

``python -m sim.equivalence SPEC... [--target T...] [--seconds N]`` does both for each spec on each target.
"""

from __future__ import annotations

import argparse
import math
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.formats import Format
from hw.formats.messages import cut, echo
from rtl_gen import Emitted, emit, process
from rtl_gen.cells import MODELS, cell_models
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError, last_error, package_folder
from sim.benches.stimulus import corners
from sim.golden import model
from sim.netlist import Netlist, code_at, read_netlist, to_words
from sim.runner import SEED
from sim.tools import compiler

UNITS = ("mul", "add")
TARGETS = ("generic", *MODELS)
PAIRS, SECONDS = 1_000_000, 300.0
AT_ONCE = 1 << 18
"""Pairs that are compared together."""
PARTNERS = 256
"""Random codes that each single-bit pattern meets."""
SHOWN = 10
"""Differences that a comparison keeps."""
TRIED_BITS = 32
"""Operands of at most so many bits together can all be tried by a compiled netlist: in about a minute."""
SOLVER_SHARE = 0.2
"""Of the time, for the solver, where all operands can be tried: what it does not see soon it seldom sees later."""


@dataclass(frozen=True)
class Difference:
    """A pair of operand codes, what each output should show, and what it does show."""

    a: int
    b: int
    expected: dict[str, int]
    actual: dict[str, int]

    def __str__(self) -> str:
        wrong = [
            f"{port}={self.actual[port]:#x} instead of {code:#x}"
            for port, code in self.expected.items()
            if self.actual[port] != code
        ]
        return f"a={self.a:#x} b={self.b:#x}: {', '.join(wrong)}"


@dataclass(frozen=True)
class Comparison:
    """How a unit did against its golden model.

    Attributes
    ----------
    spec, target : str
        What was compared.
    pairs : int
        Operand pairs tried; never 0.
    wrong : int
        Pairs where an output differs.
    differences : list of Difference
        The first few of them.
    """

    spec: str
    target: str
    pairs: int
    wrong: int
    differences: list[Difference]

    @property
    def passed(self) -> bool:
        return self.wrong == 0

    def __str__(self) -> str:
        if self.passed:
            return f"{self.pairs:,} pairs right"
        return f"{self.wrong:,} of {self.pairs:,} pairs WRONG, such as {self.differences[0]}"


@dataclass(frozen=True)
class Proof:
    """Whether a target's form does what the generic form does, on all operands.

    Attributes
    ----------
    outcome : str
        "proved", "differs" or "timeout".
    means : str
        What found it: "solver", or "trial" of all operands; empty after a timeout.
    seconds : float
        How long it took.
    counterexample : Difference or None
        If it differs: `expected` is the generic form's.
    """

    outcome: str
    means: str
    seconds: float
    counterexample: Difference | None = None

    def __str__(self) -> str:
        how = f" by {self.means}" if self.means else ""
        at = f" at {self.counterexample}" if self.counterexample else ""
        return f"{self.outcome.upper() if at else self.outcome}{how} in {self.seconds:.1f} s{at}"


def check_pairs(
    spec: Any,
    target: hw.Target = hw.GENERIC,
    pairs: int = PAIRS,
    seed: int = SEED,
    *,
    emitted: Emitted | None = None,
) -> Comparison:
    """Compare a unit's netlist with its golden model: on corners, single-bit patterns and random pairs.

    Parameters
    ----------
    spec : MulSpec or AddSpec
        A unit without pipeline.
    target : Target
        The fabric it is built for.
    pairs : int
        How many random pairs, 0 or more.
    seed : int
        Of the random pairs.
    emitted : Emitted, optional
        Its Verilog, if not what `emit` gives: this is how a faulty one is tried.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    ToolError
        Yosys refuses the Verilog.
    """
    if isinstance(pairs, bool) or not isinstance(pairs, int):
        raise TypeError(f"pairs must be an int, got {echo(pairs)}")
    if pairs < 0:
        raise ValueError(f"pairs must be 0 or more, got {pairs}")
    graph = _graph(spec, target, emitted)
    wrong, tried, differences = 0, 0, list[Difference]()
    for a, b in _stimuli(spec, pairs, np.random.default_rng(seed)):
        bad, found = _compare(spec, graph, a, b, SHOWN - len(differences))
        wrong, tried, differences = wrong + bad, tried + len(a), differences + found
    return Comparison(spec.name, target.name, tried, wrong, differences)


def prove(spec: Any, target: hw.Target, seconds: float = SECONDS, *, emitted: Emitted | None = None) -> Proof:
    """Prove that the form for a target computes what the generic form does, or find operands where it does not.

    First by SAT sweeping, in the ABC that comes with Yosys. Where that does not finish and the operands have
    few enough bits, by trying them all with both netlists compiled to machine code.

    Parameters
    ----------
    spec : MulSpec or AddSpec
        A unit without pipeline.
    target : Target
        The fabric it is built for.
    seconds : float
        When to give up, counted from when the netlists are there.
    emitted : Emitted, optional
        The target's Verilog, if not what `emit` gives: this is how a faulty one is tried.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or Verilog with other ports than the generic form's.
    ToolError
        A tool is missing or failed.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be more than 0, got {seconds}")
    gold, gate = _graph(spec, hw.GENERIC, None), _graph(spec, target, emitted)
    if gold.inputs != gate.inputs or _widths(gold.outputs) != _widths(gate.outputs):
        raise ValueError(f"emitted must have the ports of {cut(spec.name)}, got {_widths(gate.inputs | gate.outputs)}")
    can_try = sum(_widths(gold.inputs).values()) <= TRIED_BITS
    start = time.monotonic()
    answer, means = _solve(gold, gate, seconds * (SOLVER_SHARE if can_try else 1)), "solver"
    if answer == "timeout" and can_try:
        answer, means = _try_all(gold, gate, seconds - (time.monotonic() - start)), "trial"
    spent = time.monotonic() - start
    if isinstance(answer, dict):
        return Proof("differs", means, spent, _difference(gold, gate, answer, means))
    return Proof(answer, means if answer == "proved" else "", spent)


def _graph(spec: Any, target: hw.Target, emitted: Emitted | None) -> Netlist:
    """The netlist of a unit's form for a target, of the Verilog given or of its own."""
    if getattr(spec, "unit", None) not in UNITS:
        raise TypeError(f"spec must be a spec of {' or '.join(UNITS)}, got {echo(spec)}")
    if spec.latency:
        raise ValueError(f"spec must have no pipeline (p0), got {cut(spec.name)}")
    if emitted is not None and not isinstance(emitted, Emitted):
        raise TypeError(f"emitted must be what emit gives, got {echo(emitted)}")
    emitted = emitted or emit(spec, target)
    return _netlist(emitted.verilog, emitted.name, target)


@lru_cache(maxsize=8)
def _netlist(verilog: str, top: str, target: hw.Target) -> Netlist:
    """The same, of the last few read: a unit's generic form is compared with one target's form after the other."""
    return read_netlist(verilog, top, cell_models(target))


def _widths(ports: dict[str, list[int]]) -> dict[str, int]:
    return {port: len(bits) for port, bits in ports.items()}


def _stimuli(spec: Any, count: int, rng: np.random.Generator) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Operand codes, in batches: corners with corners, single-bit patterns with chance, and chance."""

    def chance(fmt: Format, size: int) -> NDArray[np.int64]:
        return rng.integers(0, 1 << fmt.width, size)

    x, y = np.meshgrid(corners(spec.a), corners(spec.b))
    yield x.ravel(), y.ravel()
    p, q = (np.repeat(_single_bits(fmt), PARTNERS) for fmt in (spec.a, spec.b))
    yield np.append(p, chance(spec.a, q.size)), np.append(chance(spec.b, p.size), q)
    for start in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - start)
        yield chance(spec.a, size), chance(spec.b, size)


def _single_bits(fmt: Format) -> NDArray[np.int64]:
    """Codes with one bit set, and with all but one."""
    one = 1 << np.arange(fmt.width)
    return np.append(one, one ^ (1 << fmt.width) - 1)


def _compare(spec: Any, graph: Netlist, a: NDArray[Any], b: NDArray[Any], limit: int) -> tuple[int, list[Difference]]:
    """On how many pairs a netlist differs from the golden model, and the first few of them."""
    expected = model(spec).run(a, b)
    if not spec.has_status:
        del expected["status"]
    seen = graph.evaluate({"a": to_words(a, spec.a.width), "b": to_words(b, spec.b.width)})
    if set(seen) != set(expected):
        raise ValueError(f"emitted must have the outputs {', '.join(expected)}, got {', '.join(seen)}")
    unlike = [seen[port] ^ to_words(codes, len(seen[port])) for port, codes in expected.items()]
    wrong = np.bitwise_or.reduce(np.concatenate(unlike), axis=0)
    runs = np.flatnonzero(np.unpackbits(wrong.astype("<u8").view(np.uint8), bitorder="little")[: len(a)])
    differences = [
        Difference(
            int(a[run]),
            int(b[run]),
            {port: int(codes[run]) for port, codes in expected.items()},
            {port: code_at(rows, run) for port, rows in seen.items()},
        )
        for run in runs[:limit].tolist()
    ]
    return runs.size, differences


def _solve(gold: Netlist, gate: Netlist, seconds: float) -> str | dict[str, int]:
    """What ABC says of two netlists: "proved", "timeout", or operands where they differ."""
    with scratch() as folder:
        (folder / "gold.aig").write_bytes(gold.aiger)
        (folder / "gate.aig").write_bytes(gate.aiger)
        script = f"&r gold.aig; &cec -T {math.ceil(seconds)} gate.aig"
        said = _output([str(abc()), "-c", script], folder, seconds)
    if said is None or "Timed out" in said or "UNDECIDED" in said:
        return "timeout"
    if "Networks are equivalent" in said:
        return "proved"
    if operands := re.search(r"INPUT: (.*?)\.\s+OUTPUT", said):
        return {port: int(code, 16) for port, code in re.findall(r"(\w+) = \d+'h([0-9A-Fa-f]+)", operands[1])}
    raise ToolError(f"ABC could not compare the netlists: {last_error(said)}")


def abc() -> Path:
    """The program ABC, which comes with Yosys."""
    path = package_folder("pyosys") / "yosys-abc"
    if not path.exists():
        raise ToolError("pyosys is installed but without yosys-abc: reinstall pyosys")
    return path


def _output(command: list[str], folder: Path, seconds: float) -> str | None:
    """What a program prints; None if it takes too long."""
    try:
        done = process.run(command, folder, timeout=max(seconds, 0.001))
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        raise ToolError(f"{Path(command[0]).name} failed: {last_error(done.stdout + done.stderr)}")
    return done.stdout


def _difference(gold: Netlist, gate: Netlist, operands: dict[str, int], means: str) -> Difference:
    """What both show for operands on which they are said to differ.

    Raises
    ------
    ToolError
        They show the same.
    """
    rows = {port: to_words([operands[port]], len(bits)) for port, bits in gold.inputs.items()}
    expected, actual = (
        {port: code_at(words, 0) for port, words in graph.evaluate(rows).items()} for graph in (gold, gate)
    )
    if expected == actual:
        raise ToolError(f"the {means} says that the netlists differ at {operands}, but they do not")
    return Difference(operands["a"], operands["b"], expected, actual)


# Each wire is 256 runs: eight inputs count in them, and the others in the loop.
PROGRAM = """
#include <cstdio>
typedef unsigned long long word;
typedef word wire __attribute__((vector_size(32)));

static inline wire differ(const wire *in) {{
{statements}
}}

int main() {{
    const word in_word[6] = {{0xaaaaaaaaaaaaaaaaULL, 0xccccccccccccccccULL, 0xf0f0f0f0f0f0f0f0ULL,
                             0xff00ff00ff00ff00ULL, 0xffff0000ffff0000ULL, 0xffffffff00000000ULL}};
    wire in[{inputs} + 8];
    for (int i = 0; i < 6; i++) in[i] = wire{{in_word[i], in_word[i], in_word[i], in_word[i]}};
    in[6] = wire{{0, ~0ULL, 0, ~0ULL}};
    in[7] = wire{{0, 0, ~0ULL, ~0ULL}};
    for (word n = 0; n < 1ULL << ({inputs} > 8 ? {inputs} - 8 : 0); n++) {{
        for (int i = 8; i < {inputs}; i++) {{
            word all = -(n >> (i - 8) & 1);
            in[i] = wire{{all, all, all, all}};
        }}
        wire found = differ(in);
        for (int lane = 0; lane < 4; lane++)
            if (found[lane]) {{
                std::printf("differ %llu\\n", n << 8 | lane << 6 | __builtin_ctzll(found[lane]));
                return 0;
            }}
    }}
    std::puts("same");
}}
"""


def _try_all(gold: Netlist, gate: Netlist, seconds: float) -> str | dict[str, int]:
    """What trying all operands says of two netlists: "proved", "timeout", or operands where they differ."""
    start = time.monotonic()
    flags = ["-march=native"] if platform.machine() in ("x86_64", "AMD64") else []
    with scratch() as folder:
        (folder / "trial.cpp").write_text(_program(gold, gate))
        build = [*shlex.split(compiler()), "-O1", *flags, "-o", "trial", "trial.cpp"]
        if _output(build, folder, seconds) is None:
            return "timeout"
        said = _output([str(folder / "trial")], folder, seconds - (time.monotonic() - start))
    if said is None:
        return "timeout"
    word, *index = said.split()
    if word == "same":
        return "proved"
    bits = iter(range(64))
    return {
        port: sum((int(index[0]) >> next(bits) & 1) << bit for bit in range(len(literals)))
        for port, literals in gold.inputs.items()
    }


def _program(gold: Netlist, gate: Netlist) -> str:
    """C++ that evaluates both netlists on all operands and prints the first on which they differ."""
    inputs = [literal for bits in gold.inputs.values() for literal in bits]
    names = {literal: f"in[{index}]" for index, literal in enumerate(inputs)} | {0: "wire{}"}

    def name(graph: str, literal: int) -> str:
        return ("~" if literal & 1 else "") + names.get(literal & ~1, f"{graph}{literal >> 1}")

    lines = [
        f"wire {name(graph, out)} = {name(graph, x)} & {name(graph, y)};"
        for graph, netlist in (("gold", gold), ("gate", gate))
        for out, x, y in netlist.ands
    ]
    unlike = [
        f"({name('gold', x)} ^ {name('gate', y)})"
        for port, bits in gold.outputs.items()
        for x, y in zip(bits, gate.outputs[port], strict=True)
    ]
    lines.append(f"return {' | '.join(unlike)};")
    return PROGRAM.format(statements="\n".join(lines), inputs=len(inputs))


def _check_one(spec: Any, target: hw.Target, options: argparse.Namespace) -> tuple[str, bool]:
    """A line on a unit for a target, and whether nothing differs."""
    comparison = check_pairs(spec, target, options.pairs, options.seed)
    if target == hw.GENERIC:
        return str(comparison), comparison.passed
    proof = prove(spec, target, options.seconds)
    return f"{comparison}; {proof}", comparison.passed and proof.outcome != "differs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check specs on targets; the exit code: 0 nothing differs, 1 something does, 2 it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m sim.equivalence", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="for example mul/bf16xbf16/exact/bf16")
    parser.add_argument("--target", nargs="+", default=TARGETS, metavar="T", help=f"default: {' '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each proof (default: %(default)g)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="random pairs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the pairs (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        jobs = [(spec, hw.parse_target(name)) for spec in map(hw.parse, options.specs) for name in options.target]
        right = True
        for number, (spec, target) in enumerate(jobs, 1):
            line, fine = _check_one(spec, target, options)
            right &= fine
            print(f"[{number}/{len(jobs)}] {spec.name} {target.name}: {line}", flush=True)
    except (ValueError, TypeError, OSError, ToolError) as error:
        print(f"sim.equivalence: {error}", file=sys.stderr)
        return 2
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
