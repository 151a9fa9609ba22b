"""The spec of a dual multiply-accumulate: names, the bits that are proved, beats, checks."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.dfp import DfpSpec
from hw.specs.stream import beat_width

INT16 = parse_format("int16")


@pytest.mark.parametrize(
    "name", ["dfp/int16xint16/w32/s7/c64/p3", "dfp/int4xuint8/w20/p0/fast", "dfp/int8xint8/w32/c9/p1"]
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_a_chunk_is_proved_to_fit() -> None:
    # Two products of int16 may be 2^31: 64 pairs are 2^37, which 38 bits do not hold.
    assert DfpSpec(INT16, INT16, 39, chunk=64).width == 39
    with pytest.raises(ValueError, match="be 39 or more for 64 pairs of int16 x int16 0 places down, got 38"):
        DfpSpec(INT16, INT16, 38, chunk=64)
    # Six places down they are 2^31 all the same, and 63 of them are not.
    assert DfpSpec(INT16, INT16, 32, 6, 63).chunk == 63
    with pytest.raises(ValueError, match="be 33 or more for 64 pairs of int16 x int16 6 places down, got 32"):
        DfpSpec(INT16, INT16, 32, 6, 64)
    with pytest.raises(ValueError, match="width must be 33 or more for a pair of int16 x int16 0 places down, got 32"):
        DfpSpec(INT16, INT16)


def test_only_frames_of_any_length_have_a_flag() -> None:
    free, chunked = DfpSpec(INT16, INT16, 33), DfpSpec(INT16, INT16, 32, 7, 64)
    assert list(free.outputs["sum"]) == ["x", "over", "last"] and list(chunked.outputs["sum"]) == ["x", "last"]
    assert beat_width(free.inputs["a"]) == 33 and beat_width(free.inputs["b"]) == 32
    assert chunked.moved(130, 2) == {"a": 260, "b": 260, "sum": 6} and free.moved(130, 2)["sum"] == 2
    assert free.cycles(130, 2) == 260 + free.latency and free.work(130, 2) == 520


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int16", INT16), TypeError, "a must be a Format, got 'int16'"),
        ((INT16, parse_format("e4m3")), ValueError, "b must be an integer of at most 16 bits, got e4m3"),
        ((INT16, parse_format("int17")), ValueError, "b must have at most 16 bits, got int17"),
        ((INT16, INT16, 65), ValueError, "width must be 2..64, got 65"),
        ((INT16, INT16, 32, 33), ValueError, "shift must be 0..32, got 33"),
        ((INT16, INT16, 64, 0, 65537), ValueError, "chunk must be 0..65536, got 65537"),
        ((INT16, INT16, 33, 0, 0, 100), ValueError, "pipeline must be 0..99, got 100"),
    ],
)
def test_what_is_no_unit_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DfpSpec(*arguments)  # type: ignore[arg-type]
