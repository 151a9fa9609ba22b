"""The spec of a store in two planes: names, checks, beats, cycles."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.planes import PlanesSpec
from hw.specs.stream import beat_width

FP6 = parse_format("e3m2")


@pytest.mark.parametrize("name", ["planes/e3m2/n8/pack", "planes/int12/n1/unpack", "planes/int3/n1024/unpack"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_words_are_as_wide_as_the_high_parts_and_three_make_two_beats() -> None:
    pack, unpack = PlanesSpec(FP6, 8), PlanesSpec(FP6, 8, "unpack")
    assert beat_width(pack.inputs["x"]) == 8 * 6 + 1 and beat_width(pack.outputs["y"]) == 8 * 4 + 1
    assert (pack.inputs, pack.outputs) == ({"x": unpack.outputs["y"]}, {"y": unpack.inputs["x"]})
    assert pack.moved(5, 2) == {"x": 10, "y": 16} and unpack.moved(5, 2) == {"x": 16, "y": 10}
    assert pack.cycles(5, 2) == unpack.cycles(5, 2) == 17 and pack.work(5, 2) == 80
    assert pack.depths == {}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("e3m2", 8), TypeError, "input must be a Format, got 'e3m2'"),
        ((parse_format("e4m3"), 8), ValueError, "input must have 3, 6 or 12 bits, got e4m3 of 8"),
        ((FP6, 0), ValueError, "lanes must be 1..1024, got 0"),
        ((FP6, 8, "back"), ValueError, "way must be one of pack, unpack, got 'back'"),
    ],
)
def test_what_is_no_store_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PlanesSpec(*arguments)  # type: ignore[arg-type]
