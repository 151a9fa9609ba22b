"""What stands beside the targets' files."""

from __future__ import annotations

import json
from itertools import combinations, product
from pathlib import Path

import pytest

from costmodel.targets import load
from rtl_gen import yosys

CONTENTS = 0xB3C9
WIRES = [
    *([*"abcd"[:place], "a", *"abcd"[place + 1 :]] for place in (1, 2, 3)),
    *(["a", "b", "b", "b"], ["a", "b", "a", "b"], ["b", "b", "a", "a"], ["a", "a", "a", "a"], ["a", "b", "c", "d"]),
    ["1'b0", "1'b0", "a", "a"],
    ["1'b1", "a", "1'b1", "b"],
]


def value(contents: int, inputs: list[str], given: dict[str, int]) -> int:
    """What a LUT puts out."""
    return contents >> sum(given[wire] << place for place, wire in enumerate(inputs)) & 1


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """LUTs of `WIRES` by name, as they are placed."""
    folder, place = tmp_path_factory.mktemp("luts"), load("ice40").place
    luts = "".join(
        f"SB_LUT4 #(.LUT_INIT({CONTENTS})) lut{n} (.O(o[{n}]), .I0({i0}), .I1({i1}), .I2({i2}), .I3({i3}));"
        for n, (i0, i1, i2, i3) in enumerate(WIRES)
    )
    (folder / "luts.v").write_text(f"module luts(input a, b, c, d, output [{len(WIRES) - 1}:0] o); {luts} endmodule")
    for name, text in place["files"].items():
        (folder / name).write_text(text)
    yosys.run(["read_verilog luts.v", *place["before"], "write_json luts.json"], folder)
    return json.loads(Path(folder / "luts.json").read_text())["modules"]["luts"]


@pytest.mark.parametrize("number", range(len(WIRES)))
def test_no_lut_that_is_placed_has_a_wire_at_two_inputs(mapped: dict, number: int) -> None:
    names = {ports["bits"][0]: name for name, ports in mapped["ports"].items() if name != "o"}
    cell = mapped["cells"][f"lut{number}"]
    inputs = [names.get(bit, f"1'b{bit}") for port in ("I0", "I1", "I2", "I3") for bit in cell["connections"][port]]
    wires = [wire for wire in inputs if wire in names.values()]
    assert len(wires) == len(set(wires)) == len(set(WIRES[number]) & set("abcd"))
    contents = int(cell["parameters"]["LUT_INIT"], 2)
    for bits in product((0, 1), repeat=4):
        given = dict(zip("abcd", bits, strict=True)) | {"1'b0": 0, "1'b1": 1}
        assert value(contents, inputs, given) == value(CONTENTS, WIRES[number], given)


def test_a_lut_of_other_wires_is_left_alone(mapped: dict) -> None:
    number = WIRES.index(list("abcd"))
    assert int(mapped["cells"][f"lut{number}"]["parameters"]["LUT_INIT"], 2) == CONTENTS
    assert all(x != y for x, y in combinations(WIRES[number], 2))
