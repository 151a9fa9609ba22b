"""The bench of streams: it finds wrong codes, broken handshakes, wrong cycle counts and hangs, and says which."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import hw
from hw.formats import parse_scalar
from hw.specs.stream import Field
from rtl_gen import Emitted, emit
from sim.benches.streams import pack
from sim.verify import verify

SPEC = "dot/int2xint2/n1/exact/exact/p1"
STREAM = """
module {name}(
  input clk, input rst,
  input [7:0] s_axis_a_tdata, input s_axis_a_tvalid, output s_axis_a_tready,
  input [7:0] s_axis_b_tdata, input s_axis_b_tvalid, output s_axis_b_tready,
  output [7:0] m_axis_sum_tdata, output m_axis_sum_tvalid, input m_axis_sum_tready);
  reg full; reg signed [3:0] held; reg [2:0] age; reg [6:0] count; reg more;
  wire take = s_axis_a_tvalid & s_axis_b_tvalid & (~full | m_axis_sum_tready){gate};
  assign s_axis_a_tready = {ready_a};
  assign s_axis_b_tready = take;
  assign m_axis_sum_tvalid = {valid};
  assign m_axis_sum_tdata = {{{fill}, {payload}}};
  always @(posedge clk) begin
    age <= full & ~m_axis_sum_tready ? age + 3'd1 : 0;
    count <= rst ? 0 : count + {{6'd0, take}};
    more <= rst ? 0 : (full & m_axis_sum_tready & ~take & ~more);
    if ({reset}) full <= 0;
    else if (take) begin full <= 1; held <= $signed(s_axis_a_tdata[1:0]) * $signed(s_axis_b_tdata[1:0]); end
    else if (m_axis_sum_tready) full <= 0;
  end
  wire _unused = &{{1'b0, age, more, count}};
endmodule
"""
RIGHT = {
    "gate": "",
    "ready_a": "take",
    "valid": "full",
    "payload": "held",
    "fill": "4'd0",
    "reset": "rst",
}


def stream(**fault: str) -> Emitted:
    """A hand-written dot product of one lane, right but for the given parts."""
    emitted = emit(hw.parse(SPEC))
    return replace(emitted, verilog=STREAM.format(name=emitted.name, **RIGHT | fault))


def test_a_unit_that_others_wrote_passes_if_it_keeps_the_rules() -> None:
    verdict = verify(hw.parse(SPEC), emitted=stream())
    assert verdict.passed, verdict.failures
    assert verdict.cycles > verdict.compared / 2


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"payload": "held ^ {3'b0, held == 4}"}, r"sum: beat \d+ expected 0x4, got 0x5"),
        ({"valid": "full & age != 2"}, "sum: valid fell before beat .* was taken"),
        ({"fill": "s_axis_b_tdata[7:4]"}, r"sum: beat \d+ expected|changed while it waited"),
        ({"payload": "age == 2 ? ~held : held"}, "sum: beat .* changed while it waited"),
        ({"valid": "full | more"}, "came after the last of|changed while|expected"),
        ({"gate": " & count[2:0] != 3 | (&count[2:0])"}, "the formula says|not done after the limit"),
        ({"gate": " & count != 60"}, "not done after the limit of .* cycles: .* of .* beats of a"),
        ({"ready_a": "1'b1"}, "sum: beat .* expected|not done"),
        ({"reset": "1'b0"}, "resets: "),
    ],
)
def test_what_breaks_the_rules_is_found(fault: dict[str, str], complaint: str) -> None:
    verdict = verify(hw.parse(SPEC), emitted=stream(**fault))
    assert not verdict.passed
    assert any(re.search(complaint, failure) for failure in verdict.failures), verdict.failures


def test_beats_are_packed_from_the_lowest_bits_up() -> None:
    beat = {"x": Field(parse_scalar("int4"), 3), "last": Field(parse_scalar("uint1"))}
    packed = pack(beat, {"x": np.array([[1, 2, 3], [15, 0, 8]]), "last": np.array([1, 0]), "other": np.array([9])})
    # tlast is above whole bytes, and what is between them is zero on the way out, and not always on the way in.
    assert packed == [0x10321, 0x0080F]
    assert pack({"x": Field(parse_scalar("int4"), 3)}, {"x": np.ones((3, 3))}, incoming=True) == [0x111, 0xF111, 0x111]


def test_packing_names_a_wrong_shape() -> None:
    with pytest.raises(ValueError, match=r"x must have shape \(beats, 3\), got \(2, 2\)"):
        pack({"x": Field(parse_scalar("int4"), 3)}, {"x": np.zeros((2, 2), dtype=int)})
