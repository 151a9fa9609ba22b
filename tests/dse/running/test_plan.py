"""Plans: pieces make up the products, fit the unit, and take what simulated cores take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from dse.running import CanNotRun, run
from dse.running.lists import moved
from dse.running.plan import Pieces, plans
from dse.workloads.gemms.product import GemmList, Product
from sim.benches.gemm import Planner
from sim.perform import perform

CORES = [
    "gemm/int8xint8/4x4/os/exact/kulisch1024/p1/wide/x1/k48/n24/w64",
    "gemm/int8xint8/3x5/ws/exact/kulisch1024/p1/wide/x1/k48/n24/w64/h7",
    "gemm/int8xint8/3x5/is/exact/kulisch1024/p1/wide/x1/k48/n24/w64/h7",
    "gemm/int8xint8/4x4/os/exact/kulisch1024/p1/int8/channel/x1/p2/k512/n24/w512",
    "blockgemm/8*e2m1@ue8m0x8*e2m1@ue8m0/2x2/fp16/p1/x1/p2/k32/n16/w64",
]
ARRAYS = ["array/int8xint8/3x5/os/exact/kulisch64/p1", "array/int8xint8/3x5/ws", "array/int8xint8/3x5/is"]
OTHERS = [
    "mac/int8xint8/exact/kulisch64/p1",
    "dot/int8xint8/n8",
    "blockdot/mxfp4xmxfp4/exact/p2",
    "matvec/int8xint8/4x8/exact/kulisch64/p1",
    "matvec/int8xint8/4x8/16x32",
    "tellme/int8/g3/t4/q5/half/lutram/kulisch4608/p1",
    "tmac/int4xint8/g4/t2/q3/serial/full/lutram/exact/p1",
]


def shapes(count: int = 40, most: int = 300) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(3)
    m, k, n = (np.concatenate([[1, 1], rng.integers(1, most, count)]) for _ in range(3))
    return m, k, n


def sums(pieces: Pieces, of: Any, count: int) -> list[int]:
    """Of each product."""
    return np.bincount(pieces.product, pieces.times * of, count).astype(np.int64).tolist()


@pytest.mark.parametrize("name", CORES)
def test_pieces_make_up_the_products_and_fit_the_core(name: str) -> None:
    spec: Any = hw.parse(name)
    m, k, n = shapes()
    for pieces in plans(spec, m, k, n):
        spec.check_run(**pieces.shape)
        # Blocks are filled up.
        padded = -(-k // spec.granule) * spec.granule
        assert sums(pieces, spec.work(**pieces.shape), len(m)) == (m * padded * n).tolist()


@pytest.mark.parametrize("name", [*ARRAYS, *OTHERS])
def test_pieces_make_all_products(name: str) -> None:
    spec: Any = hw.parse(name)
    m, k, n = shapes()
    (pieces,) = plans(spec, m, k, n)
    work = pieces.shape["beats"] if spec.unit == "mac" else spec.work(**pieces.shape)
    made, needed = sums(pieces, work, len(m)), m * k * n
    assert all(a >= b for a, b in zip(made, needed, strict=True))
    # A product that fills the unit, whatever it is, has no padding.
    (whole,) = plans(spec, *(np.array([size]) for size in (15, 480, 240)))
    work = whole.shape["beats"] if spec.unit == "mac" else spec.work(**whole.shape)
    assert sums(whole, work, 1) == [15 * 480 * 240]


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_takes_the_tiles_that_loops_find(name: str) -> None:
    spec: Any = hw.parse(name)
    m, k, n = 7, 100, 11
    (pieces,) = plans(spec, *(np.array([size]) for size in (m, k, n)))
    tiles = {
        # K is more than 64: two pieces of 50.
        "os": [50 for _ in range(0, m, 3) for _ in range(0, n, 5) for _ in range(0, k, 50)],
        "ws": [m for _ in range(0, k, 3) for _ in range(0, n, 5)],
        "is": [n for _ in range(0, k, 3) for _ in range(0, m, 5)],
    }[spec.flow]
    assert pieces.shape["tiles"].tolist() == [len(tiles)]
    assert pieces.shape["beats"].tolist() == [tiles[0]]


def test_what_does_not_divide_is_a_run_of_its_own() -> None:
    spec = hw.parse("array/int8xint8/2x2/os/exact/kulisch64/p1")
    (pieces,) = plans(spec, *(np.array([size]) for size in (2, 129, 2)))
    assert pieces.shape == {"beats": [43], "tiles": [3]}
    (pieces,) = plans(spec, *(np.array([size]) for size in (2, 127, 2)))
    assert pieces.shape["beats"].tolist() == [64, 63]
    assert pieces.shape["tiles"].tolist() == [1, 1]


def test_sums_end_where_they_do() -> None:
    found = run(hw.parse("matvec/int8xint8/4x8/exact/kulisch64/p1"), listed(Product("p", 3, 100, 9, 2)))
    # Three groups of columns, thirteen beats each, of which eight make a sum of 64.
    assert found.beats == {"s_axis_a": 2 * 3 * 3 * 13, "s_axis_w": 2 * 3 * 3 * 13, "m_axis_y": 2 * 3 * 3 * 2}
    assert run(hw.parse("mac/int8xint8/exact/kulisch64/p1"), listed(Product("p", 3, 100, 9))).beats["acc"] == 3 * 9 * 2


def listed(*products: Product) -> GemmList:
    return GemmList("mine", "mine", "a test", products)


def pieces_of(spec: Any, *size: int) -> list[dict[str, Any]]:
    """The runs of the fastest plan for one product, one by one."""
    found = plans(spec, *(np.array([each]) for each in size))
    cycles = [np.sum(each.times * spec.cycles(**each.shape)) for each in found]
    best, runs = found[int(np.argmin(cycles))], []
    for at, (times, kept) in enumerate(zip(best.times, best.kept, strict=True)):
        shape = {name: int(column[at]) for name, column in best.shape.items()}
        runs += [{"shape": shape, "keep": bool(kept)}] * int(times)
    return runs


@pytest.mark.parametrize("name", CORES)
def test_a_list_takes_what_its_runs_take_one_by_one(name: str) -> None:
    spec: Any = hw.parse(name)
    sizes = [(50, 160, 70), (1, 33, 1), (9, 64, 200)]
    cycles = [sum(int(spec.cycles(**piece["shape"])) for piece in pieces_of(spec, *size)) for size in sizes]
    found = run(spec, listed(*(Product("p", *size, times) for times, size in enumerate(sizes, 1))))
    assert found.cycles.tolist() == [cycles[0], 2 * cycles[1], 3 * cycles[2]]


SIMULATED = [
    # N, K, or both are more than the core holds; an odd rest of each.
    ("gemm/int4xint4/2x3/os/exact/kulisch16/p0/wide/x1/k8/n8/w16", [(5, 19, 10), (3, 4, 7), (1, 8, 1)]),
    # Where the input stays, B streams, and more of it than there may be columns is sent in runs that keep A.
    ("gemm/int4xint4/2x2/is/exact/kulisch64/p1/int4/tensor/x1/p2/k16/n8/w32/h4", [(5, 7, 21), (9, 16, 8)]),
]


@pytest.mark.parametrize(("name", "products"), SIMULATED, ids=["os", "is"])
def test_a_simulated_core_takes_as_long_and_as_much(name: str, products: list[tuple[int, int, int]]) -> None:
    spec: Any = hw.parse(name)
    planner, rng, jobs, kept = Planner(spec, 1), np.random.default_rng(2), [], None
    for product in products:
        for piece in ordered(pieces_of(spec, *product)):
            m, k, n = (piece["shape"][size] for size in "mkn")
            a, b = (rng.integers(0, 16, shape) for shape in ((m, k), (k, n)))
            if piece["keep"]:
                a, b = (kept, b) if spec.flow == "is" else (a, kept)
            kept = a if spec.flow == "is" else b
            jobs.append(planner.job(a, b, keep=piece["keep"], bias=spec.scope == "channel"))
    assert len(jobs) > len(products)
    outcomes = perform(spec, jobs)
    gemms = listed(*(Product("p", *size) for size in products))
    found = run(spec, gemms)
    assert found.total == sum(outcome.cycles for outcome in outcomes)
    sent = dict.fromkeys(found.beats, 0)
    for job in jobs:
        for stream, frames in job.frames.items():
            sent[stream] += sum(len(bytes.fromhex(frame)) for frame in frames) * 8
    taken = {stream.name: stream.bits for stream in moved(spec, found).streams}
    assert {stream: taken[stream] for stream in sent if stream != "m_axis"} == {
        stream: bits for stream, bits in sent.items() if stream != "m_axis"
    }
    assert found.beats["m_axis"] == sum(outcome.shown["beats"] for outcome in outcomes)


def ordered(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs that load an operand, each followed by its share of those that keep one of the same size."""
    loads, keeps = ([piece for piece in pieces if piece["keep"] == keep] for keep in (False, True))
    found = []
    for load in loads:
        found.append(load)
        same = [piece for piece in keeps if all(piece["shape"][size] == load["shape"][size] for size in "mk")]
        twins = sum(each["shape"] == load["shape"] for each in loads)
        found += same[: len(same) // twins]
    assert len(found) == len(pieces)
    return found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mul/int8xint8", "spec must be of a unit that makes matrix products, mac, .*matvec, got mul/"),
        (
            "gemm/int8xint8/4x4",
            "k must be at most 256 for gemm/.*, whose codes the host can't add up: take k300 .* 300",
        ),
        ("blockgemm/mxfp4xmxfp4/4x4/fp32/p1/x1/p2/k32/n16/w16", "words must be at least a block's, 32, .*, got 16"),
    ],
)
def test_what_a_unit_can_not_make_is_refused(name: str, message: str) -> None:
    with pytest.raises(CanNotRun, match=message):
        run(hw.parse(name), listed(Product("p", 1, 300, 1)))


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match="spec must be a Spec, got 'gemm'"):
        run("gemm", listed(Product("p", 1, 1, 1)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="gemms must be a GemmList, got 'resnet18'"):
        run(hw.parse("mac/int8xint8"), "resnet18")  # type: ignore[arg-type]
