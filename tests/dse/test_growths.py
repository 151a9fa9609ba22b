"""Growths that were counted ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from costmodel.estimate.growth import Growth
from costmodel.estimate.part import COUNTS
from dse import counting
from dse.growths import designs_of, main, space_of, table
from dse.space import Space, from_tables, read
from dse.store import Store

ICE40 = hw.parse_target("ice40")


@pytest.fixture
def tiny() -> Space:
    group = {"spec": "array/int2xint2/{rows}x2/ws", "rows": [2, 4]}
    return from_tables({"question": "?", "targets": ["ice40"], "designs": [group, {"spec": "mul/int2xint2"}]})


def test_what_was_counted_ahead_is_not_counted_again(
    tiny: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path / "a") as store:
        designs = designs_of([tiny], store, 1)
        assert [str(spec).split("/")[0] for spec, _ in designs] == ["array", "mul"]
        packed = table(designs, store, 1)
        assert packed == table(designs[::-1], store, 1)
        counted = counting.parts_of(designs, store, 1)
    monkeypatch.setattr(counting, "TABLE", tmp_path / "growths.json.gz")
    counting.TABLE.write_bytes(packed)
    counting.shipped.cache_clear()
    asked: list[Any] = []
    monkeypatch.setattr(counting, "counted", lambda wanted, *_: asked.extend(wanted))
    monkeypatch.setattr("costmodel.estimate.growth.part", None)
    with Store(tmp_path / "b") as store:
        shipped = counting.parts_of(designs, store, 1)
    counting.shipped.cache_clear()
    assert not asked
    sizes = np.array([[6, 2], [1, 1]])
    for name, values in counted.estimate(np.arange(2), sizes).items():
        np.testing.assert_array_equal(values, shipped.estimate(np.arange(2), sizes)[name])


def test_recommend_is_counted_for_several_families() -> None:
    assert [device.target.name for device in space_of("recommend").devices] == ["ecp5", "ice40", "xcup"]
    assert space_of("edge") == read("edge")


def test_the_command_writes_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing", "--store", str(tmp_path / "s"), "-o", str(tmp_path / "t")]) == 2
    assert "a space must be a .toml file or one of blocks, datapaths, default" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_the_table_that_comes_with_the_project_can_be_read() -> None:
    assert len(counting.shipped()) > 80
    for value in counting.shipped().values():
        assert Growth.from_dict(value).counts.shape[0] == len(COUNTS)
