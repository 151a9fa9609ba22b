"""A program: a core, its weights as frames, and the steps of core and host in their order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dse.compiling.cores import listed
from dse.compiling.lowering import Layer
from dse.compiling.scaling import Parameters, parameters
from dse.compiling.scheduling import Run, cycles, runs
from dse.compiling.steps import Array, Network, Quantise, Step
from hw.formats import Fixed, Format, Integer
from hw.specs.gemm import GemmSpec
from hw.specs.gemm_registers import gemm_registers
from rtl_gen.tools import package_version
from sim.golden import decode, encode, model
from sim.golden.frames import slot_bytes

VERSION = 1
"""Of program.json, as docs/compile.md describes it."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A layer on the core.

    Attributes
    ----------
    layer : Layer
    weights : codes of shape (groups, K, N)
    parameters : Parameters or None
        None if the host takes the sums.
    runs : list of Run
    cycles : int
    """

    layer: Layer
    weights: Array
    parameters: Parameters | None
    runs: list[Run]
    cycles: int


@dataclass(frozen=True, eq=False)
class Program:
    """What a network is for a core and its host.

    Attributes
    ----------
    network : Network
        As the file has it, or with the formats that were chosen.
    spec : GemmSpec
    steps : list of Step or Placed
    """

    network: Network
    spec: GemmSpec
    steps: list[Step | Placed]

    @classmethod
    def of(cls, network: Network, spec: GemmSpec, steps: Sequence[Step]) -> Program:
        """The program of lowered steps.

        Raises
        ------
        ValueError
            The core's memories, its scales or its biases are too small for a layer.
        """
        for fmt in (spec.a, spec.result):
            listed(fmt)
        return cls(network, spec, [placed(spec, step) if isinstance(step, Layer) else step for step in steps])

    @property
    def layers(self) -> list[Placed]:
        return [step for step in self.steps if isinstance(step, Placed)]

    @property
    def cycles(self) -> int:
        """Of all runs for an input."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def moved(self) -> int:
        """Bytes that pass on the core's streams for an input."""
        spec, places = self.spec, self.frames[1]
        word = -(-spec.rows * spec.a.width // 8)
        weights = sum(size for _, size in places.values())
        runs = [run.sizes for layer in self.layers for run in layer.runs]
        return weights + sum(-(-m // spec.rows) * k * word + m * n * slot_bytes(spec.result) for m, k, n in runs)

    @cached_property
    def frames(self) -> tuple[bytes, dict[tuple[int, int, str], tuple[int, int]]]:
        """All frames of weights and parameters, and where each lies: by layer, run and stream, offset and size."""
        made, places = bytearray(), {}
        packer = model(self.spec).frames
        for number, placed in enumerate(self.layers):
            kept: dict[tuple[Any, ...], tuple[int, int]] = {}
            for place, run in enumerate(placed.runs):
                if run.keep:
                    continue
                key = (run.group, run.k, run.n)
                for stream, frame in _frames(packer, placed, run):
                    if (stream, *key) not in kept:
                        kept[(stream, *key)] = (len(made), len(frame))
                        made += frame
                    places[number, place, stream] = kept[(stream, *key)]
        return bytes(made), places

    def text(self) -> str:
        """program.json."""
        steps, number = [], 0
        for step in self.steps:
            if isinstance(step, Placed):
                steps.append(self._settings(number, step))
                number += 1
            else:
                steps.append(step.settings)
        network = self.network
        said = {
            "program": VERSION,
            "macsmith": package_version("macsmith"),
            "model": {"name": network.name, "sha256": network.source},
            "core": core_settings(self.spec),
            "input": {"name": network.input, "shape": list(network.shape)},
            "output": {"name": network.output, "shape": list(self.shape)},
            "cycles": self.cycles,
            "steps": steps,
        }
        return json.dumps(said, indent=1) + "\n"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output."""
        last = self.steps[-1]
        return (last.layer if isinstance(last, Placed) else last).shape

    def _settings(self, number: int, placed: Placed) -> dict[str, Any]:
        layer, product = placed.layer, placed.layer.product
        behind, places = layer.behind, self.frames[1]
        groups, k, n = product.weights.q.shape
        limits = _limits(self.spec, behind.quantise if behind else None)
        control = 0 if behind is None else _control(self.spec, behind.relu)
        scale, correction = (None, None) if behind else (layer.scales.ravel().tolist(), layer.correction)
        return {
            "kind": "product",
            "name": layer.name,
            "operator": product.operator,
            "shape": list(layer.shape),
            "groups": groups,
            "k": k,
            "n": n,
            "patches": None if product.patches is None else product.patches.settings,
            "zero": layer.a.zero,
            "control": control,
            "scale": scale,
            "correction": None if correction is None else correction.ravel().tolist(),
            "low": None if limits is None else limits[0],
            "high": None if limits is None else limits[1],
            "cycles": placed.cycles,
            "runs": [
                {
                    "group": run.group,
                    **{name: list(getattr(run, name)) for name in "mkn"},
                    "keep": int(run.keep),
                    **{stream: _place(places.get((number, at, stream))) for stream in "bp"},
                }
                for at, run in enumerate(placed.runs)
            ],
        }


def _place(found: tuple[int, int] | None) -> list[int] | None:
    return None if found is None else list(found)


def placed(spec: GemmSpec, layer: Layer) -> Placed:
    """A layer in codes, with its runs."""
    weights = layer.product.weights.q
    scaling = parameters(spec, layer) if layer.behind is not None else None
    if scaling is not None:
        weights = np.where(scaling.dead[:, np.newaxis], 0.0, weights)
    codes = encode(spec.b, weights)
    if not np.array_equal(decode(spec.b, codes), weights):
        raise ValueError(f"{layer.name}: weights must be numbers of {spec.b}, got others")
    groups, k, n = weights.shape
    schedule = runs(spec, groups, layer.product.sizes[0], k, n)
    return Placed(layer, codes, scaling, schedule, cycles(spec, schedule))


def _frames(packer: Any, placed: Placed, run: Run) -> list[tuple[str, bytes]]:
    depth, columns = slice(*run.k), slice(*run.n)
    found = [("b", packer.pack_b(placed.weights[run.group, depth, columns]))]
    if placed.parameters is not None:
        codes = placed.parameters.codes
        found.append(("p", packer.pack_p(**{name: codes[name][run.group, columns] for name in packer.parameters})))
    return found


def _limits(spec: GemmSpec, quantise: Quantise | None) -> tuple[float, float] | None:
    """The ends of a layer's codes where the core's results go beyond."""
    if quantise is None or not isinstance(spec.result, Integer):
        return None
    there = (float(spec.result.span.lo), float(spec.result.span.hi))
    return None if there == (quantise.low, quantise.high) else (quantise.low, quantise.high)


def _control(spec: GemmSpec, relu: bool) -> int:
    register = next(each for each in gemm_registers(spec) if each.name == "CONTROL")
    return register.join(bias=1, relu=int(relu))


def core_settings(spec: GemmSpec) -> dict[str, Any]:
    """What drivers must know of the core."""
    return {
        "spec": spec.name,
        "rows": spec.rows,
        "columns": spec.columns,
        "a": codes_of(spec.a),
        "c": codes_of(spec.result),
        "registers": {
            register.name: {
                "address": register.address,
                "value": register.join(**{part.name: part.value for part in register.parts}),
                "parts": {part.name: part.low for part in register.parts},
            }
            for register in gemm_registers(spec)
        },
    }


def codes_of(fmt: Format) -> dict[str, Any]:
    """A format, as drivers read it."""
    said: dict[str, Any] = {"format": fmt.name, "width": fmt.width, "bytes": slot_bytes(fmt)}
    if not listed(fmt):
        assert isinstance(fmt, (Integer, Fixed))
        return {**said, "signed": fmt.signed, "lsb": fmt.span.lsb}
    values = decode(fmt, np.arange(1 << fmt.width))
    return {**said, "values": [float(value) if np.isfinite(value) else None for value in values]}
