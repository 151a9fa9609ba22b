"""A program at work without its core: by the golden model, or by a core in software whose runs a simulator repeats."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import hw
from dse.compiling.driver import Codes, Driver
from dse.compiling.program import Placed, Program
from dse.compiling.steps import Array
from hw.specs.gemm import GemmSpec
from rtl_gen.steps import say
from rtl_gen.tools import ToolError
from sim.golden import model
from sim.golden.frames import slot_bytes
from sim.perform import perform
from sim.standin import StandIn


class Golden(Driver):
    """The driver, with the golden model as its core and no frames between them: for many inputs.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = json.loads(program.text())
        self.core = self.program["core"]
        self.a, self.c = Codes(self.core["a"]), Codes(self.core["c"])
        self._model, self._source = model(program.spec), program
        self._layers: Iterator[Placed] = iter(())

    def run(self, x: Array) -> Array:
        """What the program makes of an input."""
        self._layers = iter(self._source.layers)
        return np.asarray(super().run(x))

    def product(self, x: Array, step: dict[str, Any]) -> Array:
        """The product of a layer, at once."""
        self._placed = next(self._layers)
        return np.asarray(super().product(x, step))

    def codes(self, step: dict[str, Any], run: dict[str, Any], a: Array) -> Array:
        """The slots of C."""
        layer = self._placed
        at = (run["group"], slice(*run["n"]))
        b = layer.weights[run["group"], slice(*run["k"]), slice(*run["n"])]
        given = {} if layer.parameters is None else {name: of[at] for name, of in layer.parameters.codes.items()}
        relu = layer.layer.behind is not None and layer.layer.behind.relu
        c, _ = self._model.run(a, b, relu=relu, **given)
        return slots(c, self._source.spec)


def slots(codes: Array, spec: GemmSpec) -> Array:
    """Codes in their slots, of shape (m, n, bytes), the sign of numbers extended."""
    size, width = slot_bytes(spec.result), spec.result.width
    words = codes.astype(object) if width > 64 else codes.astype(np.uint64)
    if spec.signed:
        extension = (1 << 8 * size) - (1 << width)
        words = np.where(
            words >> (width - 1) & 1, words | extension if width > 64 else words | np.uint64(extension), words
        )
    return np.stack([(words >> (8 * place) & 255).astype(np.uint8) for place in range(size)], axis=-1)


def by_frames(program: Program, inputs: Array) -> tuple[Array, StandIn]:
    """What the driver has a core in software make of inputs, and that core, which knows its runs.

    Parameters
    ----------
    program : Program
    inputs : array of shape (cases, *shape)
    """
    core = StandIn(program.spec)
    with tempfile.TemporaryDirectory() as folder:
        for path, text in driver_files(program, Path(folder)).items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        driver = Driver(core, folder)
        driver.check()
        return np.stack([driver.run(x) for x in inputs]), core


def driver_files(program: Program, folder: Path) -> dict[Path, str | bytes]:
    """What a driver reads."""
    return {folder / "program.json": program.text(), folder / "weights" / "frames.bin": program.frames[0]}


def simulate(program: Program, inputs: Array, target: hw.Target) -> tuple[Array, int]:
    """Have the core's Verilog make what the driver has it make, in simulation, and compare every code and cycle.

    Parameters
    ----------
    program : Program
    inputs : array of shape (cases, *shape)
    target : Target
        What the core is built for.

    Returns
    -------
    What the network makes of the inputs, and the cycles of all runs.

    Raises
    ------
    ToolError
        A tool is missing or failed, or the core differs from its golden model or from the program's cycles.
    """
    outputs, core = by_frames(program, inputs)
    golden = Golden(program)
    if not np.array_equal(outputs, np.stack([golden.run(x) for x in inputs])):
        raise ToolError(f"frames of {program.spec} differ from the golden model's products")
    say(f"simulating {len(core.done)} runs on {program.spec}")
    cycles = sum(outcome.cycles for outcome in perform(program.spec, core.jobs(), target))
    if cycles != program.cycles * len(inputs):
        raise ToolError(f"{len(inputs)} inputs took {cycles} cycles, where the program says {program.cycles} each")
    return outputs, cycles
