"""The rules of streams as Verilog, for whoever proves something: who offers a beat keeps it, and settings stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What has to hold in every cycle without a reset.

    Attributes
    ----------
    lines : list of str
        Registers that remember what was before. Their clock is ``clk``.
    broken : str
        An expression of one bit: whether it is broken in this cycle.
    """

    lines: list[str]
    broken: str


def keeps(name: str, valid: str, ready: str, beat: Sequence[str], bits: int, reset: str) -> Rule:
    """A beat on offer, and its valid, stay until it is taken.

    Parameters
    ----------
    name : str
        What names of registers begin with.
    valid, ready, reset : str
        Wires; `reset` is high where nothing waits any more.
    beat : sequence of str
        The wires that have to stay, of so many `bits` together.
    """
    shown = f"{{{', '.join(beat)}}}"
    lines = [
        f"  reg {name}_waits = 0;",
        f"  reg {span(bits)} {name}_waiting = 0;",
        f"  always @(posedge clk) {name}_waits <= {valid} & ~{ready} & ~{reset};",
        f"  always @(posedge clk) {name}_waiting <= {shown};",
    ]
    return Rule(lines, f"({name}_waits & ~({valid} & ({shown} == {name}_waiting)))")


def stays(name: str, width: int) -> Rule:
    """A port holds the value that it had."""
    lines = [f"  reg {span(width)} past_{name} = 0;", f"  always @(posedge clk) past_{name} <= {name};"]
    return Rule(lines, f"({name} != past_{name})")


def span(width: int) -> str:
    """The bits of a wire."""
    return f"[{width - 1}:0]"
