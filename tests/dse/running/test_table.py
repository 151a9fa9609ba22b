"""Columns of lists on designs: what `run` says of each, at any size, and what follows of clock and energy."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas
import pytest

import hw
from costmodel.traffic import price
from dse.columns import COLUMNS
from dse.running import CanNotRun, Runs, fitted, run, runs
from dse.running.lists import _run, moved, signature
from dse.running.sized import at, template
from dse.workloads.gemms.networks import load
from dse.workloads.gemms.product import GemmList, Product
from hw.units import spec_type

MINE = GemmList(
    "mine", "mine", "a test", (Product("p", 33, 100, 50, 2), Product("q", 1, 7, 3), Product("r", 5, 64, 64))
)
SIZED = [
    "gemm/int8xint8/8x8/os/exact/kulisch1024/p1/int8/tensor/x2/p6/k256/n256/w1024",
    "gemm/int4xe4m3/8x8/ws/exact/kulisch256/p2/wide/x2/k256/n256/w256",
    "gemm/int8xint8/8x8/is/exact/kulisch1024/p1/int8/channel/x2/p6/k256/n256/w1024/h20",
    "blockgemm/mxfp4xmxfp4/8x8/fp32/p1/x2/p2/k256/n256/w1024",
    "array/int8xint8/8x8/os/exact/carrysave64/p2",
    "array/int8xint8/8x8/ws",
    "matvec/int8xint8/4x8/64x64",
    "matvec/int8xint8/4x8",
    "dot/int8xint8/n8",
    "mac/int8xint8",
    "tellme/int8/g3/t8/q16",
    "tmac/int4xint8/g4/t4/q16/serial",
]


def other_sizes(spec: Any) -> list[tuple[int, ...]]:
    return list(product(*([2, 4, 16] for _ in spec.sizes)))


@pytest.mark.parametrize("name", SIZED)
def test_a_design_at_other_sizes_takes_what_the_real_one_takes(name: str) -> None:
    spec = hw.parse(name)
    of = template(spec)
    for sizes in other_sizes(spec):
        real, quick = spec.resized(sizes), at(of, sizes)
        one, other = (_run(each, MINE.shapes) for each in (real, quick))
        assert (one.cycles.tolist(), one.beats, one.accesses) == (other.cycles.tolist(), other.beats, other.accesses)
        assert moved(quick, other) == moved(real, one)
        assert quick.rate == real.rate
        assert signature(quick) == signature(template(real))


def test_what_has_one_signature_takes_as_long() -> None:
    names = ["int8xint8", "int4xint4", "e4m3xe4m3", "int8xternary"]
    tails = ["os", "ws", "os/exact/kulisch1024/p2", "os/exact/carrysave1024/p1", "os/exact/kulisch1024/p1/wide/x1"]
    found: dict[Any, set[Any]] = {}
    for formats, tail in product(names, tails):
        spec = hw.parse(f"gemm/{formats}/8x8/{tail}")
        taken = run(spec, MINE)
        key = (taken.total, tuple(taken.beats.items()), taken.accesses)
        found.setdefault(signature(template(spec)), set()).add(key)
    assert len(found) < len(names) * len(tails)
    assert all(len(keys) == 1 for keys in found.values())


def test_columns_are_those_of_each_design() -> None:
    names = [SIZED[0], SIZED[4], SIZED[9], "gemm/int8xint8/8x8/os/exact/kulisch1024/p1/int8/tensor/x2/p6/k64/n64/w64"]
    specs = [hw.parse(name) for name in names]
    part, sizes = np.array([0, 1, 2, 0, 3, 1]), np.array([[4, 8], [4, 8], [1, 1], [4, 8], [4, 8], [16, 2]])
    found = Runs(specs, MINE, "horowitz_45nm").columns(part, sizes)
    assert set(found) <= set(COLUMNS)
    for row, (number, size) in enumerate(zip(part, sizes, strict=True)):
        values = {name: column[row] for name, column in found.items()}
        if number == 3:
            # K is 100, and codes can't be added up.
            assert all(np.isnan(value) for value in values.values())
            continue
        spec = specs[number].resized(size[: len(specs[number].sizes)].tolist())
        taken = run(spec, MINE)
        traffic = moved(spec, taken)
        cost = price(traffic, "horowitz_45nm")
        assert values["cycles"] == taken.total
        assert values["utilisation"] == pytest.approx(MINE.macs / taken.total / float(spec.rate.count))
        assert values["traffic_bytes"] == traffic.outside_bits / 8
        assert values["traffic_uj"] == pytest.approx((cost.inside + cost.outside) / 1e6)


def test_no_designs_have_no_rows() -> None:
    assert runs([], MINE).shape == (0, 4)
    assert columns([], np.empty((0, 2), dtype=int))["cycles"].tolist() == []  # type: ignore[arg-type]


def test_a_design_that_was_seen_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Runs([hw.parse(SIZED[0]), hw.parse(SIZED[0].replace("int8x", "int4x"))], MINE)
    part, sizes = np.array([0, 1] * 500), np.full((1000, 2), 4)
    first = found.columns(part, sizes)
    # Operands of fewer bits are less traffic, in as many cycles.
    assert len(set(first["cycles"])) == 1
    assert first["traffic_bytes"][1] < first["traffic_bytes"][0]
    monkeypatch.setattr("dse.running.table.run", None)
    assert found.columns(part, sizes)["cycles"].tolist() == first["cycles"].tolist()


def test_a_table_has_frames_and_energy_where_it_knows_clock_and_operation() -> None:
    table = pandas.DataFrame(
        {
            "spec": [SIZED[9], SIZED[0], SIZED[9]],
            "mhz": [100.0, None, 50.0],
            "mhz_estimated": [200.0, 200.0, 200.0],
            "energy_pj": [0.5, None, 0.5],
        },
        index=["a", "b", "c"],
    )
    found = runs(table, MINE)
    assert found.index.tolist() == ["a", "b", "c"]
    assert list(found) == [name for name in COLUMNS if name in found]
    cycles = found["cycles"]["a"]
    assert found["frames_s"].tolist()[::2] == [1e8 / cycles, 5e7 / cycles]
    assert np.isnan(found["frames_s"]["b"])
    assert found["frames_s_estimated"]["a"] == 2e8 / cycles
    logic = found["energy_frame_uj"]["a"] - found["traffic_uj"]["a"]
    assert logic == pytest.approx(0.5e-6 * MINE.macs)
    assert list(runs([hw.parse(SIZED[0])], MINE, None)) == ["cycles", "utilisation", "traffic_bytes"]


@pytest.mark.parametrize("unit", ["mac", "array", "gemm", "blockgemm", "dot", "blockdot", "matvec", "tellme", "tmac"])
def test_every_unit_of_sums_runs_every_network(unit: str) -> None:
    spec: Any = hw.parse(spec_type(unit).example)
    for name in ("resnet18", "mobilenetv2", "bitnet_700m_decode"):
        gemms = load(name)
        room = fitted(spec, gemms) if unit in ("gemm", "blockgemm") else spec
        (row,) = runs([room], gemms, None).to_dict("records")
        assert 0 < row["utilisation"] <= 1


def test_a_core_is_fitted_to_a_list() -> None:
    small: Any = hw.parse("gemm/int8xint8/8x8")
    large = fitted(small, load("resnet18"))
    assert (large.max_k, large.words, large.accumulator) == (4608, 4608, "kulisch8192")
    assert fitted(large, load("resnet18")) == large
    assert run(large, load("resnet18")).total > 0
    with pytest.raises(CanNotRun):
        run(small, load("resnet18"))
    with pytest.raises(TypeError, match="spec must be a GemmSpec, got MacSpec"):
        fitted(hw.parse("mac/int8xint8"), MINE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Runs(["mac"], MINE), TypeError, "designs must be Specs, got 'mac'"),  # type: ignore[list-item]
        (lambda: Runs([], "mine"), TypeError, "gemms must be a GemmList, got 'mine'"),  # type: ignore[arg-type]
        (lambda: runs([hw.parse("mac/int8xint8")], MINE, "aladdin_7nm"), ValueError, "table must be one of horowitz"),
        (lambda: runs(pandas.DataFrame({"x": []}), MINE), ValueError, "designs must have a column spec, got .'x'."),
        (lambda: runs(pandas.DataFrame({"spec": ["mac/int8"]}), MINE), ValueError, "operands must be written AxB"),
        (lambda: columns([0], [[4]]), ValueError, r"part and sizes must have shapes \(designs,\) and \(designs, 2\)"),
        (lambda: columns([1], [[4, 4]]), ValueError, r"part must be 0\.\.0, got 1\.\.1"),
        (lambda: columns([0], [[4, 0]]), ValueError, r"sizes must be 1\.\.65536, got 0\.\.4"),
        (lambda: columns([0], [[4, 1 << 17]]), ValueError, r"sizes must be 1\.\.65536, got 4\.\.131072"),
    ],
)
def test_what_does_not_go_together_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def columns(part: list[int], sizes: list[list[int]]) -> Any:
    return Runs([hw.parse(SIZED[0])], MINE).columns(np.array(part), np.array(sizes))
