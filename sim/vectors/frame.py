"""What all testbenches have: the design with its clock and reset, errors that are counted, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from rtl_gen import Emitted
from rtl_gen.convention import Convention
from rtl_gen.owner import comment
from sim.vectors.bits import bits, indented, port_widths


def testbench(
    design: Emitted, about: Sequence[str], memories: Sequence[tuple[str, int, int]], declared: str, played: str
) -> str:
    """The text of a testbench.

    Parameters
    ----------
    design : Emitted
    about : sequence of str
        What it does.
    memories : sequence of (str, int, int)
        Of each, its name, words, and bits of a word; its file is NAME_tb_MEMORY.mem.
    declared : str
        What it has beside the design's ports.
    played : str
        What it does, as Verilog's statements.
    """
    convention, clocked = Convention.of(design.manifest), bool(design.manifest["clocking"])
    inputs, outputs = port_widths(design, "input"), port_widths(design, "output")
    pins = [convention.clock, convention.reset] if clocked else []
    pins = [pin for pin in pins if pin in {port["name"] for port in design.manifest["ports"]}]
    ports = [f"reg {pin} = 1'b{int(pin == convention.reset and convention.low)};" for pin in pins]
    ports += [f"reg {bits(width)}{name} = 0;" for name, width in inputs.items()]
    ports += [f"wire {bits(width)}{name};" for name, width in outputs.items()]
    names = [*pins, *inputs, *outputs]
    own = f"{design.name}_tb"
    stored = [f"reg {bits(width)}{name} [0:{max(words, 1) - 1}];" for name, words, width in memories]
    read = [f'$readmemh({{FOLDER, "{own}_{name}.mem"}}, {name});' for name, words, _ in memories if words]
    return TEXT.format(
        head=comment(design.owner.header),
        about="".join(f"// {line}".rstrip() + "\n" for line in about),
        name=own,
        design=design.name,
        ports=indented(ports),
        pins=",\n".join(f"    .{name}({name})" for name in names),
        memories=indented(stored),
        read=indented(read, 2),
        edge=indented(edge(convention, pins), 2),
        declared=declared.rstrip(),
        played=played.rstrip(),
    )


def edge(convention: Convention, pins: Sequence[str]) -> list[str]:
    """A cycle of the clock, ended by its rising edge, with the reset as `reset_now` says; without one, a moment."""
    clock, reset = convention.clock, convention.reset
    there = reset in pins
    level = " ^ 1'b1" if convention.low else ""
    lines = []
    if there:
        lines.append(f"{reset} = {'(reset_before & reset_now)' if convention.asynchronous else 'reset_now'}{level};")
    lines.append("#5;")
    lines.append("compare;")
    if clock in pins:
        lines.append(f"{clock} = 1'b1;")
    if there and convention.asynchronous:
        # Where a reset that waits for an edge has acted, this one does so just after it.
        lines.append(f"#1 {reset} = reset_now{level};")
    lines += ["#4;", *([f"{clock} = 1'b0;"] if clock in pins else []), "reset_before = reset_now;"]
    return lines


TEXT = """\
{head}//
{about}//
// In this folder, with Icarus Verilog or Verilator:
//   $ iverilog -o {name} ../{design}.v {name}.v && vvp -N {name}
//   $ verilator --binary --output-split 0 -CFLAGS -std=gnu++20 -Wno-fatal --top-module {name} \\
//       ../{design}.v {name}.v && ./obj_dir/V{name}
// It ends with a line that begins with PASS, or, after what is wrong, with FAIL and $stop.

`timescale 1ns/1ps

module {name};
  parameter FOLDER = "./";

{ports}
{memories}
  reg reset_now, reset_before;
  integer errors, compared;

  {design} dut (
{pins}
  );

{declared}

  // One cycle: what is on the inputs settles, the outputs are looked at, and the clock has its edge.
  task cycle;
    begin
{edge}
    end
  endtask

  task wrong;
    begin
      errors = errors + 1;
      if (errors == 20) begin
        $display("and more");
        verdict;
      end
    end
  endtask

  task verdict;
    begin
      if (errors == 0 && compared > 0) begin
        $display("PASS: %0d values of {design} compared", compared);
        $finish;
      end else begin
        $display("FAIL: %0d errors in %0d values of {design}", errors, compared);
        $stop;
        $finish;
      end
    end
  endtask

  initial begin
{read}
    errors = 0;
    compared = 0;
    reset_now = 1'b0;
    reset_before = 1'b0;
{played}
    verdict;
  end
endmodule
"""
