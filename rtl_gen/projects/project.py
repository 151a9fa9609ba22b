"""What a project is made of, for all who write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import hw
from rtl_gen.boards.board import Board
from rtl_gen.boards.top import Edge
from rtl_gen.emit import Emitted


@dataclass(frozen=True)
class Tool:
    """A program of a flow.

    Attributes
    ----------
    variable : str
        What a Makefile calls it.
    program, wheel : str
        What it is, and what a wheel's is called.
    arguments : tuple of str
    needs, makes : tuple of str
        Files that it reads, beside sources, and those that it writes.
    """

    variable: str
    program: str
    wheel: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...]
    makes: tuple[str, ...]


@dataclass(frozen=True)
class Project:
    """A design, with what stands around it, and the place that it is for.

    Attributes
    ----------
    spec : Spec
    emitted : Emitted
        The unit.
    sources : dict of str to str
        Verilog by file name, what is instantiated first.
    edge : Edge
        The top.
    target : Target
    device, part : str
        Its names, ours and the vendor's; the latter may be empty.
    board : Board or None
    script : tuple of str
        What Yosys is told; empty where the vendor's tools synthesise.
    tools : tuple of Tool
        What follows, to a bitstream.
    extra : dict of str to str
        Files that the script and the tools read.
    bench : dict of str to str
        A self-checking bench around the unit, by file; empty where there is none.
    """

    spec: hw.Spec
    emitted: Emitted
    sources: Mapping[str, str]
    edge: Edge
    target: hw.Target
    device: str
    part: str
    board: Board | None
    script: tuple[str, ...]
    tools: tuple[Tool, ...]
    extra: Mapping[str, str]
    bench: Mapping[str, str] = field(default_factory=dict)

    @property
    def top(self) -> str:
        """The top module."""
        return self.edge.module

    @property
    def where(self) -> str:
        """The place, for people."""
        return self.board.title if self.board else self.device

    def comment(self, mark: str) -> str:
        """How a file begins, each line behind a mark."""
        lines = [*self.emitted.owner.header, f"A project for {self.where}"]
        return "".join(f"{mark} {line}\n" for line in lines)


def check_family(project: Project, kind: str, families: tuple[str, ...]) -> None:
    """Raise ValueError unless a project is for one of a vendor's families."""
    if project.target.name not in families:
        raise ValueError(
            f"project {kind} must be for a device of {' or '.join(families)}, got one of {project.target.name}"
        )
