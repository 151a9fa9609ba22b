"""A model becomes a program: formats, a core, and what each of core and host does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from costmodel.devices import Device
from costmodel.measure import Keep, unkept
from dse.compiling.calibrating import calibrated, cases_of, check_calibration, parse_formats
from dse.compiling.cores import Chosen, checked, choose, formats_for
from dse.compiling.driver import Driver
from dse.compiling.lowering import Layer, NotOnCore, lowered
from dse.compiling.program import Placed, Program
from dse.compiling.reading import read
from dse.compiling.steps import Array, Network, Step
from hw.formats import check_choice
from hw.specs.gemm import GemmSpec
from rtl_gen.steps import say

REQUANTISE = ("auto", "core", "host")


@dataclass(frozen=True, eq=False)
class Compiled:
    """What became of a model.

    Attributes
    ----------
    program : Program
    device : Device
    mhz, lut : float or None
        Estimated for the core; None for one that was given.
    why : str
        Why the host scales what the core sums up; empty if the core does it, or the host was asked for.
    """

    program: Program
    device: Device
    mhz: float | None
    lut: float | None
    why: str


def compile_model(
    path: Path | str,
    device: Device,
    formats: str | None = None,
    data: Array | None = None,
    core: GemmSpec | None = None,
    requantise: str = "auto",
    batch: int = 1,
    keep: Keep = unkept,
) -> Compiled:
    """A program for a core on a device.

    Parameters
    ----------
    path : path or str
        An ONNX file.
    device : Device
    formats : str, optional
        Of operands that have none in the file: ``int8xint8``.
    data : array of shape (cases, ...), optional
        Inputs that scales of these are chosen on.
    core : GemmSpec, optional
        By default the fastest that fits the device.
    requantise : str
        Where what follows a product up to a quantiser is done: ``core``, ``host``, or ``auto``: on the core if it can.
    batch : int
        Inputs at a time, where the file leaves that open.
    keep : Keep
        Keeps what was counted.

    Raises
    ------
    OSError, ToolError
        The file can't be read, or a package is missing.
    TypeError, ValueError
        It can't be compiled; the message says why.
    """
    check_choice("requantise", requantise, REQUANTISE)
    network = read(path, batch)
    pair = None if formats is None else parse_formats(formats)
    cases = None if data is None else cases_of(network, data)
    check_calibration(network, formats, cases)
    network, steps, why = _lowered(network, pair, cases, requantise)
    layers = [step for step in steps if isinstance(step, Layer)]
    wanted = formats_for(layers)
    if core is not None:
        return Compiled(Program.of(network, checked(core, layers, wanted), steps), device, None, None, why)
    found: Chosen = choose(layers, wanted, device, keep)
    say(f"taking {found.spec}")
    mhz = None if np.isnan(found.mhz) else found.mhz
    return Compiled(Program.of(network, found.spec, steps), device, mhz, found.lut, why)


def _lowered(
    network: Network, pair: object, cases: Array | None, requantise: str
) -> tuple[Network, list[Step], str]:
    """The network with formats, its steps, and why the core does not requantise."""

    def formed(ends: bool) -> Network:
        return network if pair is None or cases is None else calibrated(network, pair, cases, ends)  # type: ignore[arg-type]

    why = ""
    if requantise != "host":
        whole = formed(True)
        try:
            steps = lowered(whole, True)
            formats_for([step for step in steps if isinstance(step, Layer)])
            return whole, steps, ""
        except ValueError as error:
            if requantise == "core" or not isinstance(error, NotOnCore):
                raise ValueError(f"the core must scale what it sums up, but {error}") from error
            why = str(error)
    whole = formed(False)
    return whole, lowered(whole, False), why


class Golden(Driver):
    """The driver, with the golden model as its core and no frames between them: for many inputs.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        import json

        from sim.golden import model

        self.program = json.loads(program.text())
        self.core = self.program["core"]
        from dse.compiling.driver import Codes

        self.a, self.c = Codes(self.core["a"]), Codes(self.core["c"])
        self._model, self._layers = model(program.spec), iter([])
        self._source = program

    def run(self, x: Array) -> Array:
        """What the program makes of an input."""
        self._layers = iter(self._source.layers)
        return np.asarray(super().run(x))

    def product(self, x: Array, step: dict) -> Array:
        """The product of a layer, at once."""
        self._placed: Placed = next(self._layers)
        return np.asarray(super().product(x, step))

    def codes(self, step: dict, run: dict, a: Array) -> Array:
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
    from sim.golden.frames import slot_bytes

    size, width = slot_bytes(spec.result), spec.result.width
    words = codes.astype(object) if width > 64 else codes.astype(np.uint64)
    if spec.signed:
        extension = (1 << 8 * size) - (1 << width)
        words = np.where(words >> (width - 1) & 1, words | extension if width > 64 else words | np.uint64(extension), words)
    return np.stack([(words >> (8 * place) & 255).astype(np.uint8) for place in range(size)], axis=-1)
