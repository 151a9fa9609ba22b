"""One answer for a device."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from costmodel.devices import parse_device
from dse import recommend as module
from dse.recommend import recommend
from dse.space import Space, from_tables
from dse.store import Store

ARRAYS = {"spec": "array/{a}x{a}/{rows}x{columns}/ws", "a": ["int3", "int8"], "rows": [2, 4, 8], "columns": [2, 4]}
TABLES = {"devices": ["ecp5-25k"], "workload": "mnist-cnn", "objectives": ["throughput", "loss"], "designs": [ARRAYS]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("recommend") / "s") as store:
        yield store


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(name: str) -> Space:
        assert name == "recommend"
        return from_tables(TABLES)

    monkeypatch.setattr(module, "read", small)


@pytest.mark.kept("ice40-hx8k-GOPS")
@pytest.mark.parametrize(("device", "goal"), [("ice40-hx8k", "GOPS"), ("zu5ev-k26", "a cycle")])
def test_the_largest_that_fits_of_what_loses_little(device: str, goal: str, store: Store) -> None:
    found = recommend(parse_device(device), "mnist-cnn", 3.0, store, 1)
    accuracy, size, further = found.reasons
    assert found.answer == f"{found.spec}: macsmith generate {found.spec} --device {device} -o rtl"
    assert size.startswith("8 x 4 take about ")
    assert goal in size
    if goal == "GOPS":
        assert found.spec.startswith("array/int3xint3/8x4/")
        assert accuracy.startswith("int3xint3/exact/exact loses 2.02 ± 0.25 points on mnist-cnn")
        assert further.startswith("Less loss: array/int8xint8/8x4/")
    else:
        # Without a clock model both make as much, and the one loses less.
        assert found.spec.startswith("array/int8xint8/8x4/")
        assert further == "No other array that fits does more, or loses less, of those compared, up to 8 x 4."


def test_what_may_lose_less_is_slower(store: Store) -> None:
    found = recommend(parse_device("ecp5-25k"), "mnist-cnn", 0.1, store, 1)
    assert found.spec.startswith("array/int8xint8/8x4/")
    assert re.fullmatch(
        r"More: array/int3xint3/8x4/\S+ has \S+ times its GOPS, loses 2.02 ± 0.25 points, and takes about \d+ %.",
        found.reasons[2],
    )


def test_what_nothing_reaches_is_named(store: Store) -> None:
    with pytest.raises(ValueError, match="no array that fits ecp5-25k loses at most 0 points on mnist-cnn: the least"):
        recommend(parse_device("ecp5-25k"), "mnist-cnn", 0, store, 1)
    with pytest.raises(ValueError, match="loss must be points from 0 on, got -1"):
        recommend(parse_device("ecp5-25k"), "mnist-cnn", -1, store, 1)
    with pytest.raises(TypeError, match="device must be a Device, as macsmith.parse_device gives one, got 'ecp5-25k'"):
        recommend("ecp5-25k", "mnist-cnn", 1, store, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="loss must be a number, got '1'"):
        recommend(parse_device("ecp5-25k"), "mnist-cnn", "1", store, 1)  # type: ignore[arg-type]
