// Lattice ECP5's multiplier block, as far as macsmith uses it: Yosys brings its ports, but no model of it. One clock, no
// reset, no shift chains. Source: Lattice's technical note TN1267 on sysDSP.
module MULT18X18D(A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0, B17, B16, B15, B14,
  B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0, C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5,
  C4, C3, C2, C1, C0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, CE1, CE2, CE3, RST0, P35, P34, P33, P32, P31, P30,
  P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5,
  P4, P3, P2, P1, P0);
  parameter REG_INPUTA_CLK = "NONE";
  parameter REG_INPUTA_CE = "CE0";
  parameter REG_INPUTA_RST = "RST0";
  parameter REG_INPUTB_CLK = "NONE";
  parameter REG_INPUTB_CE = "CE0";
  parameter REG_INPUTB_RST = "RST0";
  parameter REG_PIPELINE_CLK = "NONE";
  parameter REG_PIPELINE_CE = "CE0";
  parameter REG_PIPELINE_RST = "RST0";
  parameter REG_OUTPUT_CLK = "NONE";
  parameter REG_OUTPUT_CE = "CE0";
  parameter REG_OUTPUT_RST = "RST0";
  input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0;
  input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0;
  input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0;
  input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, CE1, CE2, CE3, RST0;
  output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18;
  output P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0;

  wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  wire [18:0] a_in, b_in;
  wire [35:0] pipeline, p;

  macsmith_block_register #(19, REG_INPUTA_CLK, REG_INPUTA_CE)
    input_a (CLK0, {CE3, CE2, CE1, CE0}, {SIGNEDA & a[17], a}, a_in);
  macsmith_block_register #(19, REG_INPUTB_CLK, REG_INPUTB_CE)
    input_b (CLK0, {CE3, CE2, CE1, CE0}, {SIGNEDB & b[17], b}, b_in);
  wire [35:0] product = {{17{a_in[18]}}, a_in} * {{17{b_in[18]}}, b_in};
  macsmith_block_register #(36, REG_PIPELINE_CLK, REG_PIPELINE_CE)
    middle (CLK0, {CE3, CE2, CE1, CE0}, product, pipeline);
  macsmith_block_register #(36, REG_OUTPUT_CLK, REG_OUTPUT_CE)
    behind (CLK0, {CE3, CE2, CE1, CE0}, pipeline, p);
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18} = p[35:18];
  assign {P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = p[17:0];
endmodule

module macsmith_block_register #(parameter WIDTH = 18, parameter CLOCK = "NONE", parameter ENABLE = "CE0")
  (input clk, input [3:0] ce, input [WIDTH-1:0] d, output [WIDTH-1:0] q);
  generate
    if (CLOCK == "NONE")
      assign q = d;
    else begin
      reg [WIDTH-1:0] kept;
      wire enable = ENABLE == "CE0" ? ce[0] : ENABLE == "CE1" ? ce[1] : ENABLE == "CE2" ? ce[2] : ce[3];
      always @(posedge clk) if (enable) kept <= d;
      assign q = kept;
    end
  endgenerate
endmodule
