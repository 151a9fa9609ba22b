"""Arrays in multiplier blocks: which are measured on what, and what the page says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import hw
from costmodel.devices import parse_device
from costmodel.targets import load
from dse.studies.blocks import COLUMNS, Blocks, line
from dse.studies.text import Flows
from hw.specs.array import ArraySpec


def cost(**values: object) -> dict[str, object]:
    given = {"lut": 2647, "ff": 4012, "dsp": 64, "fmax": 204.4, "flow": "synth", "unplaced": "", "lut_kind": "LUT4"}
    return {**given, "versions": {"pyosys": "1"}, **values}


def spec_of(name: str) -> ArraySpec:
    spec = hw.parse(f"array/int8xint8/8x8/os/exact/kulisch1024/p1{name}")
    assert isinstance(spec, ArraySpec)
    return spec


def test_each_array_is_measured_on_its_targets(tmp_path: Path) -> None:
    study = Blocks.load()
    jobs = [(row, study.jobs(row, tmp_path)) for row in study.rows]
    assert {name for _, given in jobs for (name,) in given} == {"ecp5", "gowin", "xc7", "xcup"}
    for row, given in jobs:
        assert {name for (name,) in given} == set(row.targets)


BUILT = [f"{row.spec.name}@{target}" for row in Blocks.load().rows for target in row.targets]


@pytest.mark.kept(BUILT[-1])
@pytest.mark.parametrize("name", BUILT)
def test_each_array_can_be_built(name: str) -> None:
    spec, _, target = name.partition("@")
    hw.build(hw.parse(spec), hw.parse_target(target))


def test_mixes_take_the_blocks_that_a_device_has() -> None:
    mixes = [(row.spec, name) for row in Blocks.load().rows for name in row.targets if ":" in row.spec.form]
    assert mixes
    for spec, name in mixes:
        assert parse_device(load(name).device).dsp == spec.rows * spec.in_blocks


@pytest.mark.parametrize(
    ("form", "dsp", "blocks", "products"),
    [("", 0, "-", "-"), ("/dsp", 64, "64", "1"), ("/dsp", 32, "32", "2"), ("/dsp:5", 20, "20", "2")],
)
def test_a_line_says_how_many_products_a_block_makes(form: str, dsp: int, blocks: str, products: str) -> None:
    cells = dict(zip(COLUMNS, line(spec_of(form), cost(dsp=dsp), Flows()), strict=True))
    assert (cells["blocks"], cells["products"]) == (blocks, products)
    assert (cells["LUT"], cells["FF"], cells["MHz"]) == ("2,647", "4,012", "204")


def test_the_page_says_why_there_are_no_mhz() -> None:
    study = Blocks.load()
    found = [
        (row, {(name,): cost(fmax=None, unplaced=f"{name} is not timed") for name in row.targets}) for row in study.rows
    ]
    page = study.files(found)[study.page]
    assert isinstance(page, str)
    assert "with pyosys 1." in page
    assert page.count("## ") == 4
    assert "## Gowin LittleBee and Arora (LUT4; a block is a MULT9X9, half of a MULT18X18)" in page
    assert "Without MHz: gowin is not timed." in page
