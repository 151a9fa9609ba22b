"""How the design is instantiated, in Verilog."""

from __future__ import annotations

from rtl_gen.emit import Emitted
from rtl_gen.owner import comment


def files(design: Emitted) -> dict[str, str]:
    """The template as a file."""
    head = comment([*design.owner.header, "A template: copy it, and put your signals in."])
    return {f"{design.name}_instance.vh": head + template(design)}


def template(design: Emitted) -> str:
    """A signal for each port, of the port's name, and an instance with them."""
    ports = design.manifest["ports"]
    declared = [f"wire {span(port['width'])}{port['name']};" for port in ports]
    pins = ",\n".join(f"  .{port['name']}({port['name']})" for port in ports)
    return "\n".join([*declared, "", f"{design.name} unit (", pins, ");", ""])


def span(width: int) -> str:
    """A vector's range."""
    return "" if width == 1 else f"[{width - 1}:0] "
