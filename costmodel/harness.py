"""A frame with few pins around units, in which every input moves and every result bit is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

TEMPLATE = """\
// Operands shift in by one pin and change in every cycle. Results go to a register, are caught whole in the next, and
// shift out by one pin, so synthesis can prune none of them, and no path is longer for being watched.
module harness(input clk, input rst, input serial_in, input catch_results, output serial_out);
  reg [{inputs}-1:0] operands;
  wire [{outputs}-1:0] results;
  reg [{outputs}-1:0] sampled;
  reg [{outputs}-1:0] caught;
  always @(posedge clk) operands <= {{operands, serial_in}};
  always @(posedge clk) sampled <= results;
  always @(posedge clk) caught <= catch_results ? sampled : {{caught, 1'b0}};
  assign serial_out = caught[{outputs}-1];
{units}endmodule
"""


def harness(manifests: Sequence[dict[str, Any]]) -> str:
    """Verilog of module `harness` around the modules of manifests."""
    low = {"input": 0, "output": 0}
    units = []
    for number, manifest in enumerate(manifests):
        connections = []
        for port in manifest["ports"]:
            name, direction, width = port["name"], port["direction"], port["width"]
            if name in ("clk", "rst"):
                connections.append(f".{name}({name})")
                continue
            bus = "operands" if direction == "input" else "results"
            connections.append(f".{name}({bus}[{low[direction]} +: {width}])")
            low[direction] += width
        units.append(f"  {manifest['module']} unit{number or ''}({', '.join(connections)});\n")
    return TEMPLATE.format(inputs=low["input"], outputs=low["output"], units="".join(units))
