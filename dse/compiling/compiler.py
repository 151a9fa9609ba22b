"""A model becomes a program: formats, a core, and what each of core and host does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import hw
from costmodel.devices import Device
from costmodel.measure import Keep, unkept
from dse.compiling.calibrating import calibrated, cases_of, check_calibration, parse_formats
from dse.compiling.cores import Ahead, Chosen, check_scales, checked, choose, formats_for
from dse.compiling.lowering import Layer, NotOnCore, lowered, unquantised
from dse.compiling.program import Program
from dse.compiling.reading import read
from dse.compiling.steps import Array, Network, Step
from hw.formats import Format, check_choice
from hw.formats.messages import cut, echo
from hw.specs.gemm import WIDE, GemmSpec
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
    ahead: Ahead | None = None,
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
    ahead : callable, optional
        Counts designs side by side, for `keep` to have, as `dse.counting.counted` does; else they are one by one.

    Raises
    ------
    OSError, ToolError
        The file can't be read, or a package is missing.
    TypeError, ValueError
        It can't be compiled; the message says why.
    """
    check_choice("requantise", requantise, REQUANTISE)
    if not isinstance(device, Device):
        raise TypeError(f"device must be a Device, got {echo(device)}; parse_device makes one from its name")
    if core is not None and not isinstance(core, GemmSpec):
        raise TypeError(f"core must be a GemmSpec, got {echo(core)}; parse makes one from its name")
    if core is not None and core.output == WIDE and requantise == "auto":
        requantise = "host"
    network = read(path, batch)
    pair = None if formats is None else parse_formats(formats)
    cases = None if data is None else cases_of(network, data)
    check_calibration(network, formats, cases)
    network, steps, why = _lowered(network, pair, cases, requantise)
    layers = [step for step in steps if isinstance(step, Layer)]
    wanted = formats_for(layers)
    if core is not None:
        return Compiled(Program.of(network, checked(core, layers, wanted), steps), device, None, None, why)
    found: Chosen = choose(layers, wanted, device, keep, ahead)
    say(f"taking {found.spec}")
    mhz = None if np.isnan(found.mhz) else found.mhz
    return Compiled(Program.of(network, found.spec, steps), device, mhz, found.lut, why)


def _lowered(
    network: Network, pair: tuple[Format, Format] | None, cases: Array | None, requantise: str
) -> tuple[Network, list[Step], str]:
    """The network with formats, its steps, and why the core does not requantise."""

    def formed(ends: bool) -> Network:
        missing = unquantised(network)
        return network if pair is None or cases is None or not missing else calibrated(network, pair, cases, ends)

    why = ""
    if requantise != "host":
        whole = formed(True)
        try:
            steps = lowered(whole, True)
            layers = [step for step in steps if isinstance(step, Layer)]
            check_scales(layers, formats_for(layers))
            return whole, steps, ""
        except NotOnCore as error:
            if requantise == "core":
                raise ValueError(f"requantise must be host, for {error}; got core") from error
            why = str(error)
    whole = formed(False)
    return whole, lowered(whole, False), why


def parse_core(name: str | None) -> GemmSpec | None:
    """The core of that name; None if there is none.

    Raises
    ------
    ValueError
        It is no GEMM core.
    """
    if name is None:
        return None
    spec = hw.parse(name)
    if not isinstance(spec, GemmSpec) or spec.unit != "gemm":
        raise ValueError(f"core must be a GEMM core, gemm/..., got {cut(name)}")
    return spec
