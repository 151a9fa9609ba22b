// Gowin's multipliers, as far as macsmith uses them: Yosys brings their ports, but no model of them. No reset, no shift
// chains. Source: Gowin's user guide UG287 on DSP.
module MULT9X9 (A, SIA, B, SIB, ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET, DOUT);
  parameter AREG = 1'b0;
  parameter BREG = 1'b0;
  parameter PIPE_REG = 1'b0;
  parameter OUT_REG = 1'b0;
  input [8:0] A, SIA, B, SIB;
  input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET;
  output [17:0] DOUT;
  macsmith_gowin_multiplier #(9, AREG, BREG, PIPE_REG, OUT_REG) multiplier (CLK, CE, ASIGN, BSIGN, A, B, DOUT);
endmodule

module MULT18X18 (A, SIA, B, SIB, ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET, DOUT);
  parameter AREG = 1'b0;
  parameter BREG = 1'b0;
  parameter PIPE_REG = 1'b0;
  parameter OUT_REG = 1'b0;
  input [17:0] A, SIA, B, SIB;
  input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET;
  output [35:0] DOUT;
  macsmith_gowin_multiplier #(18, AREG, BREG, PIPE_REG, OUT_REG) multiplier (CLK, CE, ASIGN, BSIGN, A, B, DOUT);
endmodule

module macsmith_gowin_multiplier #(parameter WIDTH = 9, parameter AREG = 0, parameter BREG = 0,
  parameter PIPE_REG = 0, parameter OUT_REG = 0)
  (input clk, input ce, input a_signed, input b_signed, input [WIDTH-1:0] a, input [WIDTH-1:0] b,
   output [2*WIDTH-1:0] product);
  reg [WIDTH-1:0] a_kept, b_kept;
  reg [2*WIDTH-1:0] made_kept, shown_kept;
  wire [WIDTH-1:0] a_in = AREG ? a_kept : a;
  wire [WIDTH-1:0] b_in = BREG ? b_kept : b;
  wire [2*WIDTH-1:0] made = {{WIDTH{a_signed & a_in[WIDTH-1]}}, a_in} * {{WIDTH{b_signed & b_in[WIDTH-1]}}, b_in};
  wire [2*WIDTH-1:0] shown = PIPE_REG ? made_kept : made;
  always @(posedge clk) if (ce) begin
    a_kept <= a;
    b_kept <= b;
    made_kept <= made;
    shown_kept <= shown;
  end
  assign product = OUT_REG ? shown_kept : shown;
endmodule
