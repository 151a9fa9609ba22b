"""Vivado: a script that makes a project and builds it, constraints, and the unit as an IP."""

from __future__ import annotations

from rtl_gen.boards.constraints import xdc
from rtl_gen.projects import ipxact
from rtl_gen.projects.project import Project, check_family

SCRIPT = "vivado.tcl"
FAMILIES = ("xc7", "xcup")
TEXT = """\
{comment}# vivado -mode batch -source {script}{argument}
set part "{part}"
if {{[llength $argv] > 0}} {{ set part [lindex $argv 0] }}
if {{$part eq ""}} {{ error "which part? vivado -mode batch -source {script} -tclargs PART" }}
cd [file dirname [file normalize [info script]]]

create_project -force {top} vivado -part $part
add_files -norecurse [list {sources}]
add_files -fileset constrs_1 -norecurse {top}.xdc
set_property top {top} [current_fileset]
{more}update_compile_order -fileset sources_1

launch_runs synth_1 -jobs 4
wait_on_run synth_1
if {{[get_property PROGRESS [get_runs synth_1]] ne "100%"}} {{ error "synthesis failed" }}
{rest}"""
OUT_OF_CONTEXT = "set_property -name {STEPS.SYNTH_DESIGN.ARGS.MORE OPTIONS} -value {-mode out_of_context} \
-objects [get_runs synth_1]\n"
BITSTREAM = """\
launch_runs impl_1 -to_step write_bitstream -jobs 4
wait_on_run impl_1
if {[get_property PROGRESS [get_runs impl_1]] ne "100%"} { error "implementation failed" }
open_run impl_1
report_utilization -file utilization.txt
report_timing_summary -file timing.txt
if {[get_property SLACK [get_timing_paths -setup]] < 0} { error "too slow for its clock: see timing.txt" }
"""
REPORT = """\
open_run synth_1
report_utilization -file utilization.txt
report_timing_summary -file timing.txt
"""


def write(project: Project) -> dict[str, str]:
    """The files of a Vivado project: to a bitstream on a board, else synthesis alone, out of context.

    Raises
    ------
    ValueError
        The design is for another vendor's family.
    """
    check_family(project, "vivado", FAMILIES)
    script = TEXT.format(
        comment=project.comment("#"),
        script=SCRIPT,
        argument="" if project.part else " -tclargs PART",
        part=project.part,
        top=project.top,
        sources=" ".join(project.sources),
        more="" if project.board else OUT_OF_CONTEXT,
        rest=BITSTREAM if project.board else REPORT,
    )
    constraints = xdc(project.edge.pins, project.edge.clock)
    return {SCRIPT: script, f"{project.top}.xdc": constraints or project.comment("#"), **ipxact.write(project)}
