"""The encoder's spec and its instructions: names, slots, encoding, checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction, Place, encode

INT8 = parse_format("int8")
SPEC = EncoderSpec(INT8, 4, depth=256, rows=8, row=32, words=32)
GEMM = Instruction("gemm", 8, 2, 4, a=Place(0, 2), c=Place(16, 4))


@pytest.mark.parametrize(
    "name",
    [
        EncoderSpec.example,
        "encoder/int4/n4/x4/exact/kulisch64/p0/d32/h16/r64/w64/s3/g4/fast",
        "encoder/e4m3fn/n8/x2/lmul/kulisch384/p1/d8192/h16/r384/w1024/s64/g64",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_units_inside_follow_from_the_codes() -> None:
    assert SPEC.gemm.name == "gemm/int8xint8/4x4/ws/exact/kulisch32/p1/int8/channel/x1/p6/k32/n32/w32/h8"
    assert SPEC.cast is None and SPEC.before.name.startswith("requant/int8xint15/n1/channel/m8/p")
    assert SPEC.after.name.startswith("requant/fix24.0xint8/n1/channel/p")
    floats = EncoderSpec(parse_format("e4m3fn"), 8, product="lmul")
    assert floats.cast is not None and floats.cast.name.startswith("cast/e4m3fnxfix19.9/n2")
    assert floats.before.name.startswith("requant/fix19.9xint15/n2/channel/m8")


def test_parameters_are_whole_words() -> None:
    norm, gemm = SPEC.slots["norm"], SPEC.slots["gemm"]
    # A bias, m, e and zero of 32, 16, 8 and 8 bits for a column; for a number 13 of each operand, and 24 + 16 + 6 + 8.
    assert (gemm.parameter_bits, gemm.parameter_words(SPEC.word_bits)) == (64, 2)
    assert (norm.parameter_bits, norm.parameter_words(SPEC.word_bits)) == (80, 3)
    assert gemm.parameter_beats(2, 3, 4) == 12
    assert norm.parameter_beats(2, 2, 4) == 8
    assert SPEC.slots["copy"].parameter_beats(2, 2, 4) == 0


def test_instructions_become_beats() -> None:
    beats = encode(SPEC, [Instruction("copy", 8, 2, c=Place(0, 2)), GEMM])
    assert set(beats) == {*SPEC.instruction, "last"}
    assert [beats[name].tolist() for name in ("unit", "rows", "words", "columns", "last")] == [
        [0, 1],
        [7, 7],
        [1, 1],
        [1, 3],
        [0, 1],
    ]
    assert [beats[f"{name}_streamed"].tolist() for name in "abc"] == [[1, 0], [0, 1], [0, 0]]
    assert [beats[f"c_{part}"].tolist() for part in ("base", "stride")] == [[0, 16], [2, 4]]


def test_a_transposed_result_may_end_with_the_memory() -> None:
    # 16 rows of two words.
    replace(GEMM, c=Place(224, 2), transposed=True).check(SPEC)
    with pytest.raises(ValueError, match="c must end in the memory, of 256 words, got 256 as its last address"):
        replace(GEMM, c=Place(225, 2), transposed=True).check(SPEC)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"unit": "gemv"}, ValueError, "unit must be one of copy, gemm, softmax, gelu, norm, add, got 'gemv'"),
        ({"rows": 9}, ValueError, r"rows must be 1\.\.8, got 9"),
        ({"rows": 0}, ValueError, r"rows must be 1\.\.8, got 0"),
        ({"words": 9}, ValueError, r"words must be 1\.\.8, got 9"),
        ({"columns": None}, ValueError, "columns must be given for a product, got None"),
        ({"columns": 9}, ValueError, r"columns must be 1\.\.8, got 9"),
        ({"columns": 5}, ValueError, "b must have at most 32 words, got 40"),
        ({"unit": "gelu"}, ValueError, "columns must be None for gelu, which is no product, got 4"),
        ({"a": None}, ValueError, "a must be a Place: of gemm only b may come on w, got None"),
        ({"a": 3}, TypeError, "a must be a Place or None, got 3"),
        ({"a": Place(256, 0)}, ValueError, r"a's base must be 0\.\.255, got 256"),
        ({"b": Place(0, 40)}, ValueError, "b must end in the memory, of 256 words, got 283 as its last address"),
        ({"c": None, "transposed": True}, ValueError, "transposed must be False for a result on y, got True"),
        ({"relu": 1}, TypeError, "relu must be a bool, got 1"),
        ({"spare": 4}, ValueError, r"spare must be 0\.\.3, got 4"),
    ],
)
def test_what_an_encoder_does_not_do_is_refused(given: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        replace(GEMM, **given).check(SPEC)  # type: ignore[arg-type]


def test_operands_of_others_are_where_they_must_be() -> None:
    with pytest.raises(ValueError, match="b must be None, for softmax has one operand, got Place"):
        Instruction("softmax", 8, 2, a=Place(0, 2), b=Place(0, 2)).check(SPEC)
    with pytest.raises(ValueError, match="a must be a Place: of norm only b may come on w, got None"):
        Instruction("norm", 8, 2, b=Place(0, 2)).check(SPEC)


def test_a_program_says_which_instruction_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"instruction 1, gemm: rows must be 1\.\.8, got 9"):
        encode(SPEC, [GEMM, replace(GEMM, rows=9)])
    with pytest.raises(ValueError, match="program must have an instruction, got none"):
        encode(SPEC, [])
    with pytest.raises(TypeError, match="program must be of Instructions, got 'gemm' as number 0"):
        encode(SPEC, ["gemm"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"code": "int8"}, TypeError, "code must be a Format, got 'int8'"),
        ({"code": parse_format("uint8")}, ValueError, "code must be a signed integer or a float of .* got uint8"),
        ({"code": parse_format("int9")}, ValueError, "code must be .* at most 8 bits, got int9"),
        ({"lanes": 6}, ValueError, "lanes must be a power of two, got 6"),
        ({"lanes": 1}, ValueError, r"lanes must be 2\.\.64, got 1"),
        ({"unit_lanes": 3}, ValueError, "unit_lanes must divide the lanes, 4, got 3"),
        ({"depth": 100}, ValueError, "depth must be a power of two, got 100"),
        ({"rows": 257}, ValueError, r"rows must be 1\.\.256, got 257"),
        ({"row": 30}, ValueError, "row must be a multiple of 4, the lanes, got 30"),
        ({"softmax_steps": 0}, ValueError, r"softmax_steps must be 1\.\.1024, got 0"),
        ({"code": parse_format("e5m2")}, ValueError, "output must .*32 bits"),
    ],
)
def test_what_is_none_is_refused(given: dict[str, object], error: type[Exception], message: str) -> None:
    fields: dict[str, object] = {"code": INT8, "lanes": 4, "depth": 256, "rows": 8, "row": 32, "words": 32} | given
    with pytest.raises(error, match=message):
        EncoderSpec(**fields)  # type: ignore[arg-type]


def test_a_run_has_the_beats_that_it_moves() -> None:
    assert SPEC.moved(4, 8, 8) == {"i": 2, "w": 8 + 16 + 16, "y": 9}
    assert SPEC.work(4, 8, 8) == 256
    with pytest.raises(ValueError, match="m must be at most 8 for encoder"):
        SPEC.check_run(9, 8, 8)
    with pytest.raises(ValueError, match="k must be a multiple of 4, the lanes, got 6"):
        SPEC.check_run(8, 6, 8)
    with pytest.raises(ValueError, match="k times n must be at most 32 words for encoder"):
        SPEC.check_run(8, 16, 16)
