"""GEMM cores in simulation: every flow, hundreds of shapes in the cycles that are said, and faults that are found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from rtl_gen import Emitted, emit
from sim.benches.coreplay import CorePlay, Job, Outcome
from sim.benches.gemm import Planner, plays
from sim.golden import model
from sim.perform import perform
from sim.runner import Results
from sim.verify import simulate_plays

SHAPES = 54
SMALL = "gemm/int4xint4/2x2/os/exact/kulisch16/p0/int8/tensor/x2/p1/k8/n8/w32"


def simulate(name: str, chosen: list[CorePlay], folder: Path, faulty: Emitted | None = None) -> Results:
    name, _, target = name.partition("@")
    built = hw.parse_target(target or "generic")
    return simulate_plays(faulty or emit(hw.parse(name), built), chosen, folder, built)[0]


@pytest.mark.kept("gemm/e4m3xe4m3/1x3/ws/lmul/kulisch64/p1/e4m3/channel/x1/p2/k16/n16/w64/h14-special2")
@pytest.mark.parametrize(
    ("name", "special"),
    [
        # Sums wait for parameters, for room, and for nothing.
        ("gemm/int8xint8/1x4/os/exact/kulisch64/p0/int8/channel/x4/p1/k16/n64/w64", [(1, 1, 33), (5, 2, 17)]),
        ("gemm/int8xint4/3x4/os/exact/kulisch64/p1/int8:up/tensor/x1/p2/k31/n20/w48", [(11, 31, 4), (29, 13, 9)]),
        # The last tile is so low that it comes before the one above it has gone.
        ("gemm/e4m3xe4m3/1x3/ws/lmul/kulisch64/p1/e4m3/channel/x1/p2/k16/n16/w64/h14", [(64, 4, 3), (13, 16, 7)]),
        ("gemm/int8xternary/3x2/is/exact/kulisch64/p1/wide/x2/k16/n64/w64/h5@ecp5", [(7, 13, 64), (2, 2, 11)]),
    ],
)
def test_cores_do_what_their_models_do_in_the_cycles_that_are_said(
    name: str, special: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    spec: Any = hw.parse(name.partition("@")[0])
    planner = Planner(spec, 7)
    assert all(map(planner.fits, special))
    shapes = [*special, *planner.some_shapes(SHAPES - 11)]
    assert len(shapes) == SHAPES
    # Four cores: 216 shapes, each of which has the duration that `cycles` says among what is compared.
    chosen = [*plays(spec, 1), planner.shapes("more_shapes", shapes)]
    assert all(job["duration"] == job["shown"]["cycles"] for job in chosen[-1].jobs)
    results = simulate(name, chosen, tmp_path)
    assert not results.failures
    assert results.tests == len(chosen) == 19 + bool(spec.scale)


@pytest.mark.kept("dsp:2")
@pytest.mark.parametrize("form", ["dsp", "dsp:2"])
def test_cores_in_multiplier_blocks_do_what_their_models_do(form: str, tmp_path: Path) -> None:
    name = f"gemm/int8xint8/2x3/os/exact/kulisch64/p1/int8/channel/x1/p2/k16/n16/w64/{form}"
    chosen = plays(hw.parse(name), 1)
    results = simulate(f"{name}@ecp5", chosen, tmp_path)
    assert not results.failures
    assert results.tests == len(chosen)


@pytest.mark.parametrize(
    ("pattern", "replacement", "complaint"),
    [
        # A wrong bit, results that change while they wait, and ones that wait to be asked for.
        (
            r"(?s)(  wire \[15:0\]) m_axis_tdata;\n(.*?)\.m_axis_y_tdata\(m_axis_tdata\)",
            r"\1 m_axis_tdata = right ^ 16'h4;\n\1 right;\n\2.m_axis_y_tdata(right)",
            "byte 0 of the results is not",
        ),
        (
            r"\.m_axis_y_tready\(m_axis_tready\)",
            r".m_axis_y_tready(1'b1)",
            "m_axis: (valid fell|what was offered changed)",
        ),
        (
            r"(assign m_axis_tvalid = [^;]*);",
            r"\1 & m_axis_tready;",
            "nothing was offered before it was asked for",
        ),
    ],
)
def test_faults_are_found(pattern: str, replacement: str, complaint: str, tmp_path: Path) -> None:
    spec: Any = hw.parse(SMALL)
    right, planner = emit(spec), Planner(spec, 1)
    faulty, count = re.subn(pattern, replacement, right.verilog)
    assert count == 1
    chosen = [planner.shapes("shapes", [(2, 3, 2)]), *planner.pauses(), planner.held()]
    results = simulate(SMALL, chosen, tmp_path, Emitted(right.name, faulty, right.manifest))
    assert re.search(complaint, " ".join(results.failures)), results.failures


def test_products_are_performed_one_after_the_other() -> None:
    spec: Any = hw.parse(SMALL)
    planner, rng = Planner(spec, 1), np.random.default_rng(1)
    a, first, second = (rng.integers(0, 16, shape) for shape in ((5, 8), (8, 6), (6, 3)))
    scale = {"m": 1 << 15, "e": 21, "zero": 0}
    middle, _ = model(spec).run(a, first, relu=True, **scale)
    outcomes = perform(
        spec, [planner.job(a, first, relu=True, scale=scale), planner.job(middle & 15, second, scale=scale)]
    )
    frames = model(spec).frames
    assert (frames.unpack(bytes.fromhex(outcomes[0].results), 5, 6) == middle).all()
    assert [outcome.cycles for outcome in outcomes] == spec.cycles([5, 5], [8, 6], [6, 3]).tolist()
    assert [outcome.shown["work"] for outcome in outcomes] == [3 * 3 * 8, 3 * 2 * 6]


def test_what_is_not_there_is_not_kept() -> None:
    spec: Any = hw.parse(SMALL)
    planner, rng = Planner(spec, 1), np.random.default_rng(2)
    a, b, bias = rng.integers(0, 16, (3, 4)), rng.integers(0, 16, (4, 5)), planner.bias(5)
    right, keep = {"m": 3, "k": 4, "n": 5}, {"keep": 1}
    short = planner._with_length(planner.job(a, b), "s_axis_b", -1)
    refused = [planner.refused(right | keep | change, "error_keep") for change in ({}, {"k": 3}, {"n": 6}, {"bias": 1})]
    jobs = [
        refused[0],  # nothing has been loaded
        planner.job(a, b),
        *refused[1:],
        planner.job(a[:2], b, keep=True),  # what was refused did no harm
        planner.job(a, b, bias),
        planner.job(a, b, bias, keep=True),
        planner.job(a, b, keep=True),  # and these sums have no bias
        refused[3],
        short,
        refused[0],
        planner.job(a, b),
        planner.interrupted("command", 3),
        refused[0],
    ]
    outcomes = perform(spec, jobs)
    assert [number for number, outcome in enumerate(outcomes) if outcome.shown["error_keep"]] == [0, 2, 3, 4, 9, 11, 14]


def test_a_play_counts_what_it_compares() -> None:
    job = Job(results="0102", shown={"idle": 1}, duration=7, unreadable=[4], unwritable=[(8, 1), (8, 4)])
    assert job.samples == 2 + 1 + 1 + 3
    assert CorePlay.of("two", {}, [job, Job(results=None)]).samples == 7
    assert Outcome().cycles == 0


@pytest.mark.parametrize("flow", ["os", "ws", "is"])
def test_shapes_that_are_tried_fit(flow: str) -> None:
    spec: Any = hw.parse(f"gemm/int8xint8/3x4/{flow}/exact/kulisch64/p1/int8/tensor/x1/p1/k9/n7/w11")
    planner = Planner(spec, 3)
    assert all(map(planner.fits, planner.some_shapes(50)))
    assert planner.near(50, 50, 50)[1] <= 9
    assert not planner.fits((1, 10, 1))


@pytest.mark.parametrize("flow", ["ws", "is"])
def test_a_sum_of_minus_zero_meets_the_zeros_that_fill_up_its_slice(flow: str) -> None:
    spec: Any = hw.parse(f"gemm/e5m2xe5m2/2x2/{flow}/exact/fp16/p1/wide/x1/k8/n8/w32/h3")
    # -2^-16 times 2^-16 is rounded to -0.
    a, b = np.array([[0x80, 0x81]]), np.array([[0x01], [0x01]])
    assert model(spec).run(a, b)[0].tolist() == [[0x8000]]
    planner = Planner(spec, 1)
    assert planner.model.run(a[:, 1:], b[1:])[0].tolist() == [[0]]
    # `perform` holds the core's results to the model's codes.
    assert len(perform(spec, [planner.job(a[:, 1:], b[1:])])) == 1
