"""A core in software takes what a core takes, refuses what one refuses, and says what its Verilog must answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from hw.specs.gemm_registers import gemm_registers
from sim.golden import model
from sim.perform import perform
from sim.standin import StandIn, unpacked

SPEC: Any = hw.parse("gemm/int3xint5/3x4/os/exact/kulisch16/p1/int4/channel/x2/p2/k16/n8/w32")
ADDRESS = {register.name: register.address for register in gemm_registers(SPEC)}
rng = np.random.default_rng(9)


def started(core: StandIn, m: int, k: int, n: int, control: int = 0) -> int:
    """STATUS after a start."""
    for name, value in (("M", m), ("K", k), ("N", n), ("CONTROL", control), ("COMMAND", 1)):
        core.write(ADDRESS[name], value)
    return core.read(ADDRESS["STATUS"])


def operands(m: int, k: int, n: int) -> tuple[Any, Any, dict[str, Any]]:
    a, b = rng.integers(0, 8, (m, k)), rng.integers(0, 32, (k, n))
    bias = rng.integers(0, 1 << SPEC.bias_format.width, n)
    return (
        a,
        b,
        {"bias": bias, "m": rng.integers(1, 1 << 16, n), "e": rng.integers(12, 18, n), "zero": np.zeros(n, int)},
    )


def sent(core: StandIn, a: Any, b: Any, parameters: dict[str, Any]) -> None:
    frames = core.model.frames
    core.send("s_axis_a", frames.pack_a(a))
    core.send("s_axis_b", frames.pack_b(b))
    core.send("s_axis_p", frames.pack_p(**parameters))


def test_a_run_and_one_that_keeps_b_are_those_of_the_verilog() -> None:
    core, (a, b, parameters) = StandIn(SPEC), operands(7, 9, 6)
    assert started(core, 7, 9, 6, 2) == 0
    sent(core, a, b, parameters)
    expected, _ = model(SPEC).run(a, b, **parameters)
    np.testing.assert_array_equal(core.model.frames.unpack(core.receive(42), 7, 6), expected)
    assert core.read(ADDRESS["STATUS"]) == 3
    more = rng.integers(0, 8, (4, 9))
    assert started(core, 4, 9, 6, 2 | 4 | 1) == 0
    core.send("s_axis_a", core.model.frames.pack_a(more))
    expected, _ = model(SPEC).run(more, b, relu=True, **parameters)
    np.testing.assert_array_equal(core.model.frames.unpack(core.receive(24), 4, 6), expected)
    jobs = core.jobs()
    outcomes = perform(SPEC, jobs)
    assert [outcome.cycles for outcome in outcomes] == [job.duration for job in jobs]


@pytest.mark.parametrize(
    ("m", "k", "n", "control"), [(0, 9, 6, 0), (7, 17, 6, 0), (7, 9, 9, 0), (7, 16, 9, 0), (7, 9, 6, 1)]
)
def test_a_start_that_is_refused_shows_it(m: int, k: int, n: int, control: int) -> None:
    core = StandIn(SPEC)
    parts = {part.name: part.low for register in gemm_registers(SPEC) for part in register.parts}
    flag = "error_zero" if not m else "error_keep" if control else "error_large"
    assert started(core, m, k, n, control) == 1 | 1 << parts[flag]
    with pytest.raises(ValueError, match="a run must be started before results come"):
        core.receive(1)


def test_frames_are_as_long_as_the_shape_says() -> None:
    core, (a, b, parameters) = StandIn(SPEC), operands(7, 9, 6)
    started(core, 7, 9, 6, 2)
    with pytest.raises(ValueError, match="s_axis_a must have been sent a frame for this run, got none"):
        core.receive(42)
    sent(core, a[:, :8], b, parameters)
    with pytest.raises(ValueError, match="the frame must have 54 bytes, got 48"):
        core.receive(42)
    with pytest.raises(
        ValueError, match="stream must be one of s_axis_a, s_axis_b, s_axis_p, once for each run, got 's_axi"
    ):
        core.send("s_axis_a", b"")
    core.write(ADDRESS["COMMAND"], 2)
    started(core, 7, 9, 6, 2)
    sent(core, a, b, {name: of[:5] for name, of in parameters.items()})
    with pytest.raises(ValueError, match="the frame of parameters must have"):
        core.receive(42)
    core.write(ADDRESS["COMMAND"], 2)
    started(core, 7, 9, 6, 2)
    sent(core, a, b, parameters)
    with pytest.raises(ValueError, match="count must be 42 bytes, those of the run's results, got 41"):
        core.receive(41)


def test_a_frame_with_something_beyond_the_matrix_is_not_as_written() -> None:
    """The core does not look at it, but the golden model writes zeros."""
    core, (a, b, parameters) = StandIn(SPEC), operands(4, 2, 6)
    started(core, 4, 2, 6, 2)
    padded = np.vstack([a, np.ones((2, 2), int)])
    core.send("s_axis_a", core.model.frames.pack_a(padded))
    core.send("s_axis_b", core.model.frames.pack_b(b))
    core.send("s_axis_p", core.model.frames.pack_p(**parameters))
    core.receive(24)
    with pytest.raises(ValueError, match="frame s_axis_a of run 0 must be as the golden model writes it"):
        core.jobs()


def test_registers() -> None:
    core = StandIn(SPEC)
    assert core.read(ADDRESS["ARRAY"]) == 3 | 4 << 16
    with pytest.raises(ValueError, match="address must be of a register that is written to, got 4"):
        core.write(4, 1)
    with pytest.raises(ValueError, match="address must be of a register, got 3"):
        core.read(3)


def test_other_cores_are_refused() -> None:
    for name in ("gemm/int8xint8/4x4/ws", "gemm/int8xint8/4x4"):
        with pytest.raises(
            ValueError, match="spec must be of flow os and wide or of scope channel, got gemm/int8xint8/4x4"
        ):
            StandIn(hw.parse(name))  # type: ignore[arg-type]


def test_a_name_is_no_core() -> None:
    with pytest.raises(TypeError, match="spec must be a GemmSpec, got 'gemm/int8xint8'"):
        StandIn("gemm/int8xint8")  # type: ignore[arg-type]


def test_unpacking_undoes_packing() -> None:
    a = rng.integers(0, 8, (7, 5))
    frames = model(SPEC).frames
    np.testing.assert_array_equal(unpacked(frames.pack_a(a), 7, 5, 3, 3), a)
