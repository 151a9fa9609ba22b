"""The spec of operations on vectors: names, checks, beats."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.elementwise import ElementwiseSpec
from hw.specs.stream import beat_width

INT8, E4M3 = map(parse_format, ("int8", "e4m3"))


@pytest.mark.parametrize(
    "name",
    [
        "elementwise/add/bf16xbf16/n4/bf16/p3",
        "elementwise/add/int8xint8/n2/exact/p0",
        "elementwise/lmul/e4m3xe4m3/n8/e4m3/p1/fast",
        "elementwise/exact/e4m3xint4/n2/bf16:down/p2",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_a_lane_is_an_adder_or_a_multiplier() -> None:
    spec = ElementwiseSpec("add", INT8, INT8, 3)
    assert spec.lane.name == "add/int8xint8/exact/p0" and spec.result.name == "fix9.0"
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {"a": 25, "b": 24}
    assert ElementwiseSpec("exact", INT8, INT8, 3).lane.name == "mul/int8xint8/exact/exact/p0"
    marked = ElementwiseSpec("add", parse_format("e4m3fn"), E4M3, 2)
    assert beat_width(marked.outputs["y"]) == 2 * (marked.result.width + 2) + 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("sub", INT8, INT8, 1), ValueError, "operation must be .*got 'sub'"),
        (("add", "int8", INT8, 1), TypeError, "a must be a Format, got 'int8'"),
        (("add", INT8, INT8, 0), ValueError, "lanes must be .*got 0"),
        (("lmul", INT8, INT8, 1), ValueError, "lmul"),
        (("add", INT8, INT8, 1, INT8), ValueError, "result must be exact or a float with exponent bits, got int8"),
        (("add", INT8, INT8, 1, None, "nearest_even", 100), ValueError, "pipeline must be .*got 100"),
    ],
)
def test_what_is_no_operation_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ElementwiseSpec(*arguments)  # type: ignore[arg-type]
