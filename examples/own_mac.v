// A multiply-accumulate that was written by hand, with the ports of mac/int8xint8/exact/kulisch1024/p1:
//     macsmith verify mac/int8xint8 --verilog examples/own_mac.v
module own_mac (
    input clk,
    input rst,
    input [7:0] a,
    input [7:0] b,
    input clear,
    input en,
    output reg [25:0] acc
);
  reg signed [15:0] product;
  reg first;
  reg filled;

  always @(posedge clk)
    if (rst) begin
      filled <= 0;
      acc <= 0;
    end else if (en) begin
      product <= $signed(a) * $signed(b);
      first <= clear;
      filled <= 1;
      if (filled) acc <= (first ? 26'd0 : acc) + {{10{product[15]}}, product};
    end
endmodule
