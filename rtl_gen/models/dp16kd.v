// What a block RAM of ECP5 does as our designs use it, and as synthesis makes memories of it: port A writes, port B reads
// words of the same width, through the register behind the output if REGMODE_B says so; no resets. The lowest address
// wires of words of 18 and 36 bits say which bytes of 9 are written. Words of 36 bits take the data wires of both ports.
// Yosys' own model is empty. Source: how it makes memories of blocks, share/lattice/brams_16kd.txt and brams_map_16kd.v.
module DP16KD #(
  parameter DATA_WIDTH_A = 18,
  parameter DATA_WIDTH_B = 18,
  parameter REGMODE_A = "NOREG",
  parameter REGMODE_B = "NOREG",
  parameter CSDECODE_A = "0b000",
  parameter CSDECODE_B = "0b000",
  parameter RESETMODE = "SYNC",
  parameter GSR = "AUTO"
) (
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1,
      DIA0,
  input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
  input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1,
      DIB0,
  input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
  input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1,
      DOA0,
  output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1,
      DOB0
);
  // verilator lint_off WIDTH
  // verilator lint_off UNUSED
  localparam LOW = DATA_WIDTH_A == 36 ? 5 : DATA_WIDTH_A == 18 ? 4 : DATA_WIDTH_A == 9 ? 3 : DATA_WIDTH_A == 4 ? 2
                 : DATA_WIDTH_A == 2 ? 1 : 0;
  reg [DATA_WIDTH_A-1:0] words [0:(1 << (14 - LOW))-1];
  reg [35:0] read, shown;
  wire [13:0] into = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] from = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  wire [35:0] word = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
      DIB3, DIB2, DIB1, DIB0, DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
      DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [3:0] bytes = DATA_WIDTH_A == 36 ? into[3:0] : DATA_WIDTH_A == 18 ? {2'b00, into[1:0]} : 4'b0001;
  wire [35:0] mask = {{9{bytes[3]}}, {9{bytes[2]}}, {9{bytes[1]}}, {9{bytes[0]}}};
  always @(posedge CLKA)
    if (CEA && WEA) words[into[13:LOW]] <= (words[into[13:LOW]] & ~mask) | (word & mask);
  always @(posedge CLKB) begin
    if (CEB) read <= words[from[13:LOW]];
    if (OCEB) shown <= read;
  end
  wire [35:0] kept = REGMODE_B == "NOREG" ? read : shown;
  wire [35:0] given = DATA_WIDTH_B == 36 ? kept : {kept[17:0], 18'd0};
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
      DOB1, DOB0, DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
      DOA2, DOA1, DOA0} = given;
  // verilator lint_on WIDTH
  // verilator lint_on UNUSED
endmodule
