"""Amaranth: a unit as a component, its Verilog beside it."""

from __future__ import annotations

from rtl_gen.projects.project import Project

TEXT = '''\
{comment}"""{spec} as an Amaranth component."""

from pathlib import Path

from amaranth.hdl import ClockSignal, Instance, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

SOURCE = Path(__file__).with_name("{module}.v")
PORTS = {{
{ports}}}


class Unit(wiring.Component):
    """{spec}: its ports, as the Verilog has them, in the domain `sync`."""

    def __init__(self):
        super().__init__(PORTS)

    def elaborate(self, platform):
        m = Module()
        ways = {{name: "i" if port.flow is In else "o" for name, port in PORTS.items()}}
        pins = {{f"{{way}}_{{name}}": getattr(self, name) for name, way in ways.items()}}
        m.submodules.unit = Instance("{module}", {clock}**pins)
        if platform is not None:
            platform.add_file(SOURCE.name, SOURCE.read_text())
        return m
'''


def write(project: Project) -> dict[str, str]:
    """A Python file with the unit as a component."""
    manifest = project.emitted.manifest
    ports = [port for port in manifest["ports"] if port["name"] not in ("clk", "rst")]
    clocked = len(ports) < len(manifest["ports"])
    lines = [
        f'    "{port["name"]}": {"In" if port["direction"] == "input" else "Out"}({port["width"]}),\n' for port in ports
    ]
    text = TEXT.format(
        comment=project.comment("#"),
        spec=manifest["name"],
        module=manifest["module"],
        ports="".join(lines),
        clock="i_clk=ClockSignal(), i_rst=ResetSignal(), " if clocked else "",
    )
    if not clocked:
        text = text.replace("import ClockSignal, Instance, Module, ResetSignal", "import Instance, Module")
    return {f"{manifest['module']}_amaranth.py": text}
