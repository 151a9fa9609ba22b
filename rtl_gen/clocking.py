"""A unit's clock and reset, as a convention has them.

Amaranth writes registers that are reset at once by itself, if their domain says so. Two things are left. A reset that
is active low enters through an inverter, which Yosys draws into the registers' edges and conditions. And a part that a
unit restarts by its own means, for it instantiates it with ``ResetSignal() | clear``, must not see `clear` at once, for
that is no signal without glitches: it gets a port of its own for it, and takes it at an edge.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Const, Fragment, Instance, ResetInserter, ResetSignal, Signal, Value
from amaranth.hdl._ast import Operator
from amaranth.hdl._ir import PortDirection

from hw import Unit
from hw.formats.messages import echo
from rtl_gen.convention import PLAIN, Convention

RESTART = "restart"
"""The port of a part that restarts it at an edge of the clock."""
INVERTED = "reset"
"""What a reset that is active low is called behind its inverter, if it has the name `rst` itself."""


def clocked(
    unit: Unit, parts: Collection[str], name: str, convention: Convention, restarted: bool
) -> tuple[str, list[str], set[str]]:
    """RTLIL of a unit.

    Parameters
    ----------
    unit : Unit
        What is to be written, as its `outside` says.
    parts : collection of str
        The names of the modules that it instantiates, written apart.
    name : str
        Of the module.
    convention : Convention
        Of the module.
    restarted : bool
        Whether it has the port `RESTART`.

    Returns
    -------
    The text, the ports that come first, where they are there, and the parts that it restarts by their port `RESTART`.
    """
    if convention == PLAIN:
        text = rtlil.convert(unit.fragment or unit, name=name, ports=unit.directed, emit_src=False)
        return text, list(PLAIN.names), set()
    fragment, ports, restarts = Fragment.get(unit.fragment or unit, None), unit.directed, set()
    if convention.asynchronous:
        restart = Signal(name=RESTART)
        if restarted:
            fragment = ResetInserter(restart)(fragment)
            ports[RESTART] = (Value.cast(restart), PortDirection.Input)
        restarts = _restart_apart(fragment, parts, [restart] if restarted else [])
    domain, inner = ClockDomain("sync", async_reset=convention.asynchronous), convention.reset
    if convention.low:
        inner = PLAIN.reset if convention.reset != PLAIN.reset else INVERTED
    domain.clk, domain.rst = Signal(name=convention.clock), Signal(name=inner)
    text = rtlil.convert(fragment, name=name, ports=ports, emit_src=False, missing_domain=lambda _: domain)
    if convention.low:
        text = _inverted(text, inner, convention.reset)
    return text, [convention.clock, convention.reset, *([RESTART] if restarted else [])], restarts


def _restart_apart(fragment: Fragment, parts: Collection[str], above: list[Signal]) -> set[str]:
    """Give each part that is restarted by more than the reset the rest by a port of its own; the parts' names."""
    instances = [each for each in _instances(fragment) if each.type in parts and PLAIN.reset in each.ports]
    terms = {id(each): _terms(each.ports[PLAIN.reset][0]) + above for each in instances}
    restarts = {each.type for each in instances if terms[id(each)]}
    for each in instances:
        each.ports[PLAIN.reset] = (ResetSignal(), "i")
        if each.type in restarts:
            each.ports[RESTART] = (reduce(or_, terms[id(each)]) if terms[id(each)] else Const(0, 1), "i")
    return restarts


def _terms(reset: Any) -> list[Value]:
    """What resets an instance beside the domain's reset."""
    if isinstance(reset, ResetSignal):
        return []
    if isinstance(reset, Operator) and reset.operator == "|" and isinstance(reset.operands[0], ResetSignal):
        return list(reset.operands[1:])
    raise ValueError(f"a part must be reset by ResetSignal(), or that | something, got {echo(reset)}")


def _instances(fragment: Fragment) -> Iterator[Instance]:
    if isinstance(fragment, Instance):
        yield fragment
    for child, _name, _location in fragment.subfragments:
        yield from _instances(child)


def _inverted(text: str, inner: str, port: str) -> str:
    """RTLIL whose first module has a reset that is active low, in the place of `inner`."""
    cell = ["cell $not $inverted", "  parameter \\A_SIGNED 0", "  parameter \\A_WIDTH 1", "  parameter \\Y_WIDTH 1"]
    cell += [f"  connect \\A \\{port}", f"  connect \\Y \\{inner}", "end"]
    lines = "".join(f"\n  {line}" for line in cell)
    return re.sub(
        rf"(?m)^(  wire width 1 )(input \d+ +)\\{inner}$",
        lambda match: f"{match[1]}{match[2]}\\{port}\n{match[1]}\\{inner}{lines}",
        text,
        count=1,
    )
