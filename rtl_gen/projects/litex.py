"""LiteX: a unit as a module of a SoC, with AXI interfaces; and, where it has no streams, as a custom function unit."""

from __future__ import annotations

from typing import Any

from rtl_gen.projects import ipxact
from rtl_gen.projects.project import Project

MODULE = '''\
{comment}"""{spec} for LiteX: `self.unit = Unit(platform)` in a SoC{use}."""

from pathlib import Path

from litex.soc.interconnect import axi
from migen import ClockSignal, Instance, Module, ResetSignal, Signal


class Unit(Module):
    """{spec}: ports as members, with the names that they have in Verilog; buses as AXI interfaces."""

    def __init__(self, platform):
        ports = {{}}
{members}        self.specials += Instance("{module}", **ports)
        platform.add_source(str(Path(__file__).with_name("{module}.v")))
'''
CLOCK = """\
        ports["i_clk"] = ClockSignal()
        ports["i_rst"] = ResetSignal()
"""
STREAM = """\
        self.{name} = axi.AXIStreamInterface(data_width={width})
        for part in {parts}:
            way = "{into}" if part in ("tvalid", "tdata", "tlast", "tkeep") else "{back}"
            ports[way + "_{name}_" + part] = getattr(self.{name}, part[1:])
"""
LITE = """\
        self.{name} = axi.AXILiteInterface(data_width=32, address_width={width})
        for channel, ours, parts in (
            ("aw", "i", ("addr", "prot")), ("w", "i", ("data", "strb")), ("b", "o", ("resp",)),
            ("ar", "i", ("addr", "prot")), ("r", "o", ("data", "resp")),
        ):
            theirs = "o" if ours == "i" else "i"
            wires = getattr(self.{name}, channel)
            ports[ours + "_{name}_" + channel + "valid"] = wires.valid
            ports[theirs + "_{name}_" + channel + "ready"] = wires.ready
            for part in parts:
                ports[ours + "_{name}_" + channel + part] = getattr(wires, part, 0)
"""
PLAIN = """\
        self.{name} = ports["{way}_{name}"] = Signal({width})
"""
CFU = """\
{comment}// A custom function unit: `--cpu-cfu cfu.v` of LiteX, for VexRiscv. Inputs 0 and 1 are the operands{also}.
module Cfu(
  input cmd_valid, output cmd_ready, input [9:0] cmd_payload_function_id,
  input [31:0] cmd_payload_inputs_0, input [31:0] cmd_payload_inputs_1,
  output rsp_valid, input rsp_ready, output [31:0] rsp_payload_outputs_0,
  input reset, input clk
);
  wire [{high}:0] result;
  assign rsp_payload_outputs_0 = {extended};
{body}endmodule
"""
AT_ONCE = """\
  assign cmd_ready = rsp_ready;
  assign rsp_valid = cmd_valid;
  {module} unit(.a(cmd_payload_inputs_0[{a}:0]), .b(cmd_payload_inputs_1[{b}:0]), .{port}(result));
"""
CLOCKED = """\
  // The unit moves on until the result of what it has taken is there, and then waits for whoever wants it.
  reg busy;
  reg [7:0] left;
  wire take = cmd_valid & cmd_ready;
  assign cmd_ready = ~busy;
  assign rsp_valid = busy & (left == 0);
  always @(posedge clk)
    if (reset) busy <= 1'b0;
    else if (take) begin busy <= 1'b1; left <= 8'd{after}; end
    else if (rsp_valid & rsp_ready) busy <= 1'b0;
    else if (left != 0) left <= left - 8'd1;
  {module} unit(
    .clk(clk), .rst(reset), .en(take | (busy & (left != 0))),{clear}
    .a(cmd_payload_inputs_0[{a}:0]), .b(cmd_payload_inputs_1[{b}:0]), .{port}(result)
  );
"""
WORD = 32


def write(project: Project) -> dict[str, str]:
    """A Python file with the unit as a LiteX module; and ``cfu.v``, where it can be a custom function unit."""
    manifest = project.emitted.manifest
    ports = {port["name"]: port for port in manifest["ports"]}
    function = cfu(project)
    text = MODULE.format(
        comment=project.comment("#"),
        spec=manifest["name"],
        module=manifest["module"],
        members=_members(ports),
        use="; or cfu.v, beside it, in its CPU" if function else "",
    )
    return {f"{manifest['module']}_litex.py": text, **({"cfu.v": function} if function else {})}


def _members(ports: dict[str, Any]) -> str:
    """What makes members of ports."""
    text = CLOCK if "clk" in ports else ""
    bundles = ipxact.bundles(ports)
    for name, signals in bundles.items():
        if "axil" in name:
            text += LITE.format(name=name, width=ports[signals["awaddr"]]["width"])
        else:
            into, back = ("i", "o") if name.startswith("s_") else ("o", "i")
            width = ports[signals["tdata"]]["width"]
            text += STREAM.format(name=name, width=width, parts=tuple(signals), into=into, back=back)
    bundled = {port for signals in bundles.values() for port in signals.values()}
    for name, port in ports.items():
        if name not in bundled and name not in ("clk", "rst"):
            way = "i" if port["direction"] == "input" else "o"
            text += PLAIN.format(name=name, way=way, width=port["width"])
    return text


def cfu(project: Project) -> str:
    """A custom function unit around a unit of operands a and b and one result; empty for one that can be none.

    A MAC has to show its sum at the next edge (``p0``), for whatever moves it on adds another product.
    """
    manifest = project.emitted.manifest
    ports = {port["name"]: port for port in manifest["ports"]}
    results = [name for name, port in ports.items() if port["direction"] == "output" and name != "status"]
    known = {"clk", "rst", "a", "b", "en", "clear", "status", *results}
    if set(ports) - known or len(results) != 1 or not {"a", "b"} <= set(ports):
        return ""
    (result,) = results
    width, after = ports[result]["width"], manifest["latency"]
    if max(width, ports["a"]["width"], ports["b"]["width"]) > WORD or ("clear" in ports and after != 1):
        return ""
    words = {"module": manifest["module"], "port": result, "a": ports["a"]["width"] - 1, "b": ports["b"]["width"] - 1}
    clear = " .clear(cmd_payload_function_id[0])," if "clear" in ports else ""
    body = CLOCKED.format(**words, after=after - 1, clear=clear) if "clk" in ports else AT_ONCE.format(**words)
    extended = "result" if width == WORD else f"{{{WORD - width}'d0, result}}"
    also = "; bit 0 of the function says that a new sum begins" if clear else ""
    return CFU.format(comment=project.comment("//"), high=width - 1, extended=extended, body=body, also=also)
