"""A GEMM core behind a serial line: driver and RTL meet through the real protocol, bit by bit."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hw
from costmodel import onboard
from costmodel.onboard import place_of
from dse import demo
from dse.onboard import network
from hw.onboard.bridge import Bridge
from rtl_gen import emit
from rtl_gen.boards import boards
from rtl_gen.emit import verilog_around
from rtl_gen.onboard.driver import Core, CoreError
from sim.golden import model
from sim.serial import talk

CYCLES = 6
"""Of a bit: fast, so that a simulation ends."""
CORES = [
    "gemm/int8xint8/4x4/os/exact/kulisch64/p1/int8/channel/p2/k16/n16/w64",
    "gemm/int8xint4/4x2/ws/exact/kulisch64/p1/wide/k16/n16/w64/h6",
    "gemm/int4xint8/2x4/is/exact/kulisch64/p1/int8/tensor/p2/k16/n16/w64/h6",
]


def bridge(name: str) -> tuple[Any, str]:
    spec = hw.parse(name)
    emitted = emit(spec)
    ports = {each["name"]: (each["direction"] == "input", each["width"]) for each in emitted.manifest["ports"]}
    return spec, emitted.verilog + verilog_around(Bridge(spec, emitted.name, ports, CYCLES), "bridge", emitted.verilog)


def operands(spec: Any, m: int, k: int, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """A job: codes of all that a product takes."""
    job: dict[str, Any] = {
        "a": rng.integers(0, 1 << spec.a.width, (m, k)),
        "b": rng.integers(0, 1 << spec.b.width, (k, n)),
    }
    if spec.bias_format is not None:
        job["bias"] = rng.integers(0, 500, n)
    scale = {"m": rng.integers(1 << 14, 1 << 16, n), "e": rng.integers(18, 22, n), "zero": rng.integers(0, 256, n)}
    for name in spec.scale:
        job[name] = scale[name] if spec.scope == "channel" else int(scale[name][0])
    return job


def plain(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in job.items()}


@pytest.mark.kept(CORES[0])
@pytest.mark.parametrize("name", CORES)
def test_products_come_back_as_the_golden_model_has_them(name: str) -> None:
    spec, verilog = bridge(name)
    rng = np.random.default_rng(1)
    jobs = [operands(spec, *shape, rng) for shape in ((5, 7, 6), (1, 1, 1), (9, 16, 3))]
    right = [model(spec).run(**job)[0].tolist() for job in jobs]
    given = [plain(job) for job in jobs]
    # Afterwards with the operand that is kept, and one that is refused.
    kept = given[-1] | {"keep": True, "relu": spec.requant is not None}
    refused = plain(operands(spec, 2, 17, 2, rng))
    found = talk(verilog, "bridge", CYCLES, onboard.about(spec), jobs=[*given, kept, refused])
    assert found[:3] == right
    relu = {"relu": True} if spec.requant is not None else {}
    assert found[3] == model(spec).run(**jobs[-1], **relu)[0].tolist()
    assert found[4] == "the core refused the run: error_large"


def test_the_digits_network_runs_through_the_serial_line() -> None:
    spec, verilog = bridge(demo.NETWORKS["int8"].replace("/8x8/", "/4x4/").replace("w256", "w512"))
    said = json.loads(network(spec, 6)["digits.json"])
    (found,) = talk(verilog, "bridge", CYCLES, onboard.about(spec), network=said)
    assert found == said["predictions"] and len(found) == 6
    assert said["right"] >= 5


def test_a_core_that_the_network_does_not_suit_comes_without_it() -> None:
    assert network(hw.parse(CORES[1])) == {}


def test_a_project_has_bridge_driver_and_network() -> None:
    place = place_of([], [], boards()["ulx3s"], None)
    made = onboard.bridged(hw.parse(CORES[0]), place)
    assert made.cycles == round(25e6 / 115200)
    assert {each.port for each in made.project.edge.pins} == {"clk", "button", "uart_rx", "uart_tx", "led0", "led1"}
    assert json.loads(made.files["core.json"])["name"] == hw.parse(CORES[0]).name
    assert "import serial" in made.files["driver.py"] and "import numpy" not in made.files["driver.py"]
    with pytest.raises(ValueError, match="--uart must have a GEMM core, such as gemm/.*, got mul/int4xint4"):
        onboard.bridged(hw.parse("mul/int4xint4"), place)
    with pytest.raises(ValueError, match="--uart must have a GEMM core, .*, got blockgemm/"):
        onboard.bridged(hw.parse("blockgemm/mxfp4xmxfp4/8x8"), place)
    with pytest.raises(ValueError, match="--uart needs --board"):
        onboard.bridged(hw.parse(CORES[0]), place_of([], ["ecp5-85k"], None, None))


@pytest.mark.parametrize("name", [*CORES, "gemm/e4m3xe4m3/8x8/os/lmul/kulisch64/p1/e4m3/channel/p2/k64/n32/w256"])
def test_the_driver_packs_frames_as_the_golden_model_does(name: str) -> None:
    spec = hw.parse(name)
    rng, frames = np.random.default_rng(2), model(hw.parse(name)).frames
    core = Core(SimpleNamespace(), onboard.about(spec))
    job = operands(spec, 11, 7, 9, rng)
    assert core.pack_a(job["a"].tolist()) == frames.pack_a(job["a"])
    assert core.pack_b(job["b"].tolist()) == frames.pack_b(job["b"])
    given = {key: job[key] for key in spec.parameters}
    if given:
        assert core.pack_p({key: codes.tolist() for key, codes in given.items()}) == frames.pack_p(**given)
    c = rng.integers(0, 1 << min(spec.result.width, 62), (11, 9))
    assert core.unpack(frames.pack_c(c), 11, 9) == c.tolist()


class Silent:
    """A line on which what was put there comes back."""

    def __init__(self, answers: bytes = b"") -> None:
        self.answers = answers

    def write(self, data: bytes) -> None:
        pass

    def read(self, size: int) -> bytes:
        given, self.answers = self.answers[:size], self.answers[size:]
        return given


@pytest.mark.parametrize(
    "answers, said",
    [
        (b"", "nothing more came: 0 bytes of 1"),
        (b"R\0\1\2", "nothing more came: 3 bytes of 5"),
        (b"x", "the core answered x, not R: is something else at the line?"),
        (b"R\0\1\2\3\4", "register ID shows 0x4030201, not 0x2454747: another design, or another baud rate"),
        (b"R\2\0\0\0\0", "reading ID was refused"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(answers: bytes, said: str) -> None:
    core = Core(Silent(answers), onboard.about(hw.parse(CORES[0])))
    with pytest.raises(CoreError) as error:
        core.check()
    assert str(error.value) == said.replace("0x2454747", hex(onboard.ID))


def test_the_driver_stands_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    from rtl_gen.onboard import driver

    (tmp_path / "driver.py").write_text(Path(driver.__file__).read_text())
    done = subprocess.run(
        [sys.executable, "-I", "driver.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "python driver.py /dev/ttyUSB0" in done.stderr
