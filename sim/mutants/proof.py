"""Whether a mutant is one: proofs that no user of a unit can tell it from the right design.

What is compared is what a user may look at, after a reset: all outputs, but of a stream's payload only what is valid,
and for inputs that keep the rules: a beat that is offered stays until it is taken, and settings change only in a reset.
Registers begin with zeros, resets come at any time, so what they leave is seen, too.
"""

from __future__ import annotations

import math
import re
import subprocess
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from rtl_gen import process, yosys
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, last_error
from sim.equivalence import abc
from sim.mutants.mutated import SELECTOR, Mutated
from sim.rules import keeps, span, stays

SECONDS, DEPTH = 20.0, 200
"""For a proof, and for the search for a difference where there is none; and how many cycles that looks at, at most."""
CHANNEL = re.compile(r"(\w+_(?:t|aw|w|b|ar|r))(valid)")
MERGED = "read both.aig; strash; scorr; dc2; scorr"
"""For ABC: both designs as one network, in which what is equal is one."""
TO_GATES = (
    "proc",
    "flatten",
    "opt -full",
    "memory_map",
    "opt -full",
    "dffunmap",
    "techmap",
    "opt -full",
    "setundef -init -zero",
    "setundef -undriven -zero",
    "dfflegalize -cell $_DFF_P_ 0",
    "aigmap",
    "opt_clean",
)


@dataclass(frozen=True)
class Proof:
    """What became of an attempt.

    Attributes
    ----------
    outcome : str
        "equal", "differs", or "unknown".
    cycles : int
        After how many cycles it differs, or, if that is not known, up to where it surely does not.
    """

    outcome: str
    cycles: int = 0


class Prover:
    """Compares mutants of a design with it, for all inputs, by ABC.

    Parameters
    ----------
    built : Mutated
        The design with its mutants.
    folder : Path
        For both in gates, which is made of them when the first is to be compared.
    late : collection of str
        Outputs that are not promised before there is a result, as many enabled cycles after a reset as the design's
        latency.
    """

    def __init__(self, built: Mutated, folder: Path, late: Collection[str] = ()) -> None:
        self.built, self.late, self.folder = built, late, folder
        self._one = threading.Lock()

    def prove(self, number: int, seconds: float = SECONDS) -> Proof:
        """Compare a mutant.

        Parameters
        ----------
        number : int
            Which one.
        seconds : float
            For each of two attempts: to prove it, and to find a difference.

        Raises
        ------
        ToolError
            A tool is missing or failed.
        """
        with step(f"proving mutant {number} of {self.built.emitted.name}"), scratch() as folder:
            self._gates("alone", self.built.inner, self.built.body, folder)
            for aiger, which in (("right", 0), ("wrong", number)):
                self._choose("alone", self.built.inner, which, f"{aiger}.aig", folder)
            if _same_in_all_states(folder, seconds):
                return Proof("equal")
            self._gates("both", "miter", self.built.body + _miter(self.built, self.late), folder)
            self._choose("both", "miter", number, "both.aig", folder, "opt_clean")
            return _compared(folder, seconds)

    def _gates(self, name: str, top: str, verilog: str, folder: Path) -> None:
        """A module as gates, with the mutant's number as an input, unless that has been made."""
        with self._one:
            if not self._made(name).exists():
                (folder / "made.v").write_text(verilog)
                yosys.run(["read_verilog made.v", f"hierarchy -top {top}", *TO_GATES, "write_rtlil made.il"], folder)
                (folder / "made.il").replace(self._made(name))

    def _choose(self, name: str, top: str, number: int, aiger: str, folder: Path, *clean: str) -> None:
        """What `_gates` has made, with that number, as a network for ABC."""
        which = [f"delete -input w:{SELECTOR}", f"connect -set {SELECTOR} {self.built.width}'d{number}"]
        read: list[yosys.Command] = [["read_rtlil", str(self._made(name))], f"cd {top}"]
        yosys.run([*read, *which, "cd", *clean, f"write_aiger -zinit {aiger}"], folder)

    def _made(self, name: str) -> Path:
        return self.folder / f"{name}.il"


def _same_in_all_states(folder: Path, seconds: float) -> bool:
    """Whether outputs and next states are the same in every state that registers could be in.

    What needs no knowledge of states is decided in no time, however many registers there are.
    """
    apart = "; ".join(f"read {name}.aig; comb; write {name}.comb.aig" for name in ("right", "wrong"))
    said = _abc(f"{apart}; cec -n -T {math.ceil(seconds)} right.comb.aig wrong.comb.aig", folder, seconds)
    return "Networks are equivalent" in said


def _compared(folder: Path, seconds: float) -> Proof:
    """What ABC says of a network of both."""
    said = _abc(f"{MERGED}; pdr -T {math.ceil(seconds)}", folder, seconds)
    if "network is combinational" in said:
        said = _abc(f"{MERGED}; iprove", folder, seconds)
        outcomes = {"UNSATISFIABLE": "equal", "SATISFIABLE": "differs"}
        return Proof(next((outcome for word, outcome in outcomes.items() if word in said.split()), "unknown"))
    if "Property proved" in said:
        return Proof("equal")
    if not (found := re.search(r"asserted in frame (\d+)", said)):
        said = _abc(f"read both.aig; strash; bmc3 -F {DEPTH} -T {math.ceil(seconds)}", folder, seconds)
        found = re.search(r"asserted in frame (\d+)", said)
    if found:
        return Proof("differs", int(found[1]))
    depth = re.search(r"No output asserted in (\d+) frames", said)
    return Proof("unknown", int(depth[1]) if depth else 0)


def _abc(script: str, folder: Path, seconds: float) -> str:
    """What ABC prints; nothing if it does not end."""
    try:
        done = process.run([str(abc()), "-c", script], folder, timeout=3 * seconds + 60)
    except subprocess.TimeoutExpired:
        return ""
    if done.returncode != 0:
        raise ToolError(f"yosys-abc failed: {last_error(done.stdout + done.stderr)}")
    return done.stdout


def _miter(built: Mutated, late: Collection[str]) -> str:
    """Verilog of a design and a mutant on the same inputs, and whether one can tell them apart."""
    ports = {port["name"]: (port["direction"], port["width"]) for port in built.emitted.manifest["ports"]}
    inputs = [name for name, (direction, _) in ports.items() if direction == "input"]
    outputs = [name for name in ports if name not in inputs]
    clocked = "clk" in ports
    lines = [f"module miter({', '.join([*inputs, SELECTOR])}, told);", "  output told;"]
    lines.append(f"  input {span(built.width)} {SELECTOR};")
    lines += [f"  input {span(ports[name][1])} {name};" for name in inputs]
    lines += [f"  wire {span(ports[name][1])} {side}_{name};" for side in ("right", "wrong") for name in outputs]
    for side, selected in (("right", f"{built.width}'d0"), ("wrong", SELECTOR)):
        pins = [f".{name}({name})" for name in inputs if name != "rst"]
        pins += [".rst(reset)"] if clocked else []
        pins += [f".{name}({side}_{name})" for name in outputs]
        pins.append(f".{SELECTOR}({selected})")
        lines.append(f"  {built.inner} {side}({', '.join(pins)});")
    seen = {name: " & filled" if name in late else _seen(name, outputs) for name in outputs}
    differ = [f"(right_{name} != wrong_{name}){seen[name]}" for name in outputs]
    streams = any(CHANNEL.fullmatch(name) for name in ports)
    if clocked:
        lines += ["  reg begun = 0, unfair = 0;", "  wire reset = rst | ~begun;", "  always @(posedge clk) begun <= 1;"]
        lines += _fairness(ports, inputs)
        if late:
            latency = built.emitted.manifest["latency"]
            lines += [f"  reg [{latency}:0] results = 1;", f"  wire filled = results[{latency}];"]
            moved = f"{'en' if 'en' in ports else 1} ? {{results[{latency - 1}:0], 1'b1}} : results"
            lines.append(f"  always @(posedge clk) results <= reset ? 1 : {moved};")
        lines.append("  always @(posedge clk) unfair <= unfair | broken;")
        when = f"begun & ~unfair & ~broken{' & ~reset' if streams else ''} & "
    else:
        when = ""
    return "\n".join([*lines, f"  assign told = {when}({' | '.join(differ)});", "endmodule\n"])


def _seen(name: str, outputs: list[str]) -> str:
    """Where an output may be looked at: payload only where it is valid."""
    for other in outputs:
        channel = CHANNEL.fullmatch(other)
        if channel and name.startswith(channel[1]) and name != other:
            return f" & right_{other}"
    return ""


def _fairness(ports: dict[str, tuple[str, int]], inputs: list[str]) -> Iterator[str]:
    """Whether an input breaks the rules: wire `broken`."""
    ruled, rules = {"clk", "rst", "en", "clear"}, []
    channels = [(channel[1], name) for name in ports if (channel := CHANNEL.fullmatch(name))]
    for prefix, valid in channels:
        ready = f"{prefix}ready"
        ruled |= {valid, ready}
        if valid in inputs:
            beat = [name for name in inputs if name.startswith(prefix) and name not in (valid, ready)]
            ruled.update(beat)
            bits = sum(ports[name][1] for name in beat)
            rules.append(keeps(prefix, valid, f"right_{ready}", beat, bits, "reset"))
    rules += [stays(name, ports[name][1]) for name in inputs if channels and name not in ruled]
    for rule in rules:
        yield from rule.lines
    yield f"  wire broken = ~reset & ({' | '.join(rule.broken for rule in rules) or 0});"
