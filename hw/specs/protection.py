"""Protected registers: the last parts of any spec's name, ``tmr`` and ``parity``, or ``tmr:accumulator+control``."""

from __future__ import annotations

from typing import Any

from hw import structures
from hw.formats.messages import echo, nearest
from hw.specs.grammar import Part

ALL = "all"
FAULT = "fault"
"""The port that says that a register is not what its parity bit says."""


def parse_chosen(name: str, text: str) -> str:
    """Structures in the order of `hw.structures.names`, joined by ``+``; ``all``; or nothing.

    Parameters
    ----------
    name : str
        What they are chosen for, for messages: ``tmr`` or ``parity``.
    text : str
        Some of them, joined by ``+``.

    Raises
    ------
    TypeError
        `text` is not a str.
    ValueError
        It names what is no structure of registers, or one twice.
    """
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, got {echo(text)}")
    if text in ("", ALL):
        return text
    known, asked = structures.names(), text.split("+")
    for structure in asked:
        if structure not in known:
            why = "; a memory is not protected" if structure == structures.MEMORY else nearest(structure, known)
            choices = f"{ALL}, or some of {', '.join(known)}, joined by +"
            raise ValueError(f"{name} must be {choices}, got {echo(structure)}{why}")
    if len(set(asked)) < len(asked):
        raise ValueError(f"{name} must name each structure once, got {echo(text)}")
    return ALL if len(asked) == len(known) else "+".join(structure for structure in known if structure in asked)


def chosen_in(text: str) -> tuple[str, ...]:
    """The structures that a spec's `tmr` or `parity` stands for."""
    return structures.names() if text == ALL else tuple(filter(None, text.split("+")))


class Protected:
    """A field of all specs, which is checked when it is set: what a spec checks itself are its own fields."""

    def __init__(self, name: str, beside: str = "") -> None:
        self.name, self.beside = name, beside

    def __get__(self, spec: Any, cls: type) -> str:
        return "" if spec is None else spec.__dict__[self.name]

    def __set__(self, spec: Any, value: str) -> None:
        chosen = parse_chosen(self.name, value)
        taken = chosen_in(spec.__dict__[self.beside]) if self.beside else ()
        if both := [structure for structure in chosen_in(chosen) if structure in taken]:
            raise ValueError(
                f"{self.name} must name no structure that {self.beside} has, got {' and '.join(both)} for both"
            )
        spec.__dict__[self.name] = chosen

    @property
    def part(self) -> Part:
        """How names say it."""

        def read(text: str) -> dict[str, Any]:
            _, colon, names = text.partition(":")
            if colon and not names:
                raise ValueError(f"{self.name}: must be followed by structures, like {self.name}:accumulator")
            return {self.name: names if colon else ALL}

        def write(spec: Any) -> str | None:
            chosen = getattr(spec, self.name)
            return {"": None, ALL: self.name}.get(chosen, f"{self.name}:{chosen}")

        return Part(
            f"{self.name}[:STRUCTURES]",
            read,
            write,
            optional=True,
            fits=lambda text, _: text.partition(":")[0] == self.name,
        )


TMR = Protected("tmr")
PARITY = Protected("parity", beside="tmr")
PARTS = (TMR.part, PARITY.part)
"""What all specs' names may end with."""


def read_protection(texts: list[str]) -> tuple[list[str], dict[str, Any]]:
    """The texts of a name without those that say what is protected, and the fields that these say."""
    rest = list(texts)
    given: dict[str, Any] = {}
    for part in reversed(PARTS):
        if rest and part.fits(rest[-1], {}):
            given |= part.read(rest.pop())
    if misplaced := [text for text in rest if any(part.fits(text, {}) for part in PARTS)]:
        raise ValueError(f"tmr, then parity must be the last parts, once each, got {echo(misplaced[0])} before others")
    return rest, given
