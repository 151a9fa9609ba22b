"""The design as an Amaranth component: a Python file with a signature, which needs amaranth and the Verilog only."""

from __future__ import annotations

from rtl_gen.emit import Emitted
from rtl_gen.owner import comment


def files(design: Emitted) -> dict[str, str]:
    """A module with one class, `Design`."""
    clocking = design.manifest["clocking"]
    pins = {clocking["clock"], clocking["reset"]} if clocking else set()
    ports = [port for port in design.manifest["ports"] if port["name"] not in pins]
    names = {port["name"] for port in design.manifest["ports"]}
    members = "\n".join(f"        {_member(port)}" for port in ports)
    documented = "\n".join(
        f"    {port['name']} : {_way(port)}({port['width']})\n        {_said(port)}" for port in ports
    )
    lines = [
        f"            {'i' if port['direction'] == 'input' else 'o'}_{port['name']}=self.{port['name']},"
        for port in ports
    ]
    if clocking:
        lines.insert(0, f"            i_{clocking['clock']}=ClockSignal(self.domain),")
    if clocking and clocking["reset"] in names:
        level = "~" if clocking["active"] == "low" else ""
        lines.insert(1, f"            i_{clocking['reset']}={level}ResetSignal(self.domain, allow_reset_less=True),")
    text = MODULE.format(
        head=comment(design.owner.header, "#"),
        spec=design.manifest["name"],
        name=design.name,
        documented=documented,
        members=members,
        used="ClockSignal, Instance, Module, ResetSignal" if clocking else "Instance, Module",
        pins="\n".join(lines),
    )
    return {f"{design.name}.py": text}


def _way(port: dict[str, object]) -> str:
    return "In" if port["direction"] == "input" else "Out"


def _member(port: dict[str, object]) -> str:
    return f'"{port["name"]}": {_way(port)}({port["width"]}),'


def _said(port: dict[str, object]) -> str:
    return str(port["meaning"]).replace("\\", "")


MODULE = '''\
{head}"""{spec} as an Amaranth component.

On a platform, have it read the Verilog: ``platform.add_file("{name}.v", open("{name}.v"))``.
"""

from amaranth.hdl import {used}
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

SIGNATURE = wiring.Signature(
    {{
{members}
    }}
)


class Design(wiring.Component):
    """{spec}.

    Parameters
    ----------
    domain : str
        The clock domain that it is in.

    Members
    -------
{documented}
    """

    def __init__(self, domain="sync"):
        self.domain = domain
        super().__init__(SIGNATURE)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = Instance(
            "{name}",
{pins}
        )
        return m
'''
