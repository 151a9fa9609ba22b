"""A layer on the encoder itself, in simulation: code for code, and how many cycles each operation takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, TypedDict

import numpy as np

import hw
from costmodel.energy import estimate_energy
from costmodel.estimate import estimate
from dse.encoder.chain import LAST
from dse.encoder.measuring import AnyRecipe, held, layers_of
from dse.encoder.program import Program, program
from dse.encoder.quantise import Recipe
from dse.encoder.units import golden
from dse.essence import digest_of, module_essence
from dse.job import Job
from hw.formats.messages import cut
from hw.specs.encoder import EncoderSpec
from hw.specs.encoder_cycles import program_cycles
from hw.specs.rows import RowSpec
from rtl_gen import emit
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError
from sim.benches.streams import stream_play
from sim.verify import simulate_plays

TOKENS = 16
LIMIT = 1 << 24
"""Cycles by which a layer must be done."""
PARTS = {
    "gemm": ("qkv", "scores", "context", "output", "up", "down"),
    "softmax": ("softmax",),
    "gelu": ("gelu",),
    "norm": ("norm1", "norm2"),
    "before": ("softmax", "gelu", "norm1", "norm2"),
    "after": ("softmax", "gelu", "norm1", "norm2"),
}
"""The units of an encoder, by its spec's attributes, and the operations that use them."""
DEVICE = "ecp5"
SHORT = 64
"""Numbers of a row that a unit's energy is estimated on."""


class RunScore(TypedDict):
    """What came of a layer in simulation.

    Attributes
    ----------
    cycles : dict of str to int
        By operation; in Verilog, or else as the encoder's formula has them.
    words, instructions, products, numbers : dict of str to int
        By operation; products are multiply-accumulates, numbers those that pass a unit that makes none.
    results : int
        Codes that were compared.
    """

    cycles: dict[str, int]
    words: dict[str, int]
    instructions: dict[str, int]
    products: dict[str, int]
    numbers: dict[str, int]
    results: int


class PartScore(TypedDict):
    """What a unit costs: LUTs and FFs as counted, and pJ of an operation, estimated, if that can be."""

    spec: str
    lut: float
    ff: float
    picojoules: float | None
    operation: str


def encoder_of(recipe: AnyRecipe) -> EncoderSpec:
    """The encoder that a recipe's layers run on.

    Raises
    ------
    ValueError
        There is none, for not all tensors are in its codes.
    """
    spec = hw.parse(recipe.spec)
    assert isinstance(spec, EncoderSpec)
    if not isinstance(recipe, Recipe) or recipe.attention or recipe.product:
        raise ValueError(
            f"recipe must be of {spec.code} and {spec.product} products alone for {cut(spec)}, got {recipe}"
        )
    return spec


def written(name: str, recipe: AnyRecipe, number: int, tokens: int) -> tuple[Program, Any]:
    """The program of a layer for a sentence that no scale was chosen on, and the codes that must come of it.

    Raises
    ------
    ValueError
        As `encoder_of`; or there is no sentence of so many tokens, or the program does not fit the encoder.
    """
    spec, layer = encoder_of(recipe), layers_of(name, recipe)[number]
    long = [each["x"] for each in held(name).layers[number] if each["x"].shape[1] >= tokens]
    if not long:
        raise ValueError(f"tokens must be at most those of a sentence, got {tokens}")
    x = layer.written["x"].codes(long[0][:1, :tokens])
    return program(spec, layer.steps, x[0]), layer.run(x)[LAST][0]


def interpreted(made: Program) -> Any:
    """The codes that the golden encoder gives."""
    return made.result(golden(made.spec).run(**made.streams)["y"])


def simulated(made: Program) -> dict[str, int]:
    """The cycles of each operation, in Verilog, where every beat is the golden encoder's.

    Raises
    ------
    ToolError
        A tool is missing or failed, or something came out that should not have.
    """
    play = stream_play(made.spec, "layer", made.streams, LIMIT, duration=None)
    with scratch() as folder:
        results, evidence = simulate_plays(emit(made.spec, hw.GENERIC), [play], folder, hw.GENERIC)
    if results.failures:
        raise ToolError(f"{cut(made.spec)} differs from its golden model: {results.failures[0]}")
    ends = evidence["layer"]["ends"]["y"]
    return dict(zip(made.parts, np.diff(ends, prepend=0).tolist(), strict=True))


def formula(made: Program) -> dict[str, int]:
    """The cycles of each operation as the encoder's formula has them."""
    return {part: program_cycles(made.spec, given.instructions) for part, given in made.parts.items()}


def run_score(name: str, recipe: AnyRecipe, number: int, tokens: int = TOKENS, in_verilog: bool = True) -> RunScore:
    """A layer of so many tokens in Verilog, all heads, compared with the operations' golden models.

    If it is not `in_verilog`, the golden encoder alone does it.

    Raises
    ------
    ToolError
        As `simulated`; or the golden encoder gives other codes than the operations do.
    """
    made, expected = written(name, recipe, number, tokens)
    lanes = made.spec.lanes
    if not np.array_equal(interpreted(made), expected):
        raise ToolError(f"the program for {cut(made.spec)} gives other codes than the layer's operations")
    return {
        "cycles": simulated(made) if in_verilog else formula(made),
        "words": {part: len(given.words) for part, given in made.parts.items()},
        "instructions": {part: len(given.instructions) for part, given in made.parts.items()},
        "products": {part: given.products(lanes) for part, given in made.parts.items()},
        "numbers": {part: given.numbers(lanes) for part, given in made.parts.items()},
        "results": int(expected.size),
    }


def part_score(spec: EncoderSpec, part: str) -> PartScore:
    """What one of an encoder's units costs on a device, counted without a tool."""
    unit = getattr(spec, part)
    counted, (picojoules, operation) = estimate(unit, hw.parse_target(DEVICE)), _energy(unit)
    return {
        "spec": unit.name,
        "lut": counted.lut.value,
        "ff": counted.ff.value,
        "picojoules": picojoules,
        "operation": operation,
    }


def _energy(unit: hw.Spec) -> tuple[float | None, str]:
    """Of an operation, and what that is; None of a unit whose rows take longer than is simulated."""
    short: Any = unit
    if isinstance(unit, RowSpec):
        short = replace(short, row=SHORT)
    try:
        found = estimate_energy(short)
    except ValueError:
        return None, ""
    return found.picojoules, found.operation


def run_job(name: str, recipe: AnyRecipe, number: int) -> Job:
    """The job that runs a layer in Verilog."""
    label = f"layer {number} of {name} in Verilog, {recipe}"
    return Job("encoder run", _key(label), label, partial(run_score, name, recipe, number))


def part_job(spec: EncoderSpec, part: str) -> Job:
    """The job that counts a unit."""
    label = f"{part} of {spec.name}"
    return Job("encoder part", _key(label), label, partial(part_score, spec, part), python=True)


def _key(label: str) -> str:
    return digest_of(label, *map(module_essence, ("hw", "rtl_gen", "sim", "costmodel", "dse.encoder", "dse.workloads")))
