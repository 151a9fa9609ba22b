"""What the tests of compiled networks share."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from costmodel.devices import parse_device
from dse.compiling.cdriver import c_driver
from dse.compiling.compiler import Compiled, compile_model, parse_core
from dse.compiling.program import Program
from dse.compiling.working import driver_files
from sim.standin import StandIn

DEVICE = parse_device("ecp5-85k")
HERE = Path(__file__).parent
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1"]


def compiled(path: Path, core: str, **options: Any) -> Compiled:
    """A model on a core of that name."""
    return compile_model(path, DEVICE, core=parse_core(core), **options)


class CDriver:
    """The driver in C, as a program that asks a core in software.

    Attributes
    ----------
    core : StandIn
    """

    def __init__(self, program: Program, folder: Path, core: StandIn | None = None) -> None:
        self.core, self.folder, self.program = core or StandIn(program.spec), folder, program
        for name, text in c_driver(program).items():
            (folder / name).write_text(text)
        for path, data in driver_files(program, folder).items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        command = ["cc", *FLAGS, f"-I{folder}", HERE / "standin.c", folder / "driver.c", "-lm", "-o", folder / "driver"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def run(self, x: NDArray[np.float32]) -> tuple[int, NDArray[np.float32]]:
        """What is wrong, 0 for nothing, and what comes out."""
        (self.folder / "input").write_bytes(x.tobytes())
        names = [self.folder / "driver", self.folder / "weights" / "frames.bin", self.folder / "input"]
        with subprocess.Popen(names, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin and process.stdout
            while (kind := process.stdout.read(1)) != b"e":
                answer = self._answer(kind, process.stdout)
                if answer is not None:
                    process.stdin.write(answer)
                    process.stdin.flush()
            (wrong,) = struct.unpack("<I", process.stdout.read(4))
            output = np.frombuffer(process.stdout.read(), dtype=np.float32)
        return wrong, output.reshape(self.program.shape)

    def _answer(self, kind: bytes, stream: Any) -> bytes | None:
        if kind == b"w":
            self.core.write(*struct.unpack("<II", stream.read(8)))
            return None
        if kind == b"r":
            return struct.pack("<I", self.core.read(*struct.unpack("<I", stream.read(4))))
        assert kind == b"s", kind
        *sent, count = struct.unpack("<IIII", stream.read(16))
        for name, size in zip("abp", sent, strict=True):
            if data := stream.read(size):
                self.core.send(f"s_axis_{name}", data)
        return self.core.receive(count)


@pytest.fixture
def c_driver_of(tmp_path: Path) -> Any:
    """Makes C drivers."""
    return lambda program, core=None: CDriver(program, tmp_path, core)
