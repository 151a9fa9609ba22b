"""The cost of arrays over their sides: the table, the picture, and what was measured."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import hw
from dse.studies.scaling import SHAPES, STYLES, Scaling, draw, row, table
from hw.specs.array import ArraySpec

DOCS = Path(__file__).parents[3] / "docs"


def example(flow: str, side: int) -> dict[str, object]:
    spec = hw.parse(f"array/int8xint8/{side}x{side}/{flow}")
    assert isinstance(spec, ArraySpec)
    return row(spec, {"lut": 100 * side * side + 8, "ff": 70 * side * side, "flow": "synth"})


def measured() -> list[dict[str, str]]:
    lines = (DOCS / Scaling.page).read_text().splitlines()
    assert lines[1].startswith("# Made by `python -m dse.studies scaling` with pyosys ")
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def test_a_row_has_an_elements_share() -> None:
    assert example("os", 4) == {
        "spec": "array/int8xint8/4x4/os/exact/kulisch1024/p1",
        "flow": "os",
        "rows": 4,
        "columns": 4,
        "lut": 1608,
        "ff": 1120,
        "lut_per_element": 100.5,
        "ff_per_element": 70.0,
        "synthesis": "synth",
    }


def test_the_table_is_csv_under_its_header() -> None:
    lines = table([example("os", 2), example("ws", 2)], "# made\n").splitlines()
    assert lines[:2] == ["# made", "spec,flow,rows,columns,lut,ff,lut_per_element,ff_per_element,synthesis"]
    assert lines[3] == "array/int8xint8/2x2/ws/exact/kulisch1024/p1,ws,2,2,408,280,102.0,70.0,synth"


def test_the_picture_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    rows = [example(flow, side) for flow in STYLES for side in (2, 4, 8)]
    for name in ("one.png", "two.png"):
        draw(rows, "a family", tmp_path / name)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one == two
    assert one.startswith(b"\x89PNG")


def test_every_shape_was_measured_and_drawn() -> None:
    shapes = [(row["flow"], int(row["rows"]), int(row["columns"])) for row in measured()]
    assert shapes == [(flow, *shape) for flow in STYLES for shape in SHAPES]
    assert (DOCS / "images" / "array_scaling.png").exists()


@pytest.mark.parametrize("flow", STYLES)
def test_luts_grow_with_the_number_of_elements(flow: str) -> None:
    shares = [float(row["lut_per_element"]) for row in measured() if row["flow"] == flow]
    assert max(shares) < 1.05 * min(shares)


@pytest.mark.parametrize("flow", STYLES)
def test_registers_of_square_arrays_do_too(flow: str) -> None:
    rows = [row for row in measured() if row["flow"] == flow and row["rows"] == row["columns"]]
    shares = [float(row["ff_per_element"]) for row in rows]
    assert max(shares) < 1.1 * min(shares)


def test_one_flow_can_be_drawn_alone_and_one_target_is_looked_at(tmp_path: Path) -> None:
    draw([example("os", 2)], "a family", tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="scaling is of one target, got 2"):
        Scaling.load().part("", ["ecp5", "ice40"])
