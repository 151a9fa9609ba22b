"""What may hold of a design's registers in every state: guesses, of which a solver keeps what does, for induction.

A guess is a formula of SMT2 about a state that it calls ``@``. Flags are bits of registers that a reset sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from sim.proofs.frame import COPIES, DUT, TOP

RESET = re.compile(r"if \(rst\) (\w+) <=")
INSTANCE = re.compile(r"(?m)^ +(\w+) (\w+) \($")
REGISTER = re.compile(r"(?m)^; yosys-smt2-register (\S+) (\d+)$")
STAGE = re.compile(r"(?:_q(\d+)|\[(\d+)\])$")
ASIDE = 1 << 20
"""A stage beyond all others."""
FLAGS, COUNTED, LINE = 24, 9, 8
"""With more flags than that, no two of them are looked at together; with more registers of flags than these, none are
counted; and registers with more bits than these are no flags."""

Flags = Mapping[str, str]
"""Formulas that say whether a flag is set, by its name: the register's, and the bit's number if it has several."""


@dataclass(frozen=True)
class Hints:
    """Registers around a design that may say something of those inside.

    Attributes
    ----------
    counter : str
        How many beats are still to come out of it.
    each : int
        How many of these a flag may stand for, if not for one.
    tagged, ahead : str
        Whether a beat is inside of which two copies know different things, and how many are ahead of it; or neither.
    """

    counter: str
    each: int = 1
    tagged: str = ""
    ahead: str = ""


def candidates(text: str, modules: Mapping[str, str], top: str, hints: Hints | None = None) -> list[str]:
    """Guesses about the module that `text`, as Yosys writes SMT2, is.

    Parameters
    ----------
    text : str
    modules : mapping of str to str
        The design's modules, by name, in Verilog.
    top : str
        Which of them is the design.
    hints : Hints, optional
    """
    registers = {name: int(width) for name, width in REGISTER.findall(text)}
    inside = tuple(f"{copy}." for copy in (DUT, *COPIES))
    reset = _reset(modules, top)
    first, second = COPIES
    set_by_reset = {
        name: width
        for name, width in registers.items()
        if name.startswith(inside) and not name.startswith(f"{second}.") and name.partition(".")[2] in reset
    }
    lines = {name: _bits(name, width) for name, width in set_by_reset.items() if width <= LINE}
    ours = {name: formula for line in lines.values() for name, formula in line.items()}
    pairs = [
        (name, other)
        for name in registers
        if name.startswith(f"{first}.") and (other := second + name.removeprefix(first)) in registers
    ]
    outside = [name for name in registers if not name.startswith(inside)]
    held = [(n, o) for n in outside for o in registers if o.startswith(f"{DUT}.") and registers[n] == registers[o]]
    stages = [_value(name) for name in outside if registers[name] == 1]
    found = [*_same(pairs, [*ours.values(), *stages]), *_same(held, list(ours.values())), *_together(ours)]
    if hints is None:
        return found
    if hints.tagged:
        found += _elsewhere(pairs, ours, hints, registers[hints.ahead])
        found.append(f"(=> {_value(hints.tagged)} (bvult {_value(hints.ahead)} {_value(hints.counter)}))")
    return [*found, *_counted(hints, registers[hints.counter], lines)]


def _reset(modules: Mapping[str, str], module: str, start: str = "") -> set[str]:
    """Registers that a reset sets, by where they are in the hierarchy."""
    text = modules[module]
    inner = [(of, f"{start}{name}.") for of, name in INSTANCE.findall(text) if of in modules]
    return {start + name for name in RESET.findall(text)}.union(*(_reset(modules, *each) for each in inner))


def _bits(name: str, width: int) -> dict[str, str]:
    """The flags that a register is."""
    if width == 1:
        return {name: _value(name)}
    return {f"{name}[{bit}]": f"(= ((_ extract {bit} {bit}) {_value(name)}) #b1)" for bit in range(width)}


def _same(pairs: Sequence[tuple[str, str]], flags: Sequence[str]) -> Iterator[str]:
    """Registers of two copies are the same: always, or while a flag is set."""
    for one, other in pairs:
        equal = f"(= {_value(one)} {_value(other)})"
        yield equal
        for flag in flags:
            yield f"(=> {flag} {equal})"


def _together(flags: Flags) -> Iterator[str]:
    """Of two flags one at least is set, or one at most, or the one only with the other."""
    for one, other in combinations(flags.values() if len(flags) <= FLAGS else (), 2):
        for a in (one, f"(not {one})"):
            for b in (other, f"(not {other})"):
                yield f"(or {a} {b})"


def _counted(hints: Hints, width: int, lines: Mapping[str, Flags]) -> Iterator[str]:
    """A number is how many flags of some registers are set, of which those of several bits may stand for more."""
    if len(lines) > COUNTED:
        return
    weights = [(0, 1, hints.each) if len(line) > 1 and hints.each > 1 else (0, 1) for line in lines.values()]
    for chosen in product(*weights):
        parts = [
            _total(line.values(), width, weight) for line, weight in zip(lines.values(), chosen, strict=True) if weight
        ]
        yield f"(= {_value(hints.counter)} {_sum(parts, width)})"


def _elsewhere(pairs: Sequence[tuple[str, str]], flags: Flags, hints: Hints, width: int) -> Iterator[str]:
    """Registers of two copies are the same, unless what they hold is of a beat that differs.

    That is the one behind as many others as there are flags set further on.
    """
    order = [flags[name] for name in sorted(flags, key=_stage)]
    for start in range(len(order) + 1):
        its = f"(and {_value(hints.tagged)} (= {_value(hints.ahead)} {_total(order[start:], width)}))"
        for first, second in pairs:
            same = f"(= {_value(first)} {_value(second)})"
            yield f"(or {its} {same})"
            for flag in order:
                yield f"(or (not {flag}) {its} {same})"


def _total(flags: Iterable[str], width: int, weight: int = 1) -> str:
    """How many flags are set, or so many times that."""
    return _sum([f"(ite {flag} (_ bv{weight} {width}) (_ bv0 {width}))" for flag in flags], width)


def _sum(parts: Sequence[str], width: int) -> str:
    none = f"(_ bv0 {width})"
    return f"(bvadd {none} {none} {' '.join(parts)})"


def _stage(flag: str) -> tuple[int, str]:
    """Where in a pipeline a flag is, by its name; what is aside comes last."""
    found = STAGE.search(flag)
    return (int(found[1] or found[2]) if found else ASIDE if "aside" in flag else 0, flag)


def _value(name: str) -> str:
    return f"(|{TOP}_n {name}| @)"
