"""Triplicated registers: the last part of any spec's name, ``tmr`` or ``tmr:accumulator+control``."""

from __future__ import annotations

from typing import Any

from hw import structures
from hw.formats.messages import echo, nearest
from hw.specs.grammar import Part

ALL = "all"


def parse_tmr(text: str) -> str:
    """Structures in the order of `hw.structures.names`, joined by ``+``; ``all``; or nothing.

    Raises
    ------
    TypeError
        `text` is not a str.
    ValueError
        It names what is no structure of registers, or one twice.
    """
    if not isinstance(text, str):
        raise TypeError(f"tmr must be a str, got {echo(text)}")
    if text in ("", ALL):
        return text
    known, asked = structures.names(), text.split("+")
    for name in asked:
        if name not in known:
            why = "; a memory has no copies" if name == structures.MEMORY else nearest(name, known)
            raise ValueError(f"tmr must be {ALL}, or some of {', '.join(known)}, joined by +, got {echo(name)}{why}")
    if len(set(asked)) < len(asked):
        raise ValueError(f"tmr must name each structure once, got {echo(text)}")
    return ALL if len(asked) == len(known) else "+".join(name for name in known if name in asked)


def chosen_in(tmr: str) -> tuple[str, ...]:
    """The structures that a spec's `tmr` stands for."""
    return structures.names() if tmr == ALL else tuple(filter(None, tmr.split("+")))


class Tmr:
    """The field of all specs, which is checked when it is set: what a spec checks itself are its own fields."""

    def __get__(self, spec: Any, cls: type) -> str:
        return "" if spec is None else spec.__dict__["tmr"]

    def __set__(self, spec: Any, value: str) -> None:
        spec.__dict__["tmr"] = parse_tmr(value)


CHECKED = Tmr()


def _read(text: str) -> dict[str, Any]:
    _, colon, names = text.partition(":")
    if colon and not names:
        raise ValueError("tmr: must be followed by structures, like tmr:accumulator")
    return {"tmr": names if colon else ALL}


def _write(spec: Any) -> str | None:
    return {"": None, ALL: "tmr"}.get(spec.tmr, f"tmr:{spec.tmr}")


TMR = Part(
    "tmr[:STRUCTURES]",
    _read,
    _write,
    optional=True,
    fits=lambda text, _: text.partition(":")[0] == "tmr",
)
