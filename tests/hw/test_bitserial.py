"""The spec of the dot product of planes: names, widths, cycles, checks."""

from __future__ import annotations

from typing import Any

import pytest

import hw
from hw.spec import from_json
from hw.specs.bitserial import BitserialSpec


@pytest.mark.parametrize("name", ["bitserial/n64/b8/twos/p2", "bitserial/n1/b1/bipolar/p0", "bitserial/n9/b4/both/p1"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_the_result_holds_every_sum_of_numbers_of_all_signs() -> None:
    # 4 lanes of 255 times 255, or of as much with the other sign.
    spec = BitserialSpec(4)
    assert (spec.span.lo, spec.span.hi) == (-4 * 255 * 255, 4 * 255 * 255)
    assert spec.result.name == "fix19.0"
    assert spec.row.hi == 4 * 255


def test_precision_is_cycles() -> None:
    spec = BitserialSpec(64, pipeline=2)
    cycles = {(a, w): spec.cycles(10, a, w) for a, w in ((8, 2), (8, 4), (6, 6), (8, 8))}
    assert cycles == {(8, 2): 164, (8, 4): 324, (6, 6): 364, (8, 8): 644}
    assert spec.work(10, 8, 2) == 640
    assert spec.moved(10, 8, 2) == {"a": 80, "w": 160, "sum": 10}


def test_only_a_unit_of_both_kinds_is_told_which() -> None:
    assert "bipolar" in BitserialSpec(4, kind="both").inputs["a"]
    assert all("bipolar" not in BitserialSpec(4, kind=kind).inputs["a"] for kind in ("twos", "bipolar"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lanes": 0}, ValueError, "lanes must be 1..1024, got 0"),
        ({"lanes": 4.0}, TypeError, "lanes must be an int, got 4.0"),
        ({"lanes": 4, "bits": 9}, ValueError, "bits must be 1..8, got 9"),
        ({"lanes": 4, "kind": "and"}, ValueError, "kind must be one of twos, bipolar, both, got 'and'"),
        ({"lanes": 4, "pipeline": 100}, ValueError, "pipeline must be 0..99, got 100"),
    ],
)
def test_what_is_no_dot_product_of_planes_is_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        BitserialSpec(**arguments)
