"""A bench in a few lines around what tests itself."""

from __future__ import annotations

TEXT = """\
{comment}// Runs until the self-test has a verdict, and says it; a wrong one is a fatal error.
`timescale 1ns/1ps
module {module}_tb;
  reg clk = 0, rst = 1;
  wire passed, failed, tx;
  {module}_selftest test (.clk(clk), .rst(rst), .passed(passed), .failed(failed), .tx(tx));
  always #5 clk = ~clk;
  initial begin
    repeat (4) @(negedge clk);
    rst = 0;
    wait (passed === 1'b1 || failed === 1'b1);
    if (passed) $display("PASS");
    else $fatal(1, "FAIL");
    $finish;
  end
endmodule
"""


def testbench(module: str, comment: str) -> str:
    """SystemVerilog of module ``MODULE_tb`` around ``MODULE_selftest``."""
    return TEXT.format(module=module, comment=comment)
