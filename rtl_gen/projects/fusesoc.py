"""FuseSoC: a core file, with targets for lint and, where there is a bench, simulation."""

from __future__ import annotations

from rtl_gen.projects.project import Project

TEXT = """\
CAPI=2:
{comment}name: "macsmith:units:{module}:{version}"
description: "{spec}, for target {target}"

filesets:
  rtl:
    files: [{rtl}]
    file_type: verilogSource
{bench}
targets:
  default: &default
    filesets: [rtl]
    toplevel: {module}
  lint:
    <<: *default
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wno-DECLFILENAME, -Wno-UNUSEDSIGNAL]
{sim}"""
BENCH = """\
  bench:
    files: [{files}]
    file_type: systemVerilogSource
"""
SIM = """\
  sim:
    filesets: [rtl, bench]
    toplevel: {top}
    flow: sim
    flow_options:
      tool: icarus
      iverilog_options: [-g2012]
"""


def write(project: Project) -> dict[str, str]:
    """A core file for the unit, and its bench: `fusesoc --cores-root . run --target=sim macsmith:units:NAME`."""
    manifest = project.emitted.manifest
    bench = ", ".join(project.bench)
    text = TEXT.format(
        comment=project.comment("#"),
        module=manifest["module"],
        version=manifest["macsmith"],
        spec=manifest["name"],
        target=manifest["target"],
        rtl=f"{project.emitted.name}.v",
        bench=BENCH.format(files=bench) if bench else "",
        sim=SIM.format(top=f"{manifest['module']}_tb") if bench else "",
    )
    return {f"{manifest['module']}.core": text, **project.bench}
