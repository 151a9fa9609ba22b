"""Size in gates: of every unit, by our own library and by a user's."""

from __future__ import annotations

from pathlib import Path

import pytest

import hw
from costmodel.gates import Gates, count_gates, gate_netlist, memory_bits, weights
from hw.units import spec_type

LIBERTY = """
library (tiny) {
  cell (BUF) { area : 2; pin (A) { direction : input; } pin (Y) { direction : output; function : "A"; } }
  cell (NOT) { area : 1; pin (A) { direction : input; } pin (Y) { direction : output; function : "!A"; } }
  cell (NAND) { area : 2; pin (A) { direction : input; } pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A&B)"; } }
  cell (FLOP) { area : 10; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }
    pin (C) { direction : input; clock : true; } pin (D) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; } }
}
"""

SMALLER = {
    "array": "array/int4xint4/2x2/os",
    "blockadd": "blockadd/mxfp4xmxfp4/n1/bf16",
    "blockgemm": "blockgemm/mxfp4xmxfp4/2x2/fp32",
    "dot": "dot/int4xint4/n4",
    "gemm": "gemm/int4xint4/2x2/os",
    "matvec": "matvec/int4xint4/2x2",
    "requant": "requant/fix12.0xint3/n1/tensor",
    "sparse": "sparse/int4xint4/k4/n2",
    "tellme": "tellme/int4/g2/t1/q1/half/lutram",
    "tmac": "tmac/int2xint4/g2/t1/q1/parallel/half/lutram",
}
"""Where a unit's example takes long."""


@pytest.fixture
def liberty(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.lib"
    path.write_text(LIBERTY)
    return path


def test_a_nand_is_one_and_a_register_four() -> None:
    netlist = gate_netlist("module m(input a, b, output y); assign y = ~(a & b); endmodule\n", "m")
    (cell,) = netlist["cells"].values()
    assert weights()[cell["type"]] == 1
    assert weights()["$_DFF_P_"] == 4
    assert memory_bits(netlist) == 0


def test_size_is_that_of_the_cells() -> None:
    found = count_gates(hw.parse("mac/int4xint4/exact/kulisch16/p1"))
    assert found.nand2 == sum(weights()[cell] * count for cell, count in found.cells.items())
    assert (found.library, found.registers, found.memory_bits) == ("own", found.cells["$_DFF_P_"], 0)
    assert Gates(**found.to_dict()) == found


@pytest.mark.parametrize("unit", [unit for unit in hw.UNITS if unit != "pack"])
def test_every_unit_that_portable_rtl_can_be_has_a_size(unit: str) -> None:
    assert count_gates(hw.parse(SMALLER.get(unit, spec_type(unit).example))).nand2 > 50


def test_memories_are_counted_in_bits() -> None:
    # Four entries of 10 bits for each of 16 lookups.
    found = count_gates(hw.parse("tellme/int8/g3/t4/q4/half/lutram"))
    assert found.memory_bits == 16 * 16 * 10
    assert "$mem_v2" not in found.cells


def test_a_liberty_file_gives_areas(liberty: Path) -> None:
    spec = hw.parse("mac/int2xint2/exact/kulisch4/p1")
    found, own = count_gates(spec, liberty), count_gates(spec)
    area = {"BUF": 2, "NOT": 1, "NAND": 2, "FLOP": 10}
    assert found.nand2 == sum(area[cell] * count for cell, count in found.cells.items()) / area["NAND"]
    assert (found.library, found.registers) == ("tiny.lib", own.registers)
    assert set(found.cells) <= set(area)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("library", "bad.lib can't be used as a Liberty file: Yosys failed on `dfflibmap"),
        ("\xff", "bad.lib can't be used as a Liberty file: "),
        (
            LIBERTY.replace("cell (FLOP)", "cell (FLOP) { } ignored (FLOP)"),
            "bad.lib can't be used as a Liberty file: .*D flip-flops are not supported",
        ),
    ],
)
def test_a_file_that_is_no_library_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.lib"
    path.write_text(text, "latin-1")
    with pytest.raises(ValueError, match=message):
        count_gates(hw.parse("mul/int2xint2"), path)


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="spec must be a Spec, got 3"):
        count_gates(3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        count_gates(hw.parse("mul/int2xint2"), tmp_path / "none.lib")
