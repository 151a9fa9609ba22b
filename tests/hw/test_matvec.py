"""The matrix-vector unit's spec: names, checks, beats, cycles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.matvec import MatVecSpec
from hw.specs.stream import beat_width
from hw.units.matvec import MatVec

INT8, E4M3FN = map(parse_format, ("int8", "e4m3fn"))


@pytest.mark.parametrize(
    "name",
    [
        "matvec/int8xint8/4x8/exact/kulisch1024/p1",
        "matvec/int8xternary/16x3/64x27/exact/carrysave4096/p2/fast",
        "matvec/fix8.4xe4m3fn/1x1/3x5/exact/kulisch1024/p0",
        "matvec/e4m3xe4m3/2x4/lmul/kulisch64/p3",
        "matvec/uint4xint4/2x4/exact/sat16/p1/dsp",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_what_is_left_out_takes_its_default() -> None:
    assert hw.parse("matvec/int8xint8/4x8") == MatVecSpec(INT8, INT8, 4, 8)
    assert hw.parse("matvec/int8xint8/4x8/8x16") == MatVecSpec(INT8, INT8, 4, 8, 8, 16)


def test_beats_follow_from_the_formats() -> None:
    spec = MatVecSpec(INT8, E4M3FN, 3, 5)
    # Of 1024 products of at most 128 * 448, in steps of 2**-9.
    assert spec.accumulator_format.name == "fix36.9"
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"a": 41, "w": 121}
    assert {name: beat_width(beat) for name, beat in spec.outputs.items()} == {"y": 3 * 38}
    resident = MatVecSpec(INT8, INT8, 3, 5, 6, 15)
    assert (resident.neuron_folds, resident.synapse_folds, resident.words) == (2, 3, 6)
    assert {name: beat_width(beat) for name, beat in resident.inputs.items()} == {"a": 41, "w": 120}
    assert {name: beat_width(beat) for name, beat in resident.outputs.items()} == {"y": 3 * 26 + 1}


def test_cycles_are_vectorised() -> None:
    assert np.array_equal(MatVecSpec(INT8, INT8, 1, 4, pipeline=1).cycles(np.array([1, 5])), [3, 7])
    assert MatVecSpec(INT8, INT8, 1, 4, accumulator="carrysave", pipeline=0).cycles(10) == 12
    # Six beats of the matrix, two of each vector, which count three times; and one cycle for the memory.
    assert np.array_equal(
        MatVecSpec(INT8, INT8, 1, 4, 3, 8, pipeline=1).cycles(2 * np.array([1, 5]), 1), [6 + 6 + 3, 6 + 30 + 3]
    )
    assert np.array_equal(MatVecSpec(INT8, INT8, 1, 4, 3, 8, pipeline=1).cycles(20, np.array([1, 2])), [69, 75])


def test_elements_are_one_module() -> None:
    unit = hw.build(MatVecSpec(INT8, INT8, 7, 2))
    assert isinstance(unit, MatVec)
    assert list(unit.parts) == ["element"]
    streams = {f"{s}_{p}" for s in ("s_axis_a", "s_axis_w", "m_axis_y") for p in ("tdata", "tvalid", "tready")}
    assert {"clk", "rst", "error", *streams} <= set(unit.meanings)
    assert set(unit.parts["element"].meanings) == {"a", "b", "first", "arrived", "en", "x", "status"}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"a": "int8"}, TypeError, "a must be a Format, got 'int8'"),
        ({"elements": 0}, ValueError, "elements must be 1..1024, got 0"),
        ({"lanes": 1025}, ValueError, "lanes must be 1..1024, got 1025"),
        ({"rows": 6, "columns": 4}, ValueError, "rows must be a multiple of 4, got 6"),
        ({"rows": 4, "columns": 9}, ValueError, "columns must be a multiple of 2, got 9"),
        ({"rows": 4}, ValueError, "rows and columns must both be 0, or neither, got 4 and 0"),
        ({"rows": 1 << 17, "columns": 2}, ValueError, "rows must be 0..65536, got 131072"),
        ({"rows": 1 << 11, "columns": 1 << 9}, ValueError, "the matrix must have at most 4194304 bits, got 8388608"),
        ({"product": "sum"}, ValueError, "product must be one of"),
        ({"accumulator": "fp16"}, ValueError, "accumulator must be in fixed point, got 'fp16'"),
        ({"accumulator": "kulisch1"}, ValueError, "depth must be at least 2, the products of a sum, got 'kulisch1'"),
        (
            {"accumulator": "carrysave8", "rows": 4, "columns": 10},
            ValueError,
            "depth must be at least 10, the products",
        ),
        ({"accumulator": "sat16"}, ValueError, "width must be at least 17, that of a beat's sum, got 'sat16'"),
        ({"pipeline": 100}, ValueError, "pipeline must be 0..99, got 100"),
        ({"form": "big"}, ValueError, "form must be one of small, fast, dsp, got 'big'"),
    ],
)
def test_arguments_are_checked(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        MatVecSpec(**{"a": INT8, "b": INT8, "elements": 4, "lanes": 2, **changes})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("matvec/int8xint8", "PxS is missing .it is written matvec/AxB/PxS"),
        ("matvec/int8xint8/4", "the sides must be written RxC, like 8x8, got '4'"),
        ("matvec/int8xint8/4x4/8", "the sides must be written RxC, like 8x8, got '8'"),
        ("matvec/int8xint8/4x4/exact/kulisch/p1/small/p2", "nothing may follow the form, got 'p2'"),
    ],
)
def test_a_wrong_name_says_how_it_is_written(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hw.parse(name)


def test_what_cannot_be_built_is_refused() -> None:
    with pytest.raises(ValueError, match="form must be small or fast for Lattice iCE40"):
        hw.build(hw.parse("matvec/int8xint8/1x1/exact/kulisch/p1/dsp"), hw.parse_target("ice40"))
    with pytest.raises(TypeError, match="spec must be a MatVecSpec, got MacSpec"):
        MatVec(hw.parse("mac/int8xint8"))  # type: ignore[arg-type]


def test_a_mix_has_blocks_in_its_first_elements() -> None:
    spec = hw.parse("matvec/int8xint8/4x2/exact/kulisch/p1/dsp:3")
    assert isinstance(spec, MatVecSpec)
    assert hw.parse(spec.name) == spec
    groups = MatVec(spec, hw.parse_target("xc7")).groups
    assert [(group.lanes, group.form) for group in groups] == [(2, "dsp"), (1, "dsp"), (1, "luts")]
    with pytest.raises(ValueError, match="must be dsp:N with fewer than all 4 elements in blocks, or dsp, got 'dsp:4'"):
        hw.parse("matvec/int8xint8/4x2/exact/kulisch/p1/dsp:4")
