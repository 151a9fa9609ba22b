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
from rtl_gen import emit

INT8 = parse_format("int8")


@pytest.mark.parametrize(
    "name",
    [
        "array/int8xint8/8x8/os/exact/kulisch1024/p1",
        "array/e4m3xe4m3/1x13/ws/lmul/carrysave64/p0/fast",
        "array/fix8.4xint8/256x1/is/exact/fp16:down/p2",
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
        ("array/int8xint8", "it must have 2 to 7 parts after the unit"),
        ("array/int8xint8/8x8/os/exact/kulisch/p1/small/more", "it must have 2 to 7 parts after the unit"),
        ("array/int8xint8/8", "the sides must be written RxC, like 8x8, got '8'"),
        ("array/int8xint8/0x8", "the sides must be written RxC, like 8x8, got '0x8'"),
        ("array/int8xint8/8x8/os/exact/kulisch/1", "the pipeline must be written pSTAGES, got '1'"),
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
    # The very lines of the element as a design of its own, but for the name; Yosys orders them by what it has met.
    alone = emit(hw.parse(f"pe/int8xint8/{flow}"))
    text, inside = (
        text[text.index(f"module {name}(") :] for text, name in ((alone.verilog, alone.name), (verilog, element))
    )
    assert sorted(text.replace(alone.name, element).splitlines()) == sorted(inside.splitlines())


def test_text_grows_with_the_sides_and_not_with_the_area() -> None:
    small, large = (len(emit(hw.parse(f"array/int8xint8/{side}x{side}/os")).verilog) for side in (4, 16))
    assert large < 4 * small
