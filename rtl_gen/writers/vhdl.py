"""The design's component declaration, in VHDL: in a package, so that a design file needs but a use clause."""

from __future__ import annotations

from rtl_gen.emit import Emitted
from rtl_gen.keywords import check_identifier
from rtl_gen.owner import comment


def files(design: Emitted) -> dict[str, str]:
    """A package with the component.

    Raises
    ------
    ValueError
        The design or a port has a name that VHDL does not allow.
    """
    for what, name in [("module", design.name), *(("port", port["name"]) for port in design.manifest["ports"])]:
        check_identifier(what, name)
    ports = design.manifest["ports"]
    longest = max(len(port["name"]) for port in ports)
    lines = ";\n".join(
        f"      {port['name']:{longest}} : {'in ' if port['direction'] == 'input' else 'out'} {_type(port['width'])}"
        for port in ports
    )
    text = PACKAGE.format(head=comment(design.owner.header, "--"), name=design.name, ports=lines)
    return {f"{design.name}.vhd": text}


def _type(width: int) -> str:
    return "std_logic" if width == 1 else f"std_logic_vector({width - 1} downto 0)"


PACKAGE = """\
{head}-- The Verilog module as a component: use work.{name}_component.all;

library ieee;
use ieee.std_logic_1164.all;

package {name}_component is
  component {name} is
    port (
{ports}
    );
  end component;
end package;
"""
