"""A solver's process: unrolls what Yosys wrote as SMT2, and says of each depth whether an assertion can fail.

Run as a program: its first argument is a file with the request, its second the file that answers go to, a line of JSON
each. It knows nothing of designs, and a time limit is for who started it to keep. Names in the request are signals of
the top module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bitwuzla import Bitwuzla, Kind, Option, Options, Parser, Result, TermManager


class Unrolled:
    """States of a design, one after the other, of which each follows from the one before.

    Parameters
    ----------
    text : str
        SMT2 as Yosys's ``write_smt2 -stbv`` has it.
    top : str
        The module.
    """

    def __init__(self, text: str, top: str) -> None:
        options = Options()
        options.set(Option.PRODUCE_MODELS, True)
        self.terms = TermManager()
        self.parser = Parser(self.terms, options)
        self.parser.parse(text, True, False)
        self.top, self.states = top, 0
        self._known: dict[str, Any] = {}

    @property
    def solver(self) -> Bitwuzla:
        return self.parser.bitwuzla()

    def term(self, text: str) -> Any:
        """A formula of states; reading thousands of them takes longer than solving does, so each is read once."""
        if text not in self._known:
            self._known[text] = self.parser.parse_term(text)
        return self._known[text]

    def all(self, formulas: Sequence[str], state: int) -> Any:
        """That all of some formulas about ``@`` hold of a state."""
        terms = [self.term("true"), self.term("true"), *(self.term(_at(each, state)) for each in formulas)]
        return self.terms.mk_term(Kind.AND, terms)

    def of(self, kind: str, state: int) -> str:
        """A predicate of a state: ``a`` its assertions hold, ``u`` its assumptions, ``i`` it is an initial one."""
        return f"(|{self.top}_{kind}| s{state})"

    def value(self, name: str, state: int) -> str:
        """A signal in a state."""
        return f"(|{self.top}_n {name}| s{state})"

    def hold(self, formula: Any) -> None:
        """Have a formula hold from now on, a text or a term."""
        self.solver.assert_formula(self.term(formula) if isinstance(formula, str) else formula)

    def step(self) -> int:
        """One more state, in which what is assumed holds; its number."""
        state, self.states = self.states, self.states + 1
        self.parser.parse(f"(declare-const s{state} |{self.top}_s|)", True, False)
        for kind in ("u", "h"):
            self.hold(self.of(kind, state))
        if state:
            self.hold(f"(|{self.top}_t| s{state - 1} s{state})")
        return state

    def can(self, formula: Any) -> bool:
        """Whether a formula can hold, beside all that does."""
        self.solver.push(1)
        self.hold(formula)
        return self.solver.check_sat() == Result.SAT

    def back(self) -> None:
        """Forget the formula of the last `can`."""
        self.solver.pop(1)

    def shown(self, names: Sequence[str], last: int) -> list[dict[str, str]]:
        """Signals in each state up to the last one, in hexadecimal, of what was last found."""
        return [{name: self._digits(self.value(name, state)) for name in names} for state in range(last + 1)]

    def _digits(self, text: str) -> str:
        found = self.solver.get_value(self.term(text)).value(10)
        return f"{int(found):x}"


def kept_for_ever(text: str, top: str, candidates: Sequence[str]) -> list[str]:
    """Which of some formulas hold in every state from the one after the reset on.

    Those that may be wrong in that state are left out, and then those that may be wrong a step after all others hold,
    until none is.
    """
    base, step = Unrolled(text, top), Unrolled(text, top)
    base.step()
    base.hold(base.of("i", 0))
    base.step(), step.step(), step.step()
    left = _right(base, candidates)
    while True:
        count = len(left)
        step.solver.push(1)
        step.hold(step.all(left, 0))
        left = _right(step, left)
        step.solver.pop(1)
        if len(left) == count:
            return left


def _right(states: Unrolled, claims: Sequence[str]) -> list[str]:
    """The formulas that hold whatever state 1 is."""
    left = list(claims)
    while left and states.can(states.terms.mk_term(Kind.NOT, [states.all(left, 1)])):
        values = [states.solver.get_value(states.term(_at(claim, 1))).value() for claim in left]
        left = [claim for claim, value in zip(left, values, strict=True) if value]
        states.back()
    if left:
        states.back()
    return left


def _at(formula: str, state: int) -> str:
    return formula.replace("@", f"s{state}")


def search(
    text: str, top: str, depth: int, names: Sequence[str], candidates: Sequence[str] = (), bounded: bool = False
) -> Iterator[dict[str, Any]]:
    """For each depth from 0 on: whether all assertions hold to there, and, by induction, beyond; it ends with either.

    Induction at k: k states in which all holds are followed by one in which it does. Nothing is said of how these began
    but what `kept_for_ever` finds among the candidates, formulas of a state called ``@``.

    If it is to be `bounded`, there is no induction.
    """
    for state in _bounded(base := Unrolled(text, top), depth if bounded else 1):
        if state is None:
            yield {"fails": base.states - 1, "cycles": base.shown(names, base.states - 1)}
            return
        yield {"holds": state}
    if not base.can("true"):
        raise ValueError("what is assumed can't be: nothing would be proved")
    base.back()
    if bounded:
        return
    known = kept_for_ever(text, top, candidates)
    yield {"holds": base.states - 1, "known": len(known)}
    beyond = Unrolled(text, top)
    for state in range(depth + 1):
        if state >= base.states:
            for found in _bounded(base, state):
                if found is None:
                    yield {"fails": state, "cycles": base.shown(names, state)}
                    return
        beyond.step()
        beyond.hold(beyond.all(known, state))
        if beyond.can(f"(not {beyond.of('a', state)})"):
            beyond.back()
            beyond.hold(beyond.of("a", state))
            yield {"holds": base.states - 1}
        else:
            yield {"proved": state}
            return


def _bounded(base: Unrolled, last: int) -> Iterator[int | None]:
    """The states up to the last one, in each of which all assertions hold; None where they may not, and it ends."""
    while base.states <= last:
        state = base.step()
        if state == 0:
            base.hold(base.of("i", 0))
        if base.can(f"(not {base.of('a', state)})"):
            yield None
            return
        base.back()
        base.hold(base.of("a", state))
        yield state


def main(request: str, answers: str) -> None:
    """Do what a file asks for."""
    asked = json.loads(Path(request).read_text())
    asked["text"] = Path(asked["text"]).read_text()
    with Path(answers).open("w") as file:
        for answer in search(**asked):
            file.write(json.dumps(answer) + "\n")
            file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
