"""What may hold of a design's registers in every state: guesses, of which a solver keeps what does, for induction.

A guess is a formula of SMT2 about a state that it calls ``@``. Flags are registers of one bit that a reset sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from sim.proofs.frame import COPIES, DUT, TOP

RESET = re.compile(r"if \(rst\) (\w+) <=")
REGISTER = re.compile(r"(?m)^; yosys-smt2-register (\S+) (\d+)$")
ASIDE = 1 << 20
"""A stage beyond all others."""
FLAGS, COUNTED = 24, 8
"""With more flags than that, no two of them are looked at together; with more than these, none are counted."""


def candidates(text: str, verilog: str, counter: str = "", followed: tuple[str, str] | None = None) -> list[str]:
    """Guesses about the module that `text`, as Yosys writes SMT2, is.

    Parameters
    ----------
    text : str
    verilog : str
        The design.
    counter : str
        A register outside the design that may be how many of its flags are set.
    followed : (str, str), optional
        Registers outside: whether a beat is inside that differs in two copies, and how many are ahead of it.
    """
    registers = {name: int(width) for name, width in REGISTER.findall(text)}
    inside = tuple(f"{copy}." for copy in (DUT, *COPIES))
    reset = set(RESET.findall(verilog))
    bits = [name for name, width in registers.items() if width == 1 and name.startswith(inside)]
    flags = [name for name in bits if name.rpartition(".")[2] in reset]
    first, second = COPIES
    pairs = [
        (name, other)
        for name in registers
        if name.startswith(f"{first}.") and (other := second + name.removeprefix(first)) in registers
    ]
    ours = [name for name in flags if not name.startswith(f"{second}.")]
    outside = [name for name in registers if not name.startswith(inside)]
    held = [(n, o) for n in outside for o in registers if o.startswith(f"{DUT}.") and registers[n] == registers[o]]
    stages = [name for name in outside if registers[name] == 1]
    found = [*_same(pairs, [*ours, *stages]), *_same(held, ours), *_together(ours)]
    if followed:
        found += _elsewhere(pairs, ours, *followed, registers[followed[1]])
        found.append(f"(=> {_value(followed[0])} (bvult {_value(followed[1])} {_value(counter)}))")
    return [*found, *_counted(counter, registers[counter], ours)] if counter else found


def _same(pairs: Sequence[tuple[str, str]], flags: Sequence[str]) -> Iterator[str]:
    """Registers of two copies are the same: always, or while a flag is set."""
    for one, other in pairs:
        equal = f"(= {_value(one)} {_value(other)})"
        yield equal
        for flag in flags:
            yield f"(=> {_value(flag)} {equal})"


def _together(flags: Sequence[str]) -> Iterator[str]:
    """Of two flags one at least is set, or one at most, or the one only with the other."""
    for one, other in combinations(map(_value, flags if len(flags) <= FLAGS else ()), 2):
        for a in (one, f"(not {one})"):
            for b in (other, f"(not {other})"):
                yield f"(or {a} {b})"


def _counted(counter: str, width: int, flags: Sequence[str]) -> Iterator[str]:
    """A number is how many of some flags are set."""
    for size in range(len(flags) + 1 if len(flags) <= COUNTED else 0):
        for chosen in combinations(flags, size):
            yield f"(= {_value(counter)} {_total(chosen, width)})"


def _elsewhere(
    pairs: Sequence[tuple[str, str]], flags: Sequence[str], tagged: str, ahead: str, width: int
) -> Iterator[str]:
    """Registers of two copies are the same, unless what they hold is of a beat that differs.

    That is the one behind as many others as there are flags set further on.
    """
    order = sorted(flags, key=_stage)
    for start in range(len(order) + 1):
        its = f"(and {_value(tagged)} (= {_value(ahead)} {_total(order[start:], width)}))"
        for first, second in pairs:
            same = f"(= {_value(first)} {_value(second)})"
            yield f"(or {its} {same})"
            for flag in order:
                yield f"(or (not {_value(flag)}) {its} {same})"


def _total(flags: Sequence[str], width: int) -> str:
    """How many flags are set."""
    one, none = (f"(_ bv{number} {width})" for number in (1, 0))
    return f"(bvadd {none} {none} {' '.join(f'(ite {_value(flag)} {one} {none})' for flag in flags)})"


def _stage(flag: str) -> tuple[int, str]:
    """Where in a pipeline a flag is, by its name; what is aside comes last."""
    found = re.search(r"_q(\d+)$", flag)
    return (int(found[1]) if found else ASIDE if "aside" in flag else 0, flag)


def _value(name: str) -> str:
    return f"(|{TOP}_n {name}| @)"
