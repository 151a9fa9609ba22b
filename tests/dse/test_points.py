"""Which designs are drawn from a data file."""

from __future__ import annotations

import pytest

import hw
from dse.points import points

FILE = """
seed = 1
main = ["ecp5", "ice40"]
others = ["nexus", "gowin", "xc7"]
every = 2
timed = ["ecp5"]
[lists]
formats = ["int2", "int3", "nonsense", "e2m1"]
[[group]]
spec = "mul/{formats}x{formats}/exact/exact/p{stages}"
stages = ["0", "1"]
sample = 6
placed = 2
[[group]]
spec = "mac/int8xint8/exact/kulisch1024/p1/dsp"
sample = 1
"""


def test_the_points_of_the_project_are_many_and_the_same_in_each_run() -> None:
    found = points()
    assert found == points()
    assert len(found) >= 3000
    assert sum(point.placed for point in found) >= 400
    assert {point.target.name for point in found} == set(hw.TARGETS) - {"generic"}
    # Each unit that can be measured is there, and none twice.
    # What an encoder is made of is measured unit by unit: one takes minutes.
    assert {point.spec.unit for point in found} == set(hw.UNITS) - {"encoder"}
    assert len({(point.spec, point.target) for point in found}) == len(found)


def test_designs_are_drawn_and_what_is_none_is_left_out() -> None:
    found = points(FILE)
    names = list(dict.fromkeys(point.spec.name for point in found))
    assert len(names) == 7
    assert all(name.startswith("mul/") for name in names[:6])
    assert not any("nonsense" in name for name in names)
    # The first two of the group that says so are placed, on the family that is timed.
    assert [(point.spec.name, point.target.name) for point in found if point.placed] == [
        (names[0], "ecp5"),
        (names[1], "ecp5"),
    ]


def test_what_is_large_is_counted_and_not_placed() -> None:
    (first, *rest) = (point.spec.name for point in points(FILE) if point.placed)
    found = points(FILE.replace("placed = 2\n", f'placed = 2\nlarge = "^{first}$"\n'))
    assert [point.spec.name for point in found if point.placed] == rest
    assert [point.spec for point in found] == [point.spec for point in points(FILE)]


def test_every_so_manieth_design_is_on_other_families_too_in_turn() -> None:
    others = [point.target.name for point in points(FILE) if point.target.name not in ("ecp5", "ice40")]
    assert others == ["xc7", "nexus", "gowin", "xc7", "nexus", "gowin"]


def test_a_design_that_a_family_lacks_is_left_out_there() -> None:
    assert [p.target.name for p in points(FILE) if p.spec.unit == "mac"] == ["ecp5"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sample = 1\n", "sample = 2\n", "mac/.*/dsp: sample must be at most 1, the designs there are"),
        ("{formats}x{formats}", "{formats}x{format}", "mul/.*: there is no list format"),
    ],
)
def test_a_group_that_can_not_be_drawn_is_an_error(old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        points(FILE.replace(old, new))
