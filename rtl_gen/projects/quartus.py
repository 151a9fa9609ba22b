"""Quartus: a script that makes a project and compiles it, and constraints."""

from __future__ import annotations

from rtl_gen.boards.constraints import quartus_pins, sdc
from rtl_gen.projects.project import Project, check_family

SCRIPT = "quartus.tcl"
FAMILIES = ("intelalm",)
TEXT = """\
{comment}# quartus_sh -t {script}{argument}
package require ::quartus::project
package require ::quartus::flow
set part "{part}"
if {{[llength $quartus(args)] > 0}} {{ set part [lindex $quartus(args) 0] }}
if {{$part eq ""}} {{ error "which part? quartus_sh -t {script} PART" }}
cd [file dirname [file normalize [info script]]]

project_new -overwrite {top}
set_global_assignment -name DEVICE $part
set_global_assignment -name TOP_LEVEL_ENTITY {top}
{assignments}
export_assignments
execute_flow -compile
project_close
"""


def write(project: Project) -> dict[str, str]:
    """The files of a Quartus project: ports at a board's pins, else at virtual ones, which are registers.

    Raises
    ------
    ValueError
        The design is for another vendor's family.
    """
    check_family(project, "quartus", FAMILIES)
    lines = [f"set_global_assignment -name VERILOG_FILE {name}" for name in project.sources]
    lines.append(f"set_global_assignment -name SDC_FILE {project.top}.sdc")
    if project.board:
        lines += quartus_pins(project.edge.pins)
    else:
        clock = project.edge.clock.port if project.edge.clock else "clk"
        free = [port.name for port in project.edge.ports if port.name != clock]
        lines += [f"set_instance_assignment -name VIRTUAL_PIN ON -to {{{name}}}" for name in free]
    script = TEXT.format(
        comment=project.comment("#"),
        script=SCRIPT,
        argument="" if project.part else " PART",
        part=project.part,
        top=project.top,
        assignments="\n".join(lines),
    )
    constraints = sdc(project.edge.pins, project.edge.clock)
    return {SCRIPT: script, f"{project.top}.sdc": constraints or project.comment("#")}
