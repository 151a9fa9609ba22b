"""Projects: a design in the words of a tool that people build with. A writer is a function from `Project` to files."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name

from hw.formats import check_choice
from rtl_gen.projects.project import Project, Tool

__all__ = ["PROJECTS", "Project", "Tool", "write"]

PROJECTS: dict[str, str] = {
    "open": "rtl_gen.projects.opensource:write",
    "vivado": "rtl_gen.projects.vivado:write",
    "quartus": "rtl_gen.projects.quartus:write",
    "ipxact": "rtl_gen.projects.ipxact:write",
    "fusesoc": "rtl_gen.projects.fusesoc:write",
    "litex": "rtl_gen.projects.litex:write",
    "amaranth": "rtl_gen.projects.amaranth:write",
    "siliconcompiler": "rtl_gen.projects.siliconcompiler:write",
}
"""Who writes a project for whom, by the names that ``--project`` takes."""


def write(kind: str, project: Project) -> dict[str, str]:
    """The files of a project, texts by name, Verilog among them.

    Raises
    ------
    ValueError
        There is no such kind; or the tool has no use for such a device.
    """
    check_choice("project", kind, PROJECTS)
    writer: Callable[[Project], dict[str, str]] = resolve_name(PROJECTS[kind])
    return {**project.sources, **writer(project)}
