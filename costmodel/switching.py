"""What switches on an FPGA, of the netlist that synthesis mapped: to compare units of one family, never watts.

A model, not a measurement. What counts are the nets that mapped cells drive, not the gates that a cell is described
by: on an FPGA a net's wire and the inputs that it reaches take most of the energy, and these grow with how many inputs
there are. So a change of a net counts `DRIVER`, for the output that drives it, and `INPUT` for each cell's input that
it reaches by routing. A dedicated wire, from a carry chain's cell to the next, reaches its one input without routing,
and counts for the output alone; what nothing reads does not count. Fan-out is what models of FPGA power know of a
net's capacitance before placement (J. Anderson, F. Najm, "Power estimation techniques for FPGAs", IEEE TVLSI 12(10),
2004: the abstract); that it grows linearly, and that both weights are 1, is our choice.

There is no delay, so glitches are not seen, and no clock network. Block RAMs and multiplier blocks count by what they
drive, not by what is in them: a unit with blocks looks better than it is.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import hw
from costmodel.drive import run
from costmodel.energy import CODE
from costmodel.levels import CARRIES_IN
from costmodel.measure import PARTS, Design
from costmodel.netlists import known, mapped, models_of
from costmodel.operations import operations, parts
from costmodel.streams import Stream, parse_stream
from costmodel.synthesis import read
from costmodel.targets import CLASSES, Flow, load
from hw.formats.messages import echo
from rtl_gen import emit, yosys
from rtl_gen.files import code_digest
from rtl_gen.scratch import scratch
from rtl_gen.tools import package_version
from sim.netlist import reading

REFERENCE = "mac/int8xint8"
"""What all are set beside, on the same target."""
DRIVER, INPUT = 1.0, 1.0
"""What a change of a net counts for its driver, and for each input that it reaches."""
CARRIES_OUT = {"COUT", "CO", "CO1", "CO2"}
"""The outputs from which a carry goes on."""
TO_GATES = (
    *("proc", "flatten", "opt_expr", "memory_map", "opt_expr", "simplemap", "techmap", "opt_expr -mux_undef"),
    *("opt_dff -simple-dffe", "setattr -unset init w:*", "dfflegalize -cell $_DFF_P_ x", "opt_expr", "opt_clean"),
    "setundef -undriven -zero",
)


@dataclass(frozen=True)
class Toggles:
    """What switches in a cycle.

    Attributes
    ----------
    weighted : float
        Changes of nets that mapped cells drive, each with its weight.
    nets : dict of str to float
        Changes without weights, by what drives the net: a key of `costmodel.targets.CLASSES`, or ``other``.
    operation : str
        What the unit does: ``products`` or ``results``.
    operations : float
        How many in a cycle.
    """

    weighted: float
    nets: dict[str, float]
    operation: str
    operations: float


@dataclass(frozen=True)
class Relative:
    """What an operation of a unit switches, beside a product of `REFERENCE` on the same target, with the same data.

    Attributes
    ----------
    spec, target, stream : str
        What was looked at, and its operands.
    ratio : float
        Weighted changes for an operation to those for a product of the reference.
    operation, operations, nets, weighted
        As in `Toggles`.
    reference : float
        Weighted changes of the reference in a cycle, which makes one product.
    parts : dict of str to float
        As in `costmodel.energy.Switching`: what of `weighted` is whose; empty where the unit was driven as a whole.
    """

    spec: str
    target: str
    stream: str
    ratio: float
    operation: str
    operations: float
    weighted: float
    nets: dict[str, float]
    reference: float
    parts: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def relative_energy(spec: hw.Spec, target: hw.Target, stream: str | Path | Stream = "normal") -> Relative:
    """Compare what a unit switches on an FPGA with an INT8 multiply-accumulate.

    Parameters
    ----------
    spec : Spec
        The design, of any unit.
    target : Target
        One that has a data file in ``costmodel/targets``.
    stream : str or Path or Stream
        The operands, as `parse_stream` takes them. Where they are recorded, the reference gets normal ones.

    Raises
    ------
    TypeError
        An argument is of a wrong type.
    ValueError
        The target can't be measured; no such stream, or it has not what the unit takes; the unit is too big.
    OSError
        There is no such file.
    ToolError
        Yosys is missing or failed.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    load(target.name)
    source = parse_stream(stream)
    made = parts(spec, target)
    found = [(part.name, part.share, toggles(part.spec, target, part.stream(source))) for part in made]
    found = found or [("", 1.0, toggles(spec, target, source))]
    main = found[0][2]
    weighted = {name: share * seen.weighted for name, share, seen in found}
    nets: Counter[str] = Counter()
    for _, share, seen in found:
        nets.update({kind: share * rate for kind, rate in seen.nets.items()})
    reference = _reference(target, "normal" if source.recorded else source.name)
    total = sum(weighted.values())
    return Relative(
        spec=spec.name,
        target=target.name,
        stream=source.name,
        ratio=total / main.operations / reference,
        operation=main.operation,
        operations=main.operations,
        weighted=total,
        nets=dict(nets),
        reference=reference,
        parts=weighted if made else {},
    )


def relative_key(spec: hw.Spec, target: hw.Target, stream: str | Path | Stream = "normal") -> str:
    """A hash of all that a comparison depends on; errors as of `relative_energy`."""
    designs = [emit(one, target).digest for one in (spec, hw.parse(REFERENCE))]
    code = code_digest(__name__, "costmodel.netlists", *CODE, *PARTS, "sim.golden", "hw.formats")
    versions = [f"{name} {package_version(name)}" for name in ("pyosys", "numpy")]
    parts = [*designs, load(target.name).text, parse_stream(stream).key, code, *versions]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@lru_cache
def _reference(target: hw.Target, stream: str) -> float:
    """Weighted changes of the reference in a cycle."""
    return toggles(hw.parse(REFERENCE), target, parse_stream(stream)).weighted


def toggles(spec: hw.Spec, target: hw.Target, stream: Stream) -> Toggles:
    """What of a unit switches that can be driven itself; errors as of `relative_energy`."""
    netlist, flow = mapped_netlist(spec, target), load(target.name)
    gates = in_gates(netlist, target)
    seen = run(spec, gates, stream)
    nets, weighted = defaultdict[str, float](float), 0.0
    drivers = {
        cell["connections"][pin][0]: name
        for name, cell in gates["cells"].items()
        for pin in ("Y", "Q")
        if pin in cell["connections"]
    }
    for bit, net in nets_of(netlist, flow).items():
        (now,) = gates["netnames"][MARK.format(bit)]["bits"]
        rate = seen.rates.get(drivers.get(now, ""), 0.0)
        nets[net.kind] += rate
        weighted += rate * net.weight
    return Toggles(weighted, dict(nets), *operations(spec, seen))


MARK = "mapped_{}"
"""The name by which a net of the mapped netlist is found again among the gates."""


@dataclass(frozen=True)
class Net:
    """A net that a mapped cell drives, by the kind of that cell, and what a change of it counts."""

    kind: str
    weight: float


def nets_of(mapped: Mapping[str, Any], flow: Flow) -> dict[int, Net]:
    """The nets that mapped cells drive and something reads, by their bits."""
    kinds = {cell: kind for kind in reversed(CLASSES) for cell in flow.cells[kind]}
    carries = flow.cells["carry"]
    fanout, chain, drivers = Counter[int](), set[int](), dict[int, str]()
    for cell in mapped["cells"].values():
        in_chain = cell["type"] in carries
        for port, bits in cell["connections"].items():
            wires = [bit for bit in bits if isinstance(bit, int)]
            if cell["port_directions"][port] == "output":
                carried = in_chain and port in CARRIES_OUT
                drivers |= dict.fromkeys(wires, "carry" if carried else kinds.get(cell["type"], "other"))
            elif in_chain and port in CARRIES_IN:
                chain.update(wires)
            else:
                fanout.update(wires)
    outside = (bit for port in mapped["ports"].values() if port["direction"] == "output" for bit in port["bits"])
    fanout.update(bit for bit in outside if isinstance(bit, int))
    read = chain.union(fanout)
    return {bit: Net(kind, DRIVER + INPUT * fanout[bit]) for bit, kind in drivers.items() if bit in read}


def mapped_netlist(spec: hw.Spec, target: hw.Target) -> dict[str, Any]:
    """What synthesis makes of a unit, alone, by the flow with the fewest LUTs."""
    return mapped(Design.of(spec, emit(spec, target), timed=False), load(target.name)).module


def in_gates(mapped: Mapping[str, Any], target: hw.Target) -> dict[str, Any]:
    """The same in gates that `sim.activity` can run, by the family's models; each net is still there by its `MARK`."""
    theirs, own = models_of(target)
    marks = {
        MARK.format(bit): {"hide_name": 0, "bits": [bit], "attributes": {"keep": "1"}}
        for bit in nets_of(mapped, load(target.name))
    }
    cells, names = known(mapped["cells"], own), {**mapped["netnames"], **marks}
    netlist = {**mapped, "attributes": {}, "cells": cells, "netnames": names}
    with scratch() as folder:
        (folder / "mapped.json").write_text(json.dumps({"modules": {"top": netlist}}))
        made = ["hierarchy -top top", *TO_GATES, "write_json -noscopeinfo gates.json"]
        yosys.run(["read_json mapped.json", *reading([*theirs, *own]), *made], folder)
        return read(folder / "gates.json")["modules"]["top"]
