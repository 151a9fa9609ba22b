"""The systolic array's spec: names, checks, beats and cycles; and the modules that it is made of."""

from __future__ import annotations

import re

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.array import ArraySpec
from hw.specs.pe import FLOWS
from hw.specs.stream import beat_width
from hw.units.array import Array
from rtl_gen import emit

INT8 = parse_format("int8")


@pytest.mark.parametrize(
    "name",
    [
        "array/int8xint8/8x8/os/exact/kulisch1024/p1",
        "array/e4m3xe4m3/1x13/ws/lmul/carrysave64/p0/fast",
        "array/fix8.4xint8/256x1/is/exact/fp16:down/p2",
        "array/int8xint8/8x8/os/exact/kulisch1024/p1/dsp:7",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_trailing_parts_take_their_defaults() -> None:
    assert hw.parse("array/int8xint8/4x5") == ArraySpec(INT8, INT8, 4, 5)
    assert hw.parse("array/int8xint8/4x5").name == "array/int8xint8/4x5/os/exact/kulisch1024/p1"


def test_beats_follow_from_flow_and_shape() -> None:
    def widths(flow: str) -> dict[str, int]:
        spec = hw.parse(f"array/int4xint8/2x3/{flow}/exact/kulisch16")
        assert isinstance(spec, ArraySpec)
        return {name: beat_width(beat) for name, beat in {**spec.inputs, **spec.outputs}.items()}

    # Sums of 16 bits: 16 products of 11 bits and a sign.
    assert hw.parse("array/int4xint8/2x3/os/exact/kulisch16").accumulator_format.width == 16  # type: ignore[attr-defined]
    assert widths("os") == {"a": 2 * 4 + 1, "b": 3 * 8 + 1, "sum": 3 * 16 + 1}
    assert widths("ws") == {"a": 2 * 4 + 1, "b": 3 * 8, "c": 3 * 16, "sum": 3 * 16 + 1}
    assert widths("is") == {"a": 3 * 4, "b": 2 * 8 + 1, "c": 3 * 16, "sum": 3 * 16 + 1}


def test_sums_have_a_status_where_there_are_infinities() -> None:
    spec = hw.parse("array/e5m2xint8/2x3/ws")
    assert isinstance(spec, ArraySpec)
    assert list(spec.inputs["c"]) == ["x", "status"]
    assert list(spec.outputs["sum"]) == ["x", "status", "last"]
    assert spec.outputs["sum"]["status"].width == 6


def test_only_tiles_that_two_streams_end_can_end_apart() -> None:
    members = {flow: dict(hw.build(hw.parse(f"array/int4xint4/1x1/{flow}")).signature.members) for flow in FLOWS}
    assert {flow for flow, ports in members.items() if "error" in ports} == {"os"}


@pytest.mark.parametrize(
    ("name", "latency"),
    [
        # A register at the element's inputs, one in its product, its sum, the choice among rows; and columns - 1.
        ("array/int8xint8/1x1/os/exact/kulisch/p1", 4),
        ("array/int8xint8/8x8/os/exact/kulisch/p1", 11),
        ("array/int8xint8/9x8/os/exact/kulisch/p0", 11),
        ("array/int8xint8/65x8/os/exact/kulisch/p0", 12),
        ("array/int8xint8/8x8/os/exact/carrysave/p1", 12),
        ("array/int8xint8/1x1/ws/exact/kulisch/p1", 3),
        ("array/int8xint8/5x8/ws/exact/kulisch/p1", 14),
        ("array/int8xint8/5x8/is/exact/carrysave/p2", 16),
    ],
)
def test_latency_is_what_is_on_the_way(name: str, latency: int) -> None:
    assert hw.parse(name).latency == hw.build(hw.parse(name)).latency == latency


def test_cycles_take_arrays() -> None:
    stays, moves = hw.parse("array/int8xint8/4x3/os"), hw.parse("array/int8xint8/4x3/ws")
    assert isinstance(stays, ArraySpec) and isinstance(moves, ArraySpec)
    beats, tiles = np.arange(1, 40), np.arange(1, 5)[:, None]
    for spec in (stays, moves):
        grid = spec.cycles(beats, tiles)
        assert grid.shape == (4, 39)
        assert grid[2, 5] == spec.cycles(6, 3) and isinstance(spec.cycles(6, 3), int)
        # As long as a tile is no shorter than the array is high, more tiles cost their beats and nothing else.
        assert np.array_equal(np.diff(grid, axis=0)[0], np.maximum(beats, 4))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", INT8, 2, 2), TypeError, "a must be a Format, got 'int8'"),
        ((INT8, INT8, 0, 2), ValueError, "rows must be 1..256, got 0"),
        ((INT8, INT8, 2, 257), ValueError, "columns must be 1..256, got 257"),
        ((INT8, INT8, 2.0, 2), TypeError, "rows must be an int, got 2.0"),
        ((INT8, INT8, 2, 2, "rs"), ValueError, "flow must be one of os, ws, is, got 'rs'"),
        ((INT8, INT8, 2, 2, "os", "exact", "sat4"), ValueError, "width must be at least 16, .*got 4"),
    ],
)
def test_arguments_are_checked(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ArraySpec(*arguments)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("array/int8xint8", "RxC is missing"),
        ("array/int8xint8/8x8/os/exact/kulisch/p1/small/more", "nothing may follow the form, got 'more'"),
        ("array/int8xint8/8", "the sides must be written RxC, like 8x8, got '8'"),
        ("array/int8xint8/0x8", "the sides must be written RxC, like 8x8, got '0x8'"),
        ("array/int8xint8/8x8/os/exact/kulisch/1", "the pipeline must be written pSTAGES, p0 to p99, got '1'"),
    ],
)
def test_a_wrong_name_says_how_it_is_written(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hw.parse(name)


def test_what_a_component_refuses() -> None:
    with pytest.raises(ValueError, match="form must be small or fast for Lattice iCE40"):
        hw.build(hw.parse("array/int8xint8/2x2/os/exact/kulisch/p1/dsp"), hw.parse_target("ice40"))
    with pytest.raises(ValueError, match="array/ternaryxternary/2x2/.*/p4: pipeline must be at most"):
        hw.build(hw.parse("array/ternaryxternary/2x2/os/exact/kulisch16/p4"))


@pytest.mark.parametrize("flow", ["os", "ws", "is"])
def test_elements_are_one_module_and_columns_another(flow: str) -> None:
    spec = hw.parse(f"array/int8xint8/7x5/{flow}")
    verilog = emit(spec).verilog
    element = f"{spec.identifier}_column_pe"
    assert re.findall(r"(?m)^module (\w+)\(", verilog) == [spec.identifier, f"{spec.identifier}_column", element]
    assert len(re.findall(rf"(?m)^  {spec.identifier}_column \w+ \(", verilog)) == 5
    assert len(re.findall(rf"(?m)^  {element} \w+ \(", verilog)) == 7
    # The very text of the element as a design of its own, but for the name and the order of statements.
    alone = emit(hw.parse(f"pe/int8xint8/{flow}"))
    within = emit(spec).modules[element]
    assert sorted(alone.modules[alone.name].replace(alone.name, element).split("\n")) == sorted(within.split("\n"))


def test_text_grows_with_the_sides_and_not_with_the_area() -> None:
    small, large = (len(emit(hw.parse(f"array/int8xint8/{side}x{side}/os")).verilog) for side in (4, 16))
    assert large < 4 * small


@pytest.mark.parametrize(
    ("name", "target", "lanes"),
    [
        ("int8xint8/4x5/ws/exact/kulisch/p1/dsp", "xc7", [2, 2, 1]),
        ("int8xint8/4x5/ws/exact/kulisch/p1", "xc7", [1] * 5),
        ("int8xint8/4x5/ws/exact/kulisch/p1/dsp:3", "xc7", [2, 1, 1, 1]),
        ("int4xint4/4x8/ws/exact/kulisch/p1/dsp", "xcup", [3, 3, 2]),
        ("int4xint4/4x5/os/exact/kulisch/p1/dsp", "xcup", [2, 2, 1]),
        # 18 x 18 holds no two INT8 beside one another, and where it is two 9 x 9, each takes one product.
        ("int8xint8/4x2/os/exact/kulisch/p1/dsp", "ecp5", [1, 1]),
        ("e4m3xe4m3/4x4/os/exact/kulisch/p1/dsp", "ecp5", [2, 2]),
        ("e4m3xe4m3/4x2/os/exact/kulisch/p1/dsp", "gowin", [1, 1]),
        ("int2xint2/4x5/os/exact/kulisch/p1/dsp", "gowin", [4, 1]),
        # No multiplication, nothing to share.
        ("ternaryxint8/4x2/os/exact/kulisch/p1/dsp", "xcup", [1, 1]),
    ],
)
def test_columns_share_blocks_that_are_wide_enough(name: str, target: str, lanes: list[int]) -> None:
    spec = hw.parse(f"array/{name}")
    assert isinstance(spec, ArraySpec)
    found = Array(spec, hw.parse_target(target)).groups
    assert [group.lanes for group in found] == lanes
    assert [column for group in found for column in group.numbers] == list(range(spec.columns))


@pytest.mark.parametrize(
    ("name", "target", "together", "products"),
    [
        # Four products of two rows and two columns; elements at the edges make two, or one.
        ("int4xint4/4x4/os/exact/kulisch/p1/dsp", "xc7", 2, 4),
        ("e4m3xe4m3/3x3/os/exact/kulisch64/p1/dsp", "xcup", 2, 4),
        # An operand that stays has products with its own row's alone, and so has a column beside LUTs.
        ("int4xint4/4x4/ws/exact/kulisch/p1/dsp", "xc7", 1, 8),
        ("int4xint4/4x4/os/exact/kulisch/p1/dsp:3", "xc7", 1, 4),
        ("int8xint8/4x4/os/exact/kulisch/p1/dsp", "xcup", 1, 8),
        # Four columns do as well as two by two.
        ("int2xint2/4x4/os/exact/kulisch/p1/dsp", "xc7", 1, 4),
    ],
)
def test_rows_share_blocks_where_they_make_more_of_them(name: str, target: str, together: int, products: int) -> None:
    spec = hw.parse(f"array/{name}")
    assert isinstance(spec, ArraySpec)
    array = Array(spec, hw.parse_target(target))
    assert array.together == together
    assert array.row_starts == [row - row % together for row in range(spec.rows)]
    # Multiplications in the Verilog, each element's as often as there are elements.
    modules = emit(spec, hw.parse_target(target)).modules
    assert _multiplications(modules, next(iter(modules))) == products


def _multiplications(modules: dict[str, str], name: str) -> int:
    """How many there are in a module and in all that it instantiates."""
    text = modules[name]
    inner = [word for word in re.findall(r"(?m)^  (\w+) ", text) if word in modules]
    return len(re.findall(r" = .* \* ", text)) + sum(_multiplications(modules, part) for part in inner)


def test_a_mix_has_blocks_in_its_first_columns_and_none_in_the_others() -> None:
    spec = hw.parse("array/int8xint8/4x5/os/exact/kulisch/p1/dsp:3")
    assert isinstance(spec, ArraySpec)
    assert spec.pe.form == "dsp"
    assert [group.form for group in Array(spec, hw.parse_target("xc7")).groups] == ["dsp", "dsp", "luts", "luts"]
    # One module of each kind, whatever the size.
    text = {name.rpartition("_ecp5_")[2]: body for name, body in emit(spec, hw.parse_target("ecp5")).modules.items()}
    assert {"column", "column_pe", "column_luts", "column_luts_pe"} <= set(text)
    assert len(text) == 5
    assert "MULT18X18D" in text["column_pe"]
    assert "MULT18X18D" not in text["column_luts_pe"]


@pytest.mark.parametrize("form", ["dsp:0", "dsp:5", "dsp:", "dsp:two", "dsp:1.5"])
def test_a_mix_says_how_many_columns_are_in_blocks(form: str) -> None:
    with pytest.raises(ValueError, match=f"form must be dsp:N with fewer than all 5 columns in blocks.*got '{form}'"):
        ArraySpec(INT8, INT8, 4, 5, form=form)


def test_a_mix_needs_blocks() -> None:
    with pytest.raises(ValueError, match="form must be small or fast for Lattice iCE40, .*got 'dsp:1'"):
        emit(hw.parse("array/int8xint8/2x2/os/exact/kulisch/p1/dsp:1"), hw.parse_target("ice40"))


def test_codes_that_are_looked_up_at_the_edge_are_numbers_inside() -> None:
    spec = hw.parse("array/int8xcb[-60,-7,1,100]/2x3/edge/ws")
    assert spec.name == "array/int8xcb[-60,-7,1,100]/2x3/edge/ws/exact/kulisch1024/p1"
    assert from_json(spec.to_json()) == spec
    assert spec.inputs["b"]["x"].format.width == 2
    assert (spec.pe.a, spec.pe.b) == (INT8, parse_format("fix8.0"))
    assert hw.parse("array/int8xkhot2.2/2x3/edge").pe.b == parse_format("fix6.0")
    assert hw.parse("array/int8xternary/2x3").pe.b == parse_format("ternary")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "array/int8xint4/2x2/edge",
            "edge must be left out for operands that are not looked up, got int8 and int4",
        ),
        (
            "array/int8xnf4/2x2/edge",
            "edge must be left out for nf4, whose values have 29 bits in fixed point; elements take 16",
        ),
    ],
)
def test_an_edge_with_nothing_to_look_up_says_why(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        hw.parse(name)


def test_an_edge_is_a_flag() -> None:
    with pytest.raises(TypeError, match="edge must be a bool, got 1 of type int"):
        ArraySpec(INT8, parse_format("ternary"), 2, 2, edge=1)  # type: ignore[arg-type]
