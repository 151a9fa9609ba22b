// An SB_LUT4 that sees a wire at two inputs sees it at the first of them only, and a constant at the other.
// `_TECHMAP_CONNMAP_` and `_TECHMAP_CONSTMSK_` are what Yosys's techmap says of a port: which wire, and whether a constant.
(* techmap_celltype = "SB_LUT4" *)
module lut4_inputs (
  output O,
  input I0, I1, I2, I3
);
  parameter [15:0] LUT_INIT = 0;
  parameter _TECHMAP_BITS_CONNMAP_ = 0;
  parameter [_TECHMAP_BITS_CONNMAP_-1:0] _TECHMAP_CONNMAP_I0_ = 0, _TECHMAP_CONNMAP_I1_ = 0;
  parameter [_TECHMAP_BITS_CONNMAP_-1:0] _TECHMAP_CONNMAP_I2_ = 0, _TECHMAP_CONNMAP_I3_ = 0;
  parameter _TECHMAP_CONSTMSK_I0_ = 0, _TECHMAP_CONSTMSK_I1_ = 0, _TECHMAP_CONSTMSK_I2_ = 0;
  localparam same01 = !_TECHMAP_CONSTMSK_I0_ && _TECHMAP_CONNMAP_I0_ == _TECHMAP_CONNMAP_I1_;
  localparam same02 = !_TECHMAP_CONSTMSK_I0_ && _TECHMAP_CONNMAP_I0_ == _TECHMAP_CONNMAP_I2_;
  localparam same03 = !_TECHMAP_CONSTMSK_I0_ && _TECHMAP_CONNMAP_I0_ == _TECHMAP_CONNMAP_I3_;
  localparam same12 = !_TECHMAP_CONSTMSK_I1_ && _TECHMAP_CONNMAP_I1_ == _TECHMAP_CONNMAP_I2_;
  localparam same13 = !_TECHMAP_CONSTMSK_I1_ && _TECHMAP_CONNMAP_I1_ == _TECHMAP_CONNMAP_I3_;
  localparam same23 = !_TECHMAP_CONSTMSK_I2_ && _TECHMAP_CONNMAP_I2_ == _TECHMAP_CONNMAP_I3_;
  localparam free1 = same01, free2 = same02 | same12, free3 = same03 | same13 | same23;
  wire _TECHMAP_FAIL_ = !(free1 | free2 | free3);

  function [15:0] narrowed(input [15:0] contents);
    integer given;
    reg [3:0] seen;
    for (given = 0; given < 16; given = given + 1) begin
      seen = given;
      if (same01) seen[1] = seen[0];
      if (same02) seen[2] = seen[0];
      if (same12) seen[2] = seen[1];
      if (same03) seen[3] = seen[0];
      if (same13) seen[3] = seen[1];
      if (same23) seen[3] = seen[2];
      narrowed[given] = contents[seen];
    end
  endfunction

  SB_LUT4 #(.LUT_INIT(narrowed(LUT_INIT))) _TECHMAP_REPLACE_ (
    .O(O), .I0(I0), .I1(free1 ? 1'b0 : I1), .I2(free2 ? 1'b0 : I2), .I3(free3 ? 1'b0 : I3));
endmodule
