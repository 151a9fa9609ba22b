"""SiliconCompiler: a unit as a design, which its own linter looks at."""

from __future__ import annotations

from rtl_gen.projects.project import Project

TEXT = '''\
{comment}"""{spec} for SiliconCompiler: `design()` for a project of yours; run, this file has slang read it."""

from siliconcompiler import Design, Lint
from siliconcompiler.flows.lintflow import LintFlow


def design():
    """The unit, with its Verilog as fileset `rtl`."""
    made = Design("{module}")
    made.set_dataroot("here", __file__)
    with made.active_dataroot("here"), made.active_fileset("rtl"):
        made.set_topmodule("{module}")
        made.add_file("{module}.v")
    return made


def lint():
    """A project that reads it."""
    project = Lint(design())
    project.add_fileset("rtl")
    project.set_flow(LintFlow(tool="slang"))
    return project


if __name__ == "__main__":
    lint().run()
'''


def write(project: Project) -> dict[str, str]:
    """A Python file with the unit as a design."""
    manifest = project.emitted.manifest
    text = TEXT.format(comment=project.comment("#"), spec=manifest["name"], module=manifest["module"])
    return {f"{manifest['module']}_siliconcompiler.py": text}
